"""The controls of the page: city, package and output above, levers on the left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import panel as pn

from zhuanxing.app.state import State, from_yaml
from zhuanxing.app.words import say
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.glossary import read_glossary
from zhuanxing.results.words import Language

if TYPE_CHECKING:
    from zhuanxing.app.page import Session

__all__ = ["Controls"]

FILES = {"table": "xlsx", "report": "docx", "picture": "png", "vector": "svg", "yaml": "yaml"}
STEP = 0.05


class Controls:
    """Widgets, and the states that moving them asks for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._quiet = False
        self._sliders: dict[str, Any] = {}
        self._groups: dict[str, Any] = {}
        self.header = self._header()
        self.levers = self._levers()

    def follow(self, state: State) -> None:
        """Set the widgets to a state without asking for it again."""
        self._quiet = True
        try:
            self._city.value, self._scenario.value = state.city, state.scenario
            self._output.value, self._scale.value = state.output, state.scale
            self._fill(state)
        finally:
            self._quiet = False

    # -- above ---------------------------------------------------------------------------------

    def _header(self) -> Any:
        session, language = self._session, self._session.language
        names, state = session.engine.model.names, session.state
        self._city = pn.widgets.Select(
            name=say("city", language), value=state.city, width=130,
            options={row[f"name_{language}"]: city for city, row in names.cities.items()},
        )  # fmt: skip
        labels = {
            scenario.labels[f"name_{language}"]: name
            for name, scenario in session.engine.scenarios.items()
        }
        self._scenario = pn.widgets.Select(
            name=say("scenario", language), value=state.scenario, options=labels, width=150
        )
        plain = session.engine.plain
        outputs = {getattr(plain[n], f"name_{language}"): n for n in session.settings.outputs}
        self._output = pn.widgets.Select(
            name=say("output", language), value=state.output, options=outputs, width=220
        )
        self._city.param.watch(lambda event: self._move(city=event.new, levers={}), "value")
        self._scenario.param.watch(lambda event: self._move(scenario=event.new, levers={}), "value")
        self._output.param.watch(lambda event: self._move(output=event.new), "value")
        return pn.FlexBox(
            self._city, self._scenario, self._output, *self._buttons(), self._language(),
            align_items="end", gap="8px", sizing_mode="stretch_width",
        )  # fmt: skip

    def _buttons(self) -> list[Any]:
        session, language = self._session, self._session.language
        found = []
        for key, act in (("undo", session.undo), ("redo", session.redo), ("reset", self._reset)):
            button = pn.widgets.Button(name=say(key, language), width=76, height=36)
            button.on_click(_ignoring_event(act))
            found.append(button)
        return found

    def _language(self) -> Any:
        session = self._session
        other: Language = "en" if session.language == "zh" else "zh"
        button = pn.widgets.Button(name={"en": "English", "zh": "中文"}[other], width=76, height=36)
        button.on_click(lambda event: session.speak(other))
        return button

    def _reset(self) -> None:
        session = self._session
        session.move(replace(session.state, levers={}, scale=1.0))
        self.follow(session.state)

    def _move(self, **changes: Any) -> None:
        session = self._session
        if self._quiet:
            return
        session.move(replace(session.state, **changes))
        if "levers" in changes:
            self.follow(session.state)

    # -- on the left ---------------------------------------------------------------------------

    def _levers(self) -> Any:
        session, language = self._session, self._session.language
        self._scale = pn.widgets.FloatSlider(
            name=say("scale", language), start=0.0, end=1.0, step=STEP, value=session.state.scale,
            sizing_mode="stretch_width",
        )  # fmt: skip
        self._scale.param.watch(lambda event: self._move(scale=event.new), "value")
        cards = [self._card(group) for group in session.engine.model.names.lever_groups]
        note = pn.pane.HTML(f"<small>{say('levers_note', language)}</small>")
        return pn.Column(note, self._scale, *cards, *self._files(), sizing_mode="stretch_width")

    def _card(self, group: str) -> Any:
        """Return a group of levers, whose sliders are made when it is first opened."""
        session = self._session
        names = session.engine.model.names
        glossary = read_glossary(session.engine.model.places.model)
        levers = [lever for lever, row in names.levers.items() if row["group"] == group]
        title = glossary.chinese(group) if session.language == "zh" else group.replace("_", " ")
        card = pn.Card(
            title=f"{title} ({len(levers)})", collapsed=True, sizing_mode="stretch_width",
            css_classes=[f"group-{group}"],
        )  # fmt: skip

        def opened(event: Any) -> None:
            if not card.objects:
                card.objects = [self._slider(lever) for lever in levers]

        card.param.watch(opened, "collapsed")
        self._groups[group] = card
        if any(lever in session.state.levers for lever in levers):
            opened(None)
            card.collapsed = False
        return card

    def _slider(self, lever: str) -> Any:
        session = self._session
        names = session.engine.model.names
        row = names.levers[lever]
        acts = names.targets[
            list(names.cities).index(session.state.city), list(names.levers).index(lever)
        ]
        slider = pn.widgets.FloatSlider(
            name=row[f"name_{session.language}"], start=0.0, end=1.0, step=STEP,
            value=self._strength(session.state, lever), disabled=not acts,
            sizing_mode="stretch_width", css_classes=[f"lever-{lever}"],
        )  # fmt: skip
        slider.param.watch(lambda event: self._moved(lever, event.new), "value")
        self._sliders[lever] = slider
        if acts:
            return slider
        cities = [names.cities[c][f"name_{session.language}"] for c in _targets(names, lever)]
        reason = say("only_in", session.language, cities="、".join(cities))
        return pn.Column(
            slider, pn.pane.HTML(f"<small style='color:#777'>{reason}</small>"),
            sizing_mode="stretch_width",
        )  # fmt: skip

    def _moved(self, lever: str, strength: float) -> None:
        state = self._session.state
        levers = {**state.levers, lever: round(float(strength), 3)}
        if abs(strength - self._strength(replace(state, levers={}), lever)) < 1e-9:
            levers.pop(lever)
        self._move_levers(levers)

    def _move_levers(self, levers: Mapping[str, float]) -> None:
        if not self._quiet:
            self._session.move(replace(self._session.state, levers=dict(levers)))

    def _fill(self, state: State) -> None:
        for group, card in self._groups.items():
            if card.objects:
                levers = self._session.engine.model.names.levers.items()
                card.objects = [self._slider(n) for n, row in levers if row["group"] == group]

    def _strength(self, state: State, lever: str) -> float:
        if lever in state.levers:
            return state.levers[lever]
        scenario = self._session.engine.scenarios[state.scenario]
        place = scenario.cities.index(state.city), scenario.levers.index(lever)
        return round(float(scenario.intensity[place]) * state.scale, 3)

    # -- files ---------------------------------------------------------------------------------

    def _files(self) -> list[Any]:
        session, language = self._session, self._session.language
        found: list[Any] = [pn.pane.HTML(f"<b>{say('save', language)}</b>")]
        words = {"table": "save_table", "report": "save_report", "picture": "save_picture",
                 "vector": "save_picture", "yaml": "save_yaml"}  # fmt: skip
        for kind, ending in FILES.items():
            found.append(
                pn.widgets.FileDownload(
                    callback=lambda kind=kind: session.download(kind),
                    filename=f"zhuanxing_{session.state.city}.{ending}", button_type="default",
                    label=f"{say(words[kind], language)} .{ending}", embed=False, auto=True,
                    css_classes=[f"save-{kind}"], sizing_mode="stretch_width",
                )
            )  # fmt: skip
        upload = pn.widgets.FileInput(accept=".yaml,.yml", multiple=False)
        upload.param.watch(self._uploaded, "value")
        found += [pn.pane.HTML(f"<b>{say('upload', language)}</b>"), upload]
        found.append(pn.pane.HTML(f"<small>{say('share', language)}</small>"))
        return found

    def _uploaded(self, event: Any) -> None:
        session = self._session
        try:
            text = bytes(event.new or b"").decode("utf-8")
            state = from_yaml(text, session.state, session.engine.model.names)
        except (ZhuanxingError, UnicodeDecodeError) as error:
            session.tell(str(error))
            return
        session.move(state)
        self.follow(state)


def _ignoring_event(act: Callable[[], None]) -> Callable[[Any], None]:
    return lambda event: act()


def _targets(names: Any, lever: str) -> list[str]:
    column = list(names.levers).index(lever)
    return [city for city, acts in zip(names.cities, names.targets[:, column], strict=True) if acts]
