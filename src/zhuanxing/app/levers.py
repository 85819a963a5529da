"""The levers on the left: the whole package, the money, groups, and single levers in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.models import CustomJSTickFormatter

from zhuanxing.analyses.rank import COST
from zhuanxing.app.state import FULL, NONE, PACKAGE, State
from zhuanxing.app.words import say
from zhuanxing.results.glossary import read_glossary
from zhuanxing.results.labels import element_names
from zhuanxing.results.numerals import number

if TYPE_CHECKING:
    from zhuanxing.app.page import Session

__all__ = ["Levers"]

STEP = 0.05
# Marks on a slider where the package's file has the lever.
TICK = """.noUi-base::before { content: ""; position: absolute; left: %s%%; top: -5px; height: 16px;
width: 2px; background: #d55e00; z-index: 1; }"""
WIDE = {"sizing_mode": "stretch_width"}


class Levers:
    """Sliders, and the states that moving them asks for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._language = session.language
        self._quiet = False
        self._names = session.engine.model.names
        self._payers = element_names(session.engine.model.places.model / "data")
        state = session.state
        self._shares = {key: self._share(key, getattr(state, key)) for key in ("scale", "budget")}
        self._sliders = {group: self._group(group) for group in self._names.lever_groups}
        self._opened = {group: pn.Column(**WIDE, margin=(0, 0, 0, 12)) for group in self._sliders}
        self._found = pn.Column(**WIDE)
        self._sought = ""
        # The last two of a lever: it may stand in its group and be sought besides.
        self._notes: dict[str, list[Any]] = {}
        rows = [self._row(group) for group in self._sliders]
        self.layout = pn.Column(
            pn.pane.HTML(f"<small>{say('levers_note', self._language)}</small>"),
            *self._shares.values(), self._search(), self._found, *rows, **WIDE,
        )  # fmt: skip

    def follow(self, state: State) -> None:
        """Set the sliders to a state without asking for it again."""
        self._quiet = True
        try:
            for key, slider in self._shares.items():
                slider.value = getattr(state, key)
            for group, slider in self._sliders.items():
                slider.value = state.groups.get(group, PACKAGE)
            for group, column in self._opened.items():
                if column.objects:
                    column.objects = self._of_group(group)
            self._show_sought()
        finally:
            self._quiet = False

    # -- the whole, and groups -----------------------------------------------------------------

    def _share(self, key: str, value: float) -> Any:
        slider = pn.widgets.FloatSlider(
            name=say(key, self._language), start=0.0, end=1.0, step=STEP, value=value,
            css_classes=[f"share-{key}"], format="0%", **WIDE,
        )  # fmt: skip
        slider.param.watch(lambda event: self._move(**{key: float(event.new)}), "value")
        return slider

    def _group(self, group: str) -> Any:
        glossary = read_glossary(self._session.engine.model.places.model)
        english = group.replace("_", " ").capitalize()
        title = glossary.chinese(group) if self._language == "zh" else english
        words = [say(key, self._language) for key in ("as_package", "towards_full")]
        code = (
            f"if (tick == 1) return '{words[0]}'; if (tick < 1) return Math.round(100 * tick) + '%'"
            f"; return '+' + Math.round(100 * (tick - 1)) + '% {words[1]}'"
        )
        slider = pn.widgets.FloatSlider(
            name=title, start=NONE, end=FULL, step=STEP,
            value=self._session.state.groups.get(group, PACKAGE),
            format=CustomJSTickFormatter(code=code), stylesheets=[TICK % 50],
            css_classes=[f"group-{group}"], **WIDE,
        )  # fmt: skip
        slider.param.watch(lambda event: self._moved_group(group, event.new), "value")
        return slider

    def _row(self, group: str) -> Any:
        """Return a group's slider with a button that opens its levers, made when first opened."""
        count = sum(row["group"] == group for row in self._names.levers.values())
        toggle = pn.widgets.Toggle(
            name=f"{count} ▾", width=48, height=32, align="center", css_classes=[f"open-{group}"]
        )
        column = self._opened[group]

        def opened(event: Any) -> None:
            column.objects = self._of_group(group) if event.new else []

        toggle.param.watch(opened, "value")
        if any(self._names.levers[n]["group"] == group for n in self._session.state.levers):
            toggle.value = True
        return pn.Column(pn.Row(self._sliders[group], toggle, **WIDE), column, **WIDE)

    def _moved_group(self, group: str, strength: float) -> None:
        state = self._session.state
        groups = {**state.groups, group: round(float(strength), 3)}
        if abs(strength - PACKAGE) < 1e-9:
            groups.pop(group)
        own = {n: s for n, s in state.levers.items() if self._names.levers[n]["group"] != group}
        self._move(groups=groups, levers=own)
        if self._opened[group].objects:
            self._opened[group].objects = self._of_group(group)

    # -- single levers -------------------------------------------------------------------------

    def _of_group(self, group: str) -> list[Any]:
        levers = self._names.levers.items()
        return [self._lever(lever) for lever, row in levers if row["group"] == group]

    def _lever(self, lever: str) -> Any:
        engine, state, row = self._session.engine, self._session.state, self._names.levers[lever]
        acts = lever in engine.acting(state.city)
        plain = replace(state, levers={}, groups={}, scale=1.0)
        slider = pn.widgets.FloatSlider(
            name=row[f"name_{self._language}"], start=0.0, end=1.0, step=STEP, format="0%",
            value=engine.strength(state, lever), disabled=not acts,
            stylesheets=[TICK % (100 * engine.strength(plain, lever))],
            css_classes=[f"lever-{lever}"], **WIDE,
        )  # fmt: skip
        slider.param.watch(lambda event: self._moved(lever, event.new), "value")
        note = _note(self._about(lever, acts))
        if not acts:
            return pn.Column(slider, note, **WIDE)
        self._notes[lever] = [*self._notes.get(lever, [])[-1:], note]
        return pn.Column(slider, pn.Row(self._start(lever), note, **WIDE), **WIDE)

    def _start(self, lever: str) -> Any:
        """Return the choice of the year in which a lever starts."""
        engine, state = self._session.engine, self._session.state
        own = engine.start(state, lever)
        select = pn.widgets.Select(
            name=say("start", self._language), value=int(state.starts.get(lever, own)),
            options=sorted({own, int(state.starts.get(lever, own)), *range(own, engine.years[-1])}),
            width=84, margin=(0, 4, 8, 10), css_classes=[f"start-{lever}"],
        )  # fmt: skip
        select.param.watch(lambda event: self._moved_start(lever, int(event.new)), "value")
        return select

    def show_costs(self) -> None:
        """Say under each lever what the package spends on it, now that it has been run."""
        for lever, notes in self._notes.items():
            for note in notes:
                note.object = _small(self._about(lever, True))

    def _about(self, lever: str, acts: bool) -> str:
        """Return who pays for a lever, or why it cannot be moved here."""
        side, parts = (0, "、") if self._language == "zh" else (1, ", ")
        if acts:
            payers = self._names.levers[lever].get("paid_by", "").split(";")
            names = parts.join(self._payers[n][side] for n in payers if n in self._payers)
            paid = say("paid_by", self._language, payers=names) if names else ""
            return ("；" if side == 0 else "; ").join(filter(None, (paid, self._spent(lever))))
        column = list(self._names.levers).index(lever)
        cities = [
            row[f"name_{self._language}"]
            for row, there in zip(
                self._names.cities.values(), self._names.targets[:, column], strict=True
            )
            if there
        ]
        return say("only_in", self._language, cities=parts.join(cities))

    def _spent(self, lever: str) -> str:
        """Return what the package spends on a lever, once that is known."""
        moment = self._session.drawn
        if moment is None:
            return ""
        spent = moment.mine[COST].sel(city=moment.state.city, lever=lever)
        year, cost = int(spent["year"].values[-1]), float(spent.sum())
        return say("spent", self._language, year=year, cost=number(cost)) if cost else ""

    def _moved_start(self, lever: str, year: int) -> None:
        state = self._session.state
        starts = {**state.starts, lever: float(year)}
        if year == self._session.engine.start(state, lever):
            starts.pop(lever)
        self._move(starts=starts)

    def _moved(self, lever: str, strength: float) -> None:
        state = self._session.state
        levers = {**state.levers, lever: round(float(strength), 3)}
        without = replace(state, levers={n: s for n, s in levers.items() if n != lever})
        if abs(strength - self._session.engine.strength(without, lever)) < 1e-9:
            levers.pop(lever)
        self._move(levers=levers)

    def _move(self, **changes: Any) -> None:
        if not self._quiet:
            self._session.move(replace(self._session.state, **changes))

    def _search(self) -> Any:
        options = {row[f"name_{self._language}"]: n for n, row in self._names.levers.items()}
        search = pn.widgets.AutocompleteInput(
            placeholder=say("search", self._language), options=list(options), restrict=True,
            case_sensitive=False, search_strategy="includes", min_characters=1,
            css_classes=["search"], **WIDE,
        )  # fmt: skip

        def chosen(event: Any) -> None:
            self._sought = options.get(event.new, "")
            self._show_sought()

        search.param.watch(chosen, "value")
        return search

    def _show_sought(self) -> None:
        self._found.objects = [self._lever(self._sought)] if self._sought else []


def _note(text: str) -> Any:
    return pn.pane.HTML(_small(text), margin=(0, 10), **WIDE)


def _small(text: str) -> str:
    return f"<small style='color:#666'>{text}</small>"
