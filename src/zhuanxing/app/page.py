"""One session of the page: its controls, and what is redrawn when one of them moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import Any

import numpy as np
import panel as pn

from zhuanxing.app.controls import Controls
from zhuanxing.app.downloads import Files
from zhuanxing.app.engine import Engine, Latest, Paths
from zhuanxing.app.figures import KEPT, Lines
from zhuanxing.app.panes import Tile, tiles
from zhuanxing.app.patience import Overtaken
from zhuanxing.app.settings import AppSettings
from zhuanxing.app.state import State, from_query
from zhuanxing.app.tabs import Tabs
from zhuanxing.app.template import laid_out
from zhuanxing.app.words import failure, say
from zhuanxing.data.observed import observed
from zhuanxing.model import Model
from zhuanxing.results.aims import Aim
from zhuanxing.results.words import Language, unit, with_unit, word

__all__ = ["make_page"]

# Milliseconds without a move after which the slow answers are asked for.
IDLE = 1000
HISTORY = 50


@dataclass(frozen=True)
class Moment:
    """What is drawn: a state, and the runs of it, its file, the baseline and those put aside."""

    state: State
    mine: Paths
    file: Paths
    base: Paths
    kept: tuple[tuple[State, Paths], ...]


def make_page(engine: Engine, settings: AppSettings) -> Callable[[], Any]:
    """Return the function that builds the page for each new session."""

    def build() -> Any:
        session = Session(engine, settings)
        try:
            return session.template()
        except Exception as error:  # shown instead of the page: the server would say nothing
            return pn.pane.HTML(_told(failure(error, session.language)))

    return build


class Session:
    """The page of one person."""

    def __init__(self, engine: Engine, settings: AppSettings) -> None:
        self.engine = engine
        self.settings = settings
        self.state = self._first_state()
        language = self.state.language
        self.language: Language = language
        self._document = pn.state.curdoc
        self._past: list[State] = []
        self._future: list[State] = []
        # None before the first numbers.
        self.drawn: Moment | None = None
        self._idle: Any = None
        self._visible = False
        self.kept: list[State] = []
        self.baseline = engine.scenarios[settings.against].labels[f"name_{language}"]
        self._latest = Latest(engine.pool, self._computed, self._answered)
        self._tiles = pn.pane.HTML("", sizing_mode="stretch_width")
        self._message = pn.pane.HTML("", sizing_mode="stretch_width")
        names = {
            "history": say("history", language), "observed": say("observed", language),
            "base": self.baseline, "mine": say("mine", language),
            "file": say("scenario", language),
        }  # fmt: skip
        self._lines = Lines(engine.years, engine.base_year, names)
        self.controls = Controls(self)
        self.tabs = Tabs(self)
        if pn.state.curdoc is not None:
            pn.state.on_session_destroyed(self._closed)
            pn.config.exception_handler = self.fail
            pn.state.onload(self._seen)

    def template(self) -> Any:
        """Return the whole page; the first numbers are already in it."""
        self._show(self._computed(self.state))
        lines = pn.pane.Bokeh(self._lines.layout, sizing_mode="stretch_width", margin=0)
        parts = {
            "controls": self.controls.header,
            "levers": self.controls.levers.layout,
            "files": Files(self).layout,
            "kept": self.controls.kept,
            "message": self._message,
            "tiles": self._tiles,
            "lines": lines,
            "tabs": self.tabs.layout,
        }
        return laid_out(parts, self.language)

    def aims(self) -> dict[str, Aim]:
        """Return the aims of the city in the last year, by output."""
        return {aim.variable: aim for aim in self.engine.due(self.state.city)}

    # -- what the controls call ----------------------------------------------------------------

    def move(self, state: State, *, remember: bool = True) -> None:
        """Go to another state: at once in the address, then in numbers and drawings."""
        if state == self.state:
            return
        if remember:
            self._past = [*self._past[-HISTORY:], self.state]
            self._future.clear()
        self.state = state
        self._write_address()
        self._latest.order(state)

    def undo(self) -> None:
        """Go back to the state before the last move."""
        if self._past:
            self._future.append(self.state)
            self._jump(self._past.pop())

    def redo(self) -> None:
        """Go forward again to the state that was undone last."""
        if self._future:
            self._past.append(self.state)
            self._jump(self._future.pop())

    def take(self, state: State) -> None:
        """Go to a state from elsewhere, and set all widgets to it."""
        self.move(state)
        self.controls.follow(state)

    def keep(self) -> None:
        """Put the package aside, the oldest of four away."""
        same = [one for one in self.kept if one.package != self.state.package]
        self.kept = [*same, self.state][-len(KEPT) :]
        self.controls.show_kept()
        self._latest.order(self.state)

    def title(self, state: State) -> str:
        """Return a package in a few words."""
        label = self.engine.scenarios[state.scenario].labels[f"name_{self.language}"]
        changes = len(self.engine.changed(state)) + (state.budget != 1.0)
        changed = say("changes", self.language, count=changes) if changes else ""
        return f"{self.city_name(state.city)} {label}{changed}"

    def speak(self, language: Language) -> None:
        """Load the page anew in another language."""
        self.state = replace(self.state, language=language)
        self._write_address()
        if pn.state.location is not None:
            pn.state.location.reload = True

    def run_later(
        self,
        work: Callable[[Model], Any],
        show: Callable[[Any], None],
        *,
        soon: bool = False,
        asked: bool = False,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """Do something slow with a patient model, then show it, or say why it `failed`.

        It ends when sliders have moved on, unless a person `asked` for it with a button; what is
        to come `soon` does not wait for what is slower.
        """
        state = self.state

        def wanted() -> bool:
            if self._latest.closed:
                return False
            return asked or self.state.package == state.package

        def job() -> None:
            if not wanted():
                return
            try:
                found = work(self.engine.patient(wanted, soon))
            except Overtaken:
                return
            except Exception as error:  # shown on the page: the thread has nobody else to tell
                self._later(failed)
                self._later(partial(self.fail, error))
                return
            self._later(lambda: show(found))

        engine = self.engine
        (engine.asked if asked else engine.soon if soon else engine.slow).submit(job)

    def city_name(self, city: str | None = None) -> str:
        """Return the name of a city in the language of the page."""
        return self.engine.model.names.cities[city or self.state.city][f"name_{self.language}"]

    def moment(self) -> Moment:
        """Return what is drawn now."""
        assert self.drawn is not None
        return self.drawn

    # -- computing and showing -----------------------------------------------------------------

    def _computed(self, state: State) -> Moment:
        engine = self.engine
        return Moment(
            state, engine.paths(state), engine.named(state.scenario),
            engine.named(self.settings.against),
            tuple((one, engine.paths(one)) for one in self.kept if one.city == state.city),
        )  # fmt: skip

    def _answered(self, state: State, answer: Any) -> None:
        show = self.fail if isinstance(answer, Exception) else self._show
        self._later(lambda: show(answer))

    def _show(self, moment: Moment) -> None:
        self.drawn = moment
        self.note("")
        self._show_tiles()
        self._show_lines()
        self.tabs.show()
        self.controls.levers.show_costs()
        self._wait()

    def _show_tiles(self, bands: Any = None, waiting: str = "waiting_interval") -> None:
        moment, last = self.moment(), self.engine.years[-1]
        city, rows = moment.state.city, []
        aims = self.aims()
        for name in self.settings.tiles:
            value, base = (p.value(name, city, last) for p in (moment.mine, moment.base))
            aim = aims.get(name)
            reached = value
            if aim is not None and aim.measure == "change":
                start = moment.mine.value(name, city, aim.base_year)
                reached = 100 * (value / start - 1)
            spread = aim_spread = None
            if bands is not None:
                ends = bands[f"difference_of_{name}"].sel(city=city, year=last)
                spread = float(ends[0]), float(ends[-1])
                aim_spread = None if aim is None else aim.spread(bands, city)
            output = self.engine.plain[name]
            rows.append(Tile(output, value, base, spread, aim, reached, aim_spread))
        if self.engine.model.calibration is None:
            waiting = "no_interval"
        head = say("tiles_head", self.language, year=last, baseline=self.baseline)
        self._tiles.object = tiles(rows, head, say(waiting, self.language), self.language)

    def _show_lines(self) -> None:
        moment, state = self.moment(), self.moment().state
        output = self.engine.plain[state.output]
        base, file, mine = (
            p.line(state.output, state.city) for p in (moment.base, moment.file, moment.mine)
        )
        units = unit(output.unit, self.language)
        relative = not output.unit.startswith("percent") and bool((base > 0).all())
        points = word("points", self.language) if output.unit.startswith("percent") else units
        difference = say(
            "difference", self.language, baseline=self.baseline, unit="%" if relative else points
        )
        top = with_unit(output.label(self.language), units, self.language)
        kept = {
            list(KEPT)[self.kept.index(one)]: paths.line(state.output, state.city)
            for one, paths in moment.kept if one in self.kept
        }  # fmt: skip
        if not self.engine.changed(state) and state.budget == 1.0:
            file = np.full_like(mine, np.nan)
        self._lines.show(base, file, mine, self._statistics(state), (top, difference), relative)
        self._lines.show_kept(kept)

    def _statistics(self, state: State) -> Any:
        name = self.engine.observed_as.get(state.output, "")
        years = (self.engine.years[0], self.engine.years[-1])
        return observed(
            self.engine.observations, name, units=[state.city], years=years
        ).drop_duplicates("year", keep="last")

    def _warning(self) -> str:
        made = self.state.made
        if made and made != self.engine.mark:
            return say("other_model", self.language, theirs=made, ours=self.engine.mark)
        trouble = self.engine.trouble
        return failure(trouble, self.language) if trouble else ""

    # -- slow answers, when nothing moves ------------------------------------------------------

    def _seen(self) -> None:
        # The browser shows the first numbers: what takes longer begins.
        self._visible = True
        self.engine.seen.set()
        self._wait()

    def _wait(self) -> None:
        if self._document is None or not self._visible:
            return
        if self._idle is not None:
            self._document.remove_timeout_callback(self._idle)
        self._idle = self._document.add_timeout_callback(self._guarded(self._rested), IDLE)

    def _rested(self) -> None:
        self._idle = None
        state = self.state
        if self.moment().state != state:
            return
        self.tabs.show_slow(self._ask_bands)

    def _ask_bands(self) -> None:
        state = self.state
        if self.engine.model.calibration is not None:
            self.run_later(
                lambda model: (state, self.engine.bands(model, state)),
                self._show_bands,
                failed=lambda: self._show_tiles(waiting="no_range"),
            )

    def _show_bands(self, found: Any) -> None:
        state, bands = found
        if state != self.state:
            return
        self._show_tiles(bands)
        name = f"difference_of_{state.output}"
        if name in bands:
            ends = bands[name].sel(city=state.city)
            self._lines.show_band(ends.isel(quantile=0).values, ends.isel(quantile=-1).values)

    # -- the rest ------------------------------------------------------------------------------

    def _first_state(self) -> State:
        engine, settings = self.engine, self.settings
        accepted = str((pn.state.headers or {}).get("Accept-Language", "zh"))
        language: Language = "en" if accepted.lower().startswith("en") else "zh"
        default = State(settings.city, settings.scenario, settings.output, language)
        query = pn.state.location.search if pn.state.location is not None else ""
        outputs = set(settings.outputs)
        return from_query(str(query or ""), default, engine.model.names, outputs)

    def _write_address(self) -> None:
        if pn.state.location is not None:
            made = replace(self.state, made=self.engine.mark)
            pn.state.location.search = made.query()

    def _jump(self, state: State) -> None:
        self.move(state, remember=False)
        self.controls.follow(state)

    def _later(self, show: Callable[[], None]) -> None:
        if self._document is None or self._latest.closed:
            return
        self._document.add_next_tick_callback(self._guarded(show))

    def _guarded(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return work of the server's loop whose failure is told on the page."""

        def guarded() -> None:
            try:
                work()
            except Exception as error:
                self.fail(error)

        return guarded

    def _closed(self, context: Any) -> None:
        """Let go of everything when the session ends."""
        self._latest.closed = True
        self.drawn = None
        self._past.clear()
        self._future.clear()
        self.kept.clear()

    def fail(self, error: BaseException) -> None:
        """Show why something cannot be done, and that its answer does not come."""
        self.tabs.stop_waiting()
        self._message.object = _told(failure(error, self.language))

    def note(self, text: str) -> None:
        """Show what is being done; with nothing to say, what there is to warn of."""
        said = f'<p role="status" style="margin:4px 0">{escape(text)}</p>'
        self._message.object = said if text else _told(self._warning())

    def address(self) -> str:
        """Return the address of what is on the page, empty where nobody visits it."""
        if pn.state.location is None:
            return ""
        page = str(pn.state.location.href or "").partition("?")[0]
        return f"{page}{self.state.query()}" if page else ""


def _told(text: str) -> str:
    if not text:
        return ""
    return f'<p role="alert" style="color:#a84300;margin:4px 0">{escape(text)}</p>'
