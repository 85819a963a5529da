"""The gain of each documented feedback loop, found by cutting it.

A loop is cut where one equation (the reader) reads one variable: there it reads the path of the
undisturbed run instead, made a little larger from some year on. How much the variable itself then
moves, for each part by which its reader saw it moved, is the open-loop gain: above zero the loop
reinforces, below it balances (Richardson, System Dynamics Review 11, 1995, 67-88). Every second
city is raised and watched, so that a loop that runs through competition between cities shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zhuanxing.analyses.check.finding import Finding
from zhuanxing.config import checked
from zhuanxing.engine import Program, compile_text
from zhuanxing.equations.vensim_text import equation_text, lookup_text, subscripted
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.annual import MEAN

CITY = "city"
SIGNS = {"reinforcing": 1.0, "balancing": -1.0}


@checked
class LoopSettings:
    """A reader sees `nudge` more (a part) from `start`; gains are judged `years` later.

    `least` is the smallest gain of a loop that acts.
    """

    nudge: float
    start: float
    years: float
    least: float


@dataclass(frozen=True)
class Loop:
    """One row of loops.csv: `reader` reads `variable`, in a run of `scenario`."""

    name: str
    sign: str
    variable: str
    reader: str
    scenario: str
    label: str


def cut_text(text: str, loops: Sequence[Loop], program: Program, times: np.ndarray) -> str:
    """Return the model's text with a switch at the cut of each loop; off, nothing changes.

    `program` knows the dimensions; `times` are those of the held paths. Raises
    ZhuanxingError where a reader does not read its variable.
    """
    added = []
    for number, loop in enumerate(loops):
        held, dims = f"held {number}", program.variables[loop.variable].dims
        text = _rewired(text, loop, held)
        source, path = subscripted(loop.variable, dims), subscripted(f"usual {number}", dims)
        where = "*nudged city[city]" if CITY in dims else ""
        seen = f"(1+nudge {number}*IF THEN ELSE(Time>=nudge start,1,0){where})"
        right = f"IF THEN ELSE(cut {number}>0.5,{path}(Time)*{seen},{source})"
        added += [
            equation_text(subscripted(held, dims), right, "Dmnl", "What the reader sees."),
            lookup_text(path, times, 0 * times, "Dmnl"),
            equation_text(f"cut {number}", "0", "Dmnl", "One cuts the loop."),
            equation_text(f"nudge {number}", "0", "Dmnl", "Part by which the path is raised."),
        ]
    added += [
        equation_text("nudge start", "0", "Year", "When it is raised."),
        equation_text("nudged city[city]", "0", "Dmnl", "One where it is raised."),
    ]
    return "\n\n".join([text, *added]) + "\n"


def _rewired(text: str, loop: Loop, held: str) -> str:
    """Return the text in which the equations of the reader read `held`."""
    name = re.escape(loop.variable)
    reference = re.compile(rf"(?<![\w ]){name}(?![\w ])|(?<=[=] ){name}(?![\w ])")
    reader = re.compile(rf"^{re.escape(loop.reader)}(?:\[[^\]]*\])? = [^|~]*", re.MULTILINE)
    counts = []

    def replaced(found: re.Match[str]) -> str:
        changed, count = reference.subn(held, found.group())
        counts.append(count)
        return changed

    text = reader.sub(replaced, text)
    if not sum(counts):
        raise ZhuanxingError(
            f"loops.csv: '{loop.name}' has the reader '{loop.reader}', which does not read "
            f"'{loop.variable}'"
        )
    return text


def gains_of(
    loops: Sequence[Loop],
    structure: str,
    origin: str,
    program: Program,
    inputs: Mapping[str, Mapping[str, np.ndarray]],
    terms: LoopSettings,
) -> list[float]:
    """Return the open-loop gain of each loop, the mean over all elements of its variable.

    `inputs` are the overrides of each scenario, the same names in all; `program` is the whole
    model with its numbers. Two programs are compiled, each runs one batch.
    """
    asked = dict.fromkeys((loop.variable for loop in loops), MEAN)
    names = list(inputs)
    usual = program.run_many(_stacked([inputs[name] for name in names]), asked)
    years = np.arange(len(usual[loops[0].variable][0])) + program.times()[0]
    cut = compile_text(cut_text(structure, loops, program, years + 0.5), origin=origin)
    held = {
        f"usual {number}": np.asarray(usual[loop.variable][names.index(loop.scenario)])
        for number, loop in enumerate(loops)
    }
    known = cut.with_values({**program.constants(), **program.lookups(), **held})
    pairs = [_switched(inputs, loops, number, nudge)
             for number in range(len(loops)) for nudge in (0.0, terms.nudge)]  # fmt: skip
    chosen = np.arange(len(program.dims[CITY])) % 2 == 0
    shared = {"nudge start": np.asarray(terms.start), "nudged city": chosen.astype(float)}
    known = known.with_values(shared)
    runs = known.run_many(_stacked(pairs), asked)
    year = int(terms.start + terms.years - program.times()[0])
    return [
        _gain(
            np.asarray(runs[loop.variable][2 * number : 2 * number + 2, year]),
            chosen if program.variables[loop.variable].dims[:1] == (CITY,) else slice(None),
            terms.nudge,
        )
        for number, loop in enumerate(loops)
    ]


def _stacked(overrides: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.stack([one[name] for one in overrides]) for name in overrides[0]}


def _switched(
    inputs: Mapping[str, Mapping[str, np.ndarray]], loops: Sequence[Loop], chosen: int, nudge: float
) -> dict[str, np.ndarray]:
    """Return the overrides of a run in which one loop is cut, and its path raised by `nudge`."""
    switches = {
        f"{name} {number}": np.asarray(value * (number == chosen), float)
        for number in range(len(loops))
        for name, value in (("cut", 1.0), ("nudge", nudge))
    }
    return {**inputs[loops[chosen].scenario], **switches}


def _gain(pair: np.ndarray, where: np.ndarray | slice, nudge: float) -> float:
    """Return the relative response over `nudge`; `where` picks cities, the first axis."""
    plain, nudged = (values[where] for values in pair)
    return float(np.mean(nudged - plain) / np.mean(np.abs(plain)) / nudge)


def loop_findings(
    loops: Sequence[Loop], gains: Sequence[float], terms: LoopSettings
) -> list[Finding]:
    """One finding a loop: its gain has the documented sign and is large enough to act."""
    findings = []
    for loop, gain in zip(loops, gains, strict=True):
        passed = gain * SIGNS[loop.sign] >= terms.least
        threshold = f"{loop.sign}, at least {terms.least:g} after {terms.years:g} years"
        fault = f"{loop.variable}, read by {loop.reader}: gain {gain:+.5f}"
        findings.append(
            Finding("loops", loop.label, f"{gain:+.4f}", threshold, passed, (fault,) * (not passed))
        )
    return findings
