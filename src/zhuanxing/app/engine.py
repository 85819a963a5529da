"""The warm model behind all sessions of the page, and the answers it has given lately."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.bands import comparison_bands
from zhuanxing.analyses.rank import COST, contributions, intervals, ranked
from zhuanxing.app.patience import PatientModel, Turns
from zhuanxing.app.settings import AppSettings
from zhuanxing.app.state import State
from zhuanxing.data.observed import statistics_of_outputs
from zhuanxing.engine.program import Past
from zhuanxing.engine.running.devices import choose_device
from zhuanxing.errors import ZhuanxingError, unforeseen
from zhuanxing.inputs import Changes, LeverSetting, Scenario, changed
from zhuanxing.inputs.design import INTENSITY, of_intensities
from zhuanxing.model import Model
from zhuanxing.results.aims import Aim, aims_of, change_bases
from zhuanxing.results.annual import annual, yearly_requests
from zhuanxing.results.outputs import Output, select_outputs
from zhuanxing.storage.hashes import folder_hash

__all__ = ["SHOWN", "Engine", "Latest", "Paths", "leading", "warm"]

T = TypeVar("T")
# Answers that are kept: a session's last moves and their undoing, for some sessions.
KEPT = 96
MONEY = "lever_spending"
# Seconds after which work in the background begins though nobody has come.
ALONE = 60.0
# Levers whose contributions are drawn one by one.
SHOWN = 12


class Paths:
    """Annual values of one run, each output made when it is first read: dims (city, year, ...)."""

    def __init__(
        self, model: Model, found: dict[str, np.ndarray], requests: dict[str, str]
    ) -> None:
        self._model = model
        self._found = found
        self._requests = requests
        self._made: dict[str, xr.DataArray] = {}

    def __getitem__(self, name: str) -> xr.DataArray:
        if name not in self._made:
            (output,) = select_outputs(self._model.outputs, (name,))
            wanted = filter(None, (output.variable, output.denominator))
            series = {v: self._model.series(v, self._found[v], self._requests[v]) for v in wanted}
            self._made[name] = annual(series, [output])[name]
        return self._made[name]

    def value(self, name: str, city: str, year: int) -> float:
        """Return one number."""
        return float(self[name].sel(city=city, year=year))

    def line(self, name: str, city: str) -> np.ndarray:
        """Return the path of an output of a city [year]."""
        return np.asarray(self[name].sel(city=city).values)


class _Scenarios(dict[str, Scenario]):
    """The scenarios by name, each read when it is first asked for."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def __missing__(self, name: str) -> Scenario:
        self[name] = self._model.scenario(name)
        return self[name]


