"""The tabs of the page: what levers do, who pays, why, the cities, the trade-off, trust."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import xarray as xr

from zhuanxing.analyses.explain.mediators import Effect, explain_effect
from zhuanxing.analyses.rank import ranked
from zhuanxing.app.aims import Aims
from zhuanxing.app.engine import MONEY, SHOWN, STRENGTHS, leading
from zhuanxing.app.figures import Bars, CityDots, CityMap, Curve, Stack
from zhuanxing.app.panes import difference_words, trust, why
from zhuanxing.app.state import TABS, State
from zhuanxing.app.words import say
from zhuanxing.charts.palette import BAD, GOOD, GREY, SEQUENCE
from zhuanxing.data.observed import observed
from zhuanxing.results.glossary import read_glossary
from zhuanxing.results.labels import element_names
from zhuanxing.results.numerals import number
from zhuanxing.results.words import LANGUAGES, listing, unit, with_unit, word

if TYPE_CHECKING:
    from zhuanxing.app.page import Session

__all__ = ["Tabs"]


class Tabs:
    """The tabs of one session; only the one that is open is drawn."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._engine = session.engine
        self._language = session.language
        self._status = pn.pane.HTML("", sizing_mode="stretch_width")
        years = [year for year in self._engine.years if year > self._engine.base_year]
        self._years = years
        self._trust = pn.pane.HTML("", sizing_mode="stretch_width")
        self._why = pn.pane.HTML("", sizing_mode="stretch_width")
        self._lever = pn.widgets.Select(name=say("why_lever", self._language), width=260)
        self._explain = pn.widgets.Button(
            name=say("why_button", self._language), button_type="primary", css_classes=["explain"]
        )
        self._explain.on_click(lambda event: self._ask_why())
        self._panes = {tab: pn.Column(sizing_mode="stretch_width", margin=0) for tab in TABS}
        self.layout = self._layout()

    @cached_property
    def _bars(self) -> Bars:
        return Bars()

    @cached_property
    def _stack(self) -> Stack:
        side = LANGUAGES.index(self._language)
        return Stack(self._years, [pair[side] for pair in self._payers.values()])

    @cached_property
    def _map(self) -> CityMap:
        rows = self._engine.model.names.cities.values()
        return CityMap(
            [float(row["longitude"]) for row in rows], [float(row["latitude"]) for row in rows]
        )

    @cached_property
    def _dots(self) -> CityDots:
        return CityDots()

    @cached_property
    def _curve(self) -> Curve:
        return Curve()

    @cached_property
    def _aims(self) -> Aims:
        return Aims(self._session)

    def show(self) -> None:
        """Draw at once what needs no more runs."""
        tab = self._open()
        self._furnish(tab)
        if tab == "payers":
            self._show_payers()
        elif tab == "cities":
            self._show_cities()
        elif tab == "trust":
            self._show_trust()
        elif tab == "why":
            self._offer_levers()
        elif tab == "levers":
            self._status.object = _small(say("computing", self._language))

    def show_slow(self, then: Callable[[], None]) -> None:
        """Draw what needs more runs, now that nothing moves; `then` asks for what comes after."""
        session, state = self._session, self._session.state
        if self._open() == "levers":

            def show(found: tuple[State, xr.Dataset]) -> None:
                then()
                self._show_levers(found)

            session.run_later(
                lambda model: (state, self._engine.contributions(model, state)),
                show,
                soon=True,
                failed=then,
            )
            return
        then()
        if self._open() == "tradeoff":
            other = session.settings.tradeoff
            if other == state.output:
                other = session.settings.output
            session.run_later(
                lambda model: (
                    state,
                    other,
                    self._engine.strengths(model, state, state.output, other),
                ),
                self._show_tradeoff,
                soon=True,
            )

    def stop_waiting(self) -> None:
        """Say no longer that an answer is coming."""
        self._why.object = self._status.object = ""
        if self._panes["aims"].objects:
            self._aims.stop_waiting()

    def _furnish(self, tab: str) -> None:
        """Put into a tab what is drawn in it: drawings take time, and most tabs stay closed."""
        if self._panes[tab].objects:
            return

        def bokeh(drawn: Any) -> Any:
            return pn.pane.Bokeh(drawn, sizing_mode="stretch_width", margin=0)

        parts: dict[str, Callable[[], list[Any]]] = {
            "levers": lambda: [self._status, bokeh(self._bars.layout)],
            "payers": lambda: [bokeh(self._stack.layout)],
            "why": lambda: [
                pn.FlexBox(self._lever, self._explain, align_items="end"), self._why
            ],
            "cities": lambda: [bokeh(self._map.layout), bokeh(self._dots.layout)],
            "tradeoff": lambda: [bokeh(self._curve.layout)],
            "aims": lambda: [self._aims.layout],
            "trust": lambda: [self._trust],
        }  # fmt: skip
        self._panes[tab].objects = parts[tab]()

    def _layout(self) -> Any:
        tabs = pn.Tabs(
            *((say(f"tab_{key}", self._language), self._panes[key]) for key in TABS),
            dynamic=True, active=TABS.index(self._session.state.tab), sizing_mode="stretch_width",
        )  # fmt: skip
        tabs.param.watch(lambda event: self._opened(TABS[event.new]), "active")
        return tabs

    def _open(self) -> str:
        return self._session.state.tab

    def _opened(self, tab: str) -> None:
        self._session.move(replace(self._session.state, tab=tab), remember=False)

    # -- one tab each --------------------------------------------------------------------------

    def _show_levers(self, found: tuple[State, xr.Dataset]) -> None:
        session, (state, divided) = self._session, found
        if state != session.state:
            return
        self._show_bars(state, divided, np.empty((0, 2)))
        if self._engine.model.calibration is None:
            return
        top = leading(divided, state)

        def show(spread: xr.Dataset) -> None:
            one = spread.sel(output=state.output, lever=top)
            ends = [one["left_out_low"].values, one["left_out_high"].values]
            if state == session.state:
                self._show_bars(state, divided, np.stack(ends, axis=1))

        session.run_later(lambda model: self._engine.intervals(model, state), show)

    def _show_bars(self, state: State, divided: xr.Dataset, ends: np.ndarray) -> None:
        session = self._session
        language, output = self._language, self._engine.plain[state.output]
        table = ranked(divided, state.output)
        one = divided.sel(output=state.output)
        names = dict(zip(one["lever"].values, one[f"lever_{language}"].values, strict=True))
        rows = []
        for row in table.head(SHOWN).to_dict("records"):
            good = (row["left_out"] > 0) == (output.better == "up")
            colour = SEQUENCE[0] if output.better == "none" else GOOD if good else BAD
            cost = number(row["cost"]) if row["cost"] else "—"
            rows.append((str(names[row["lever"]]), row["left_out"], colour, cost))
        rest = float(table["left_out"][SHOWN:].sum())
        rows.append((say("rest", language), rest, GREY, ""))
        for key in ("interaction", "others", "total"):
            rows.append((say(key, language), float(one[key]), GREY, ""))
        name, units = output.label(language), unit(output.unit, language)
        self._bars.show(rows, ends)
        year = self._engine.years[-1]
        self._status.object = (
            f"<b>{escape(f'{name} · {units}' if units else name)}</b><br>"
            + _small(
                say("left_out", language, year=year, baseline=session.baseline)
                + (say("left_out_ends", language) if len(ends) else "")
            )
        )

    def _show_payers(self) -> None:
        moment = self._session.moment()
        data = moment.mine[MONEY].sel(city=moment.state.city, year=self._years)
        values = data.transpose("year", ...).values
        title = say("no_money", self._language)
        if values.sum() > 0:
            title = say(
                "payers_title", self._language, city=self._session.city_name(),
                first=self._years[0], last=self._years[-1], sum=number(float(values.sum())),
            )  # fmt: skip
        self._stack.show(values, title)

    def _show_cities(self) -> None:
        session, moment = self._session, self._session.moment()
        output, last = self._engine.plain[moment.state.output], self._engine.years[-1]
        mine, base = (p[output.name].sel(year=last).values for p in (moment.mine, moment.base))
        relative = not output.unit.startswith("percent") and bool((base > 0).all())
        gaps = 100 * (mine / base - 1) if relative else mine - base
        good = (gaps > 0) == (output.better != "down")
        cities = list(self._engine.model.elements("city"))
        names = [session.city_name(city) for city in cities]
        own = cities.index(moment.state.city)
        title = say(
            "cities_title", self._language, year=last, output=output.label(self._language),
            baseline=session.baseline,
        )  # fmt: skip
        share = output.unit.startswith("percent")
        units = word("points", self._language) if share else unit(output.unit, self._language)
        title = with_unit(title, "%" if relative else units, self._language)
        self._map.show(names, gaps, good, own, title)
        self._dots.show(names, gaps, own)

    def _show_tradeoff(self, found: tuple[Any, str, np.ndarray]) -> None:
        state, other, points = found
        if state != self._session.state:
            return
        axes, gaps = [], []
        for place, key in enumerate((state.output, other)):
            output, language = self._engine.plain[key], self._language
            name, units = output.label(language), unit(output.unit, language)
            axes.append(with_unit(name, units, language))
            words = difference_words(points[-1, place], points[0, place], output, language)
            gaps.append(f"{name} {''.join(words)}")
        title = say("tradeoff_title", self._language, gaps=listing(gaps, self._language))
        self._curve.show(points, STRENGTHS, (axes[0], axes[1]), title)

    def _show_trust(self) -> None:
        session, model = self._session, self._engine.model
        city, year = session.state.city, model.source.information_year - 1
        base, errors = session.moment().base, []
        for name in session.settings.tiles:
            statistic = self._engine.observed_as.get(name, "")
            seen = observed(self._engine.observations, statistic, units=[city], years=(year, year))
            if len(seen):
                output, language = self._engine.plain[name], self._language
                value, ours = float(seen["value"].iloc[-1]), base.value(name, city, year)
                words = "".join(difference_words(ours, value, output, language))
                errors.append(f"{output.label(language)} {words}")
        calibration = None if model.calibration is None else model.calibration.name
        self._trust.object = trust(
            model.source.origins, city, session.city_name(), errors, year, calibration,
            self._language,
        )  # fmt: skip

    def _offer_levers(self) -> None:
        session = self._session
        scenario = self._engine.scenario(session.state)
        place = scenario.cities.index(session.state.city)
        names = self._engine.model.names.levers
        used = {
            names[lever][f"name_{self._language}"]: lever
            for lever, strength in zip(scenario.levers, scenario.intensity[place], strict=True)
            if strength > 0
        }
        self._lever.options = used
        if self._lever.value not in used.values():
            self._lever.value = next(iter(used.values()), None)

    def _ask_why(self) -> None:
        session, lever = self._session, str(self._lever.value)
        state = session.state
        self._why.object = _small(say("why_computing", self._language))
        session.run_later(
            lambda model: explain_effect(
                model, self._engine.scenario(state), lever=lever,
                output=state.output, city=state.city,
            ),
            self._show_why,
            asked=True,
        )  # fmt: skip

    def _show_why(self, effect: Effect) -> None:
        model = self._engine.model
        lever = model.names.levers[effect.lever][f"name_{self._language}"]
        named = {one.variable: one for one in model.outputs}
        self._why.object = why(
            effect, read_glossary(model.places.model), named, lever,
            self._session.city_name(effect.city), self._language,
        )  # fmt: skip

    @cached_property
    def _payers(self) -> dict[str, tuple[str, str]]:
        """The names of the payers."""
        model = self._engine.model
        variable = next(one.variable for one in model.outputs if one.name == MONEY)
        dim = next(d for d in model.program.variables[variable].dims if d != "city")
        names = element_names(model.places.model / "data")
        return {element: names[element] for element in model.elements(dim)}


def _small(text: str) -> str:
    return f'<small role="status">{text}</small>'
