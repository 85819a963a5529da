"""The controls above the page: city, package, output, undo, language, and packages put aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import panel as pn

from zhuanxing.app.figures import KEPT
from zhuanxing.app.levers import Levers
from zhuanxing.app.state import State
from zhuanxing.app.words import say
from zhuanxing.results.words import LANGUAGES, Language

if TYPE_CHECKING:
    from zhuanxing.app.page import Session

__all__ = ["Controls"]

BUTTON = {"width": 74, "height": 34, "margin": (0, 4, 0, 0)}


class Controls:
    """Widgets, and the states that moving them asks for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._quiet = False
        self.levers = Levers(session)
        self._city, self._scenario, self._output = self._choices()
        self._kept = pn.FlexBox(gap="6px", sizing_mode="stretch_width", margin=0)
        self.header = pn.FlexBox(
            self._city, self._scenario, self._output, *self._buttons(),
            align_items="end", gap="8px", sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    @property
    def kept(self) -> Any:
        """The packages that were put aside, a button each."""
        return self._kept

    def follow(self, state: State) -> None:
        """Set the widgets to a state without asking for it again."""
        self._quiet = True
        try:
            self._city.value, self._scenario.value = state.city, state.scenario
            self._output.value = state.output
            self.levers.follow(state)
        finally:
            self._quiet = False

    def show_kept(self) -> None:
        """Show a button for every package that was put aside."""
        self._kept.objects = [self._chip(*pair) for pair in enumerate(self._session.kept)]

    def _choices(self) -> tuple[Any, Any, Any]:
        session, language = self._session, self._session.language
        names, state, engine = session.engine.model.names, session.state, session.engine
        options = (
            ("city", 124, {row[f"name_{language}"]: city for city, row in names.cities.items()}),
            ("scenario", 176, {
                labels[LANGUAGES.index(language)] or name: name
                for name, labels in names.of("scenario").spellings.items()
            }),
            ("output", 210, {engine.plain[n].label(language): n for n in session.settings.outputs}),
        )  # fmt: skip
        found = []
        for key, width, choices in options:
            select = pn.widgets.Select(
                name=say(key, language), value=getattr(state, key), options=choices, width=width,
                margin=(0, 4, 0, 0),
            )  # fmt: skip
            fresh: dict[str, Any] = (
                {} if key == "output" else {"levers": {}, "groups": {}, "starts": {}}
            )
            select.param.watch(
                lambda event, key=key, fresh=fresh: self._move(**{key: event.new}, **fresh), "value"
            )
            found.append(select)
        return found[0], found[1], found[2]

    def _buttons(self) -> list[Any]:
        session, language = self._session, self._session.language
        other: Language = "en" if language == "zh" else "zh"
        acts: dict[str, Callable[[], None]] = {
            say("undo", language): session.undo,
            say("redo", language): session.redo,
            say("reset", language): self._reset,
            say("keep", language): session.keep,
            {"en": "English", "zh": "中文"}[other]: lambda: session.speak(other),
        }
        found = []
        for name, act in acts.items():
            button = pn.widgets.Button(name=name, **BUTTON)
            button.on_click(_ignoring_event(act))
            found.append(button)
        return found

    def _chip(self, place: int, state: State) -> Any:
        session = self._session
        label = f"{list(KEPT)[place]} · {session.title(state)}"
        chip = pn.widgets.Button(
            name=label, button_style="outline", height=30, margin=(2, 4, 2, 0),
            css_classes=[f"kept-{place}"],
        )  # fmt: skip
        chip.on_click(_ignoring_event(lambda: session.take(state)))
        return chip

    def _reset(self) -> None:
        self._session.take(
            replace(self._session.state, levers={}, groups={}, starts={}, scale=1.0, budget=1.0)
        )

    def _move(self, **changes: Any) -> None:
        session = self._session
        if self._quiet:
            return
        session.move(replace(session.state, **changes))
        if "levers" in changes:
            self.follow(session.state)


def _ignoring_event(act: Callable[[], None]) -> Callable[[Any], None]:
    return lambda event: act()
