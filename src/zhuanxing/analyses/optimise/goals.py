"""Aims as a planner writes them, turned into limits on an output of the last year.

`output<=limit` or `output>=limit`, where the limit is

- `95`: a level, in the output's unit;
- `+3`, `-2`: a change since the base year, in the output's unit (percentage points for percent);
- `-14.5%2020`: a change in percent since the year named;
- `baseline`, `baseline+3`, `baseline-1%`: against the run without the package.

A Chinese keyboard's `≤`, `≥`, `％`, `＋` and `基准` mean the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import xarray as xr

from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.results.numerals import wide
from zhuanxing.results.words import Language, listing, word

__all__ = ["BASELINE", "Goal", "goals_in_words", "parse_goal", "verdicts_in_words"]

BASELINE = "baseline"
_GOAL = re.compile(r"^\s*(.+?)\s*(<=|>=)\s*(.+?)\s*$")
_NUMBER = r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_LEVEL = re.compile(rf"^({_NUMBER})$")
_SINCE = re.compile(rf"^([-+]{_NUMBER})(?:(%)(\d{{4}}))?$")
_DATED = re.compile(r"^(.*%)(\d{4})$")
_AGAINST = re.compile(rf"^{BASELINE}(?:([-+]{_NUMBER})(%)?)?$")

# The value of an output in a year without the package.
Known = Callable[[str, int], float]


@dataclass(frozen=True)
class Goal:
    """`output` in the last year at least or at most `limit`; `text` is how it was written."""

    text: str
    output: str
    at_least: bool
    limit: float

    def gap(self, value: float) -> float:
        """Return by how much a value misses the limit; negative where it is met."""
        return self.limit - value if self.at_least else value - self.limit


def parse_goal(
    text: str,
    outputs: Iterable[str],
    known: Known,
    base_year: int,
    last_year: int,
    find: Callable[[str, str], str] = lambda name, where: name,
) -> Goal:
    """Read one aim; raise ZhuanxingError for an unknown output or a limit that is none.

    `find` turns what is written, and where, into the identifier of an output.
    """
    for written, meant in (("≤", "<="), ("≥", ">="), ("基准", BASELINE)):
        text = unicodedata.normalize("NFKC", text).replace(written, meant)
    found = _GOAL.match(text)
    if found is None:
        raise ZhuanxingError(
            "'{text}' is not an aim; write for example 'energy_intensity<=-14.5%2020', "
            "'emerging_share>=+3' or 'gdp>=baseline'",
            text=text,
        )
    output, sign, limit = found.groups()
    output = find(output, f"'{text}'")
    require_known("output", output, outputs, f"'{text}'")
    return Goal(text, output, sign == ">=", _limit(limit, output, known, base_year, last_year))


def _limit(text: str, output: str, known: Known, base_year: int, last_year: int) -> float:
    if level := _LEVEL.match(text):
        return float(level[1])
    if since := _SINCE.match(text):
        if since[2]:
            return known(output, int(since[3])) * (1 + float(since[1]) / 100)
        return known(output, base_year) + float(since[1])
    if against := _AGAINST.match(text):
        value, change = known(output, last_year), float(against[1] or 0.0)
        return value * (1 + change / 100) if against[2] else value + change
    raise ZhuanxingError(
        "'{text}' is not a limit; write a level as 95, a change since {year} as +3, in percent as "
        "-14.5%2020, or baseline, baseline+3, baseline-1%",
        text=text,
        year=base_year,
    )


def goals_in_words(found: xr.Dataset, language: Language) -> dict[str, str]:
    """Return the goals of what `optimise` found as people read them, with the limit they mean."""
    labels = dict(zip(found["output"].values, found[f"output_{language}"].values, strict=True))
    words = {}
    for goal, output, limit in zip(
        found["goal"].values, found["goal_output"].values, found["limit"].values, strict=True
    ):
        sign = "≥" if ">=" in goal else "≤"
        asked = str(goal).partition("=")[2].replace("-", "−")
        if language == "zh":
            asked = _DATED.sub(r"比\2年\1", asked).replace("baseline", "基准")
        else:
            asked = _DATED.sub(r"\1 since \2", asked)
        words[str(goal)] = f"{labels[output]} {sign} {asked} ({wide(limit)})"
    return words


def verdicts_in_words(found: xr.Dataset, language: Language) -> list[str]:
    """Return in sentences what `optimise` says of all packages, where there is anything to say."""
    labels = dict(zip(found["output"].values, found[f"output_{language}"].values, strict=True))
    words = {**labels, **goals_in_words(found, language)}
    said = []
    if found.attrs["baseline_meets"] == "True":
        sign, further = (">=", "+2%") if ">=" in str(found["goal"].values[0]) else ("<=", "-2%")
        example = f"{found['goal_output'].values[0]}{sign}{BASELINE}{further}"
        said.append(word("optimise_met", language, example=example))
    for verdict in ("obstacle", "shrinks"):
        parts = [words[name] for name in found.attrs[verdict].split(";") if name]
        if parts:
            said.append(word(f"optimise_{verdict}", language, names=listing(parts, language)))
    return said