@dataclass
class Engine:
    """The model, and what the page asks of it: runs of sliders at once, all else behind them.

    What takes many runs is given a `PatientModel` to take them with; see `patient`.
    """

    model: Model
    aims: pd.DataFrame
    baseline: str
    draws: int

    def __post_init__(self) -> None:
        self._turns = Turns()
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self.scenarios = _Scenarios(self.model)
        self.base_year = self.scenarios[self.baseline].base_year
        self.observations = self.model.tables.observations
        self.observed_as = statistics_of_outputs(self.model.tables.variables)
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="quick")
        # What is drawn soon does not wait for the intervals of a session that has left; what a
        # button asks for takes long.
        self.soon = ThreadPoolExecutor(1, thread_name_prefix="soon")
        self.slow = ThreadPoolExecutor(1, thread_name_prefix="slow")
        self.asked = ThreadPoolExecutor(2, thread_name_prefix="asked")
        # One at a time: Matplotlib has one style for all threads.
        self.files = ThreadPoolExecutor(1, thread_name_prefix="files")
        self.requests = yearly_requests(self.model.outputs)
        self.plain: dict[str, Output] = {one.name: one for one in self.model.plain_outputs}
        self._compiled = False
        # Whether the first view is drawn.
        self.seen = threading.Event()
        # What went wrong in the background, where no session is there to be told.
        self.trouble: ZhuanxingError | None = None
        self.years = list(self.model.years)

    @cached_property
    def mark(self) -> str:
        """Return a mark of the model and its data, for web addresses."""
        return folder_hash(self.model.places.model)[:6]

    @cached_property
    def _named(self) -> xr.Dataset:
        """All outputs and cities with their names; the values are of no meaning."""
        cities = list(self.model.elements("city"))
        blank = {name: ("city", np.zeros(len(cities))) for name in self.plain}
        dataset = xr.Dataset(blank, {"city": cities})
        return dataset.assign_coords(self.model.labels(dataset))

    def due(self, city: str) -> list[Aim]:
        """Return the aims of a city in the last year."""
        return self._kept(
            ("due", city), lambda: aims_of(self.aims, self._named, city, self.years[-1])
        )

    def scenario(self, state: State) -> Scenario:
        """Return the scenario of a state: the file's, with what is set otherwise in the city."""
        budget = None if state.budget == 1.0 else state.budget
        changes = Changes(city=(state.city,), levers=self.changed(state), budget=budget)
        return changed(self.scenarios[state.scenario], changes, self.model.names)

    def changed(self, state: State) -> dict[str, LeverSetting]:
        """Return what differs in the city from the scenario's file, by lever."""
        strengths = {lever: self.strength(state, lever) for lever in self.acting(state.city)}
        plain = replace(state, levers={}, groups={}, scale=1.0)
        return {
            lever: _setting(strength, state.starts.get(lever))
            for lever, strength in strengths.items()
            if strength != self.strength(plain, lever) or lever in state.starts
        }

    def acting(self, city: str) -> list[str]:
        """Return the levers that act in a city."""
        names = self.model.names
        row = names.targets[list(names.cities).index(city)]
        return [lever for lever, acts in zip(names.levers, row, strict=True) if acts]

    def strength(self, state: State, lever: str) -> float:
        """Return the strength of a lever in the state's city."""
        base = self.scenarios[state.scenario]
        place = base.cities.index(state.city), base.levers.index(lever)
        group = self.model.names.levers[lever]["group"]
        return round(state.strength(float(base.intensity[place]), lever, group), 3)

    def start(self, state: State, lever: str) -> int:
        """Return the year in which a lever starts in the city by the scenario's file."""
        base = self.scenarios[state.scenario]
        return int(base.start[base.cities.index(state.city), base.levers.index(lever)])

    def patient(self, wanted: Callable[[], bool], soon: bool = False) -> Model:
        """Return the model for background work, which ends in Overtaken once it is not wanted."""
        return PatientModel.of(self.model, lambda: self._turns.after_quick(wanted, soon))

    def prepare(self, state: State) -> None:
        """Compile in the background what single runs, rankings and ranges go through.

        The first view is drawn before that.
        """
        patient = self.patient(lambda: True)
        jobs: list[Callable[[], object]] = [
            partial(self.seen.wait, ALONE),
            partial(self._compile, self.scenario(state)),
            partial(self.contributions, patient, state),
        ]
        if self.model.calibration is not None:
            jobs += [partial(self.bands, patient, state), partial(self.intervals, patient, state)]
        for job in jobs:
            self.slow.submit(self._unattended, job)

    def _unattended(self, work: Callable[[], object]) -> None:
        """Do what no session waits for; every one is told if it fails."""
        try:
            work()
        except Exception as error:
            self.trouble = error if isinstance(error, ZhuanxingError) else unforeseen(error)

    def paths(self, state: State) -> Paths:
        """Return the run of a state."""
        if state.budget == 1.0 and not self.changed(state):
            return self.named(state.scenario)
        return self._quick(("paths", *state.package), lambda: self.scenario(state))

    def named(self, name: str) -> Paths:
        """Return the run of a scenario as its file has it."""
        return self._quick(("named", name), lambda: self.scenarios[name])

    def contributions(self, model: Model, state: State) -> xr.Dataset:
        """Return what the levers of a state add to all outputs."""
        against = self.scenarios[self.baseline]
        return self._kept(
            ("rank", *state.package),
            lambda: contributions(
                model, self.scenario(state), against, city=state.city,
                outputs=list(self.plain), alone=False,
            ),
        )  # fmt: skip

    def intervals(self, model: Model, state: State) -> xr.Dataset:
        """Return between what the effects of a state's leading levers lie, over draws."""
        levers = leading(self.contributions(model, state), state)
        return self._kept(
            ("rank ranges", *state.package, *levers),
            lambda: intervals(
                model, self.scenario(state), self.scenarios[self.baseline], city=state.city,
                outputs=list(self.plain), levers=levers, draws=self.draws,
            ),
        )  # fmt: skip

    def packages(self, model: Model, state: State, aims: Sequence[str], lowest: str) -> xr.Dataset:
        """Return packages that reach aims at the least of an output, as optimise does."""
        # Imported here: SciPy takes half a second, which the first view does without.
        from zhuanxing.analyses.optimise.optimise import Question, optimise

        question = Question(state.city, lowest, False, tuple(aims), ("gdp>=baseline",))
        return self._kept(
            ("aims", *state.package, *aims, lowest),
            lambda: optimise(model, self.scenario(state), self.scenarios[self.baseline], question),
        )

    def strengths(self, model: Model, state: State, output: str, other: str) -> np.ndarray:
        """Return two outputs [strength, output] as the package grows from nothing to all."""
        key = ("scale", *replace(state, scale=1.0).package, output, other)
        return self._kept(key, lambda: self._scaled(model, state, (output, other)))

    def bands(self, model: Model, state: State) -> xr.Dataset:
        """Return quantiles of a state over draws, and of its difference from the baseline."""
        return self._kept(
            ("bands", *state.package),
            lambda: comparison_bands(
                model, self.scenario(state), self.scenarios[self.baseline],
                draws=self.draws, since=change_bases(self.aims), outputs=list(self.plain),
            ),
        )  # fmt: skip

    def _scaled(self, model: Model, state: State, outputs: tuple[str, str]) -> np.ndarray:
        base = self.scenario(replace(state, scale=1.0))
        inputs = model.inputs(base)
        row = model.elements("city").index(state.city)
        full = np.repeat(inputs[INTENSITY][None], len(STRENGTHS), axis=0)
        full[:, row] *= np.array(STRENGTHS)[:, None]
        design = of_intensities(full, model.source.equations)
        asked = [*self.plain, COST]  # as for a ranking, whose runs are compiled already
        past = model.past(base, full, asked)
        (many,) = model.batches(design, base, outputs=asked, after=past)
        last = many.sel(city=state.city).isel(year=-1)
        return np.stack([last[name].values for name in outputs], axis=1)

    def _run(self, scenario: Scenario) -> Paths:
        if self._compiled:
            found = self._thoroughly(scenario)
        else:
            found = self.model.program.run(self.model.inputs(scenario), self.requests)
        return Paths(self.model, found, self.requests)

    def _thoroughly(self, scenario: Scenario) -> dict[str, np.ndarray]:
        """Return one run as a block of one: compiling it takes long, running it half as long.

        It begins when levers start; the years before are the same however strong they are.
        """
        inputs = self.model.inputs(scenario)
        inputs[INTENSITY] = inputs[INTENSITY][None]
        found = self.model.program.run_many(
            inputs, self.requests, device=choose_device("cpu", 1), after=self._past(scenario)
        )
        for failure in found.failures:
            raise ZhuanxingError(
                "{variable} leaves its domain in {year:g}",
                variable=failure.variable, year=failure.year,
            )  # fmt: skip
        return {name: array[0] for name, array in found.items()}

    def _past(self, scenario: Scenario) -> Past | None:
        asked = [output.name for output in self.model.outputs]
        return self._kept(
            ("past", repr(scenario.assumptions), scenario.base_year, float(scenario.start.min())),
            lambda: self.model.past(scenario, None, asked),
        )

    def _compile(self, scenario: Scenario) -> None:
        self._thoroughly(scenario)
        self._compiled = True

    def _quick(self, key: Hashable, scenario: Callable[[], Scenario]) -> Paths:
        """Return a run that was made before, or make it before all that waits."""
        found: Paths | None = self._answers.get(key)
        if found is not None:
            return found
        with self._turns.quick:
            return self._kept(key, lambda: self._run(scenario()))

    def _kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return an answer given before, or give it; who asks meanwhile waits for it."""
        found: Any = self._answers.get(key)
        if found is None:
            with self._making.setdefault(key, threading.Lock()):
                found = self._answers.get(key)
                if found is None:
                    found = self._answers[key] = make()
            self._making.pop(key, None)
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return cast("T", found)


def warm(model: Model, aims: pd.DataFrame, settings: AppSettings) -> Engine:
    """Return the engine with the runs in it that every first view needs."""
    engine = Engine(model, aims, settings.against, settings.draws)
    engine.named(settings.against)
    engine.named(settings.scenario)
    engine.prepare(State(settings.city, settings.scenario, settings.output))
    return engine


def _setting(intensity: float, start: float | None) -> LeverSetting:
    return {"intensity": intensity} if start is None else {"intensity": intensity, "start": start}


def leading(divided: xr.Dataset, state: State) -> list[str]:
    """Return the levers of `contributions` that do most to the state's output."""
    return list(ranked(divided, state.output)["lever"][:SHOWN])


STRENGTHS = tuple(np.linspace(0.0, 1.0, 11))


class Latest:
    """Work that only its newest order matters of: fifty quick moves end in one run of the last."""

    def __init__(
        self, pool: ThreadPoolExecutor, work: Callable[[Any], Any], done: Callable[[Any, Any], None]
    ) -> None:
        self._pool, self._work, self._done = pool, work, done
        self._lock = threading.Lock()
        self._wanted: Any = None
        self._busy = False
        self.closed = False

    def order(self, question: Any) -> None:
        """Ask; an older question that has not begun is forgotten."""
        with self._lock:
            self._wanted = question
            if self._busy or self.closed:
                return
            self._busy = True
        self._pool.submit(self._serve)

    def _serve(self) -> None:
        with self._lock:
            question, self._wanted = self._wanted, None
            if question is None or self.closed:
                self._busy = False
                return
        try:
            answer: Any = self._work(question)
        except Exception as error:  # shown on the page: the thread has nobody else to tell
            answer = error
        self._done(question, answer)
        # To the end of the queue, so that two sessions take turns.
        self._pool.submit(self._serve)
