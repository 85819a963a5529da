"""Factors: the inputs that a sweep varies, found by name or pattern, with their ranges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from zhuanxing.data.cells import numbered_rows, read_rows
from zhuanxing.data.kinds import UNCERTAIN
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.results.glossary import parameter_label, read_glossary
from zhuanxing.results.labels import element_names

__all__ = ["Factor", "find_factors", "known_factors", "named_factor"]

FIELD_LABELS = {
    "intensity": ("强度", "intensity"),
    "start": ("起始年", "start"),
    "effect": ("效果", "effect"),
    "cost": ("成本", "cost"),
}
# Beyond these no run makes sense, whatever range is asked for.
LIMITS = {"intensity": (0.0, 1.0), "start": (2015.0, 2050.0)}
DRIVER_LIMITS = (-1.0, 1.0)
LEVER_COLUMNS = (
    "lever", "name_zh", "name_en", "dose_cost_low", "dose_cost_high", "effect", "effect_low",
    "effect_high", "effect_unit",
)  # fmt: skip
ASSUMPTION_COLUMNS = ("name", "subscript", "low", "high", "unit", "kind")


@dataclass(frozen=True)
class Factor:
    """One input that varies between `low` and `high` (in `unit`), by name as in a design.

    `levels` are the values of a grid where they were given one by one. A range that no table
    gives is NaN.
    """

    name: str
    low: float
    high: float
    unit: str
    label_zh: str
    label_en: str
    limits: tuple[float, float] = (-math.inf, math.inf)
    levels: tuple[float, ...] = ()
    uncertain: bool = True

    @property
    def varies(self) -> bool:
        """Tell whether the factor has a range."""
        return self.high > self.low


def known_factors(data: Path) -> dict[str, Factor]:
    """Return every factor that the tables of `data` offer, by name.

    Assumptions have the ranges of their rows, levers' effects and costs those of the lever table,
    intensities 0 to 1, and drivers -1 (low figures) to 1 (high figures); a start has none.
    """
    factors = [*_levers(data), *_assumptions(data), *_drivers(data)]
    return {factor.name: factor for factor in factors}


def find_factors(words: Sequence[str], known: dict[str, Factor]) -> tuple[Factor, ...]:
    """Return the factors that `words` name: `name`, `name:low:high` or `name:v1:v2:v3...`.

    A name may hold * and ?, which stand for what is uncertain: settings and definitions are
    varied only by name. `levers.<lever>` is its intensity, and the name of an assumption stands
    for all its rows. A later word replaces the range of an earlier one. Raises
    ZhuanxingError for a name that matches nothing, and for a range that is none.
    """
    found: dict[str, Factor] = {}
    for word in words:
        pattern, *numbers = str(word).split(":")
        values = [_number(number, str(word)) for number in numbers]
        for factor in _matching(pattern, known):
            chosen = _ranged(factor, values, str(word))
            if not chosen.uncertain and {"*", "?"} & set(pattern):
                continue
            if chosen.varies:
                found[factor.name] = chosen
            elif "*" not in pattern and "?" not in pattern and factor.name == _full(pattern):
                raise ZhuanxingError(
                    "vary: '{name}' has no range in model/data; write {name}:low:high",
                    name=factor.name,
                )
    if not found:
        raise ZhuanxingError(
            "vary names nothing that has a range; write for example "
            "'vary=[assumptions.*,drivers.*]'"
        )
    return tuple(found.values())


def named_factor(name: str, low: float, high: float, known: dict[str, Factor]) -> Factor:
    """Return one factor by its exact name with the range given; refuse an unknown one."""
    matched = [factor for factor in _matching(name, known) if factor.name == _full(name)]
    if not matched:
        raise ZhuanxingError(
            "'{name}' names several inputs; write one, as {one}",
            name=name,
            one=_matching(name, known)[0].name,
        )
    _require_limits(matched[0], (low, high), name)
    return replace(matched[0], low=low, high=high)


def _matching(pattern: str, known: dict[str, Factor]) -> list[Factor]:
    full = _full(pattern)
    matched = [
        factor
        for name, factor in known.items()
        if fnmatchcase(name, full) or fnmatchcase(name, f"{full}.*")
    ]
    if not matched:
        require_known("lever, assumption or driver", full, known, "vary")
    return matched


def _full(pattern: str) -> str:
    """Return the pattern with the field that a lever's name leaves out."""
    short = pattern.startswith("levers.") and pattern.count(".") == 1
    return f"{pattern}.intensity" if short else pattern


def _ranged(factor: Factor, values: list[float], word: str) -> Factor:
    if not values:
        return factor
    if len(values) == 1:
        raise ZhuanxingError("vary: '{word}' gives one number; write name:low:high", word=word)
    _require_limits(factor, values, word)
    if len(set(values)) < len(values):
        raise ZhuanxingError("vary: '{word}' gives a value twice", word=word)
    levels = tuple(sorted(values)) if len(values) > 2 else ()
    if len(values) == 2 and values[0] > values[1]:
        raise ZhuanxingError(
            "vary: '{word}' has its low above its high; write name:low:high", word=word
        )
    return replace(factor, low=min(values), high=max(values), levels=levels)


def _require_limits(factor: Factor, values: Iterable[float], where: str) -> None:
    low, high = factor.limits
    for value in values:
        if not low <= value <= high:
            raise ZhuanxingError(
                "'{where}': {value:g} is outside {low:g} to {high:g}, between which {name} lies",
                where=where, value=value, low=low, high=high, name=factor.name,
            )  # fmt: skip


def _number(text: str, word: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ZhuanxingError(
            "vary: '{text}' in '{word}' is not a number; write name:low:high", text=text, word=word
        )
    return value


def _levers(data: Path) -> Iterable[Factor]:
    path = data / "levers.csv"
    for line, row in numbered_rows(path, LEVER_COLUMNS):
        ranges = {
            "intensity": (0.0, 1.0, "Dmnl"),
            "start": (math.nan, math.nan, "Year"),
            "cost": (*_range(row, "dose_cost_low", "dose_cost_high", path, line), "yiCNY/dose"),
        }
        # A lever without an effect of its own size acts through a rule.
        if row["effect"]:
            bounds = _range(row, "effect_low", "effect_high", path, line)
            ranges["effect"] = (*bounds, row["effect_unit"])
        for field, (low, high, unit) in ranges.items():
            zh, en = FIELD_LABELS[field]
            yield Factor(
                f"levers.{row['lever']}.{field}", low, high, unit,
                row["name_zh"] + ("" if field == "intensity" else f"：{zh}"),
                row["name_en"] + ("" if field == "intensity" else f": {en}"),
                LIMITS.get(field, (-math.inf, math.inf)),
            )  # fmt: skip


def _assumptions(data: Path) -> Iterable[Factor]:
    path = data / "assumptions.csv"
    glossary, elements = read_glossary(data.parent), element_names(data)
    for line, row in numbered_rows(path, ASSUMPTION_COLUMNS):
        parts = [row["name"].replace(" ", "_"), *filter(None, row["subscript"].split(";"))]
        zh, en = parameter_label(f"{row['name']}[{row['subscript']}]", glossary, elements)
        low, high = _range(row, "low", "high", path, line)
        name = ".".join(["assumptions", *parts])
        uncertain = row["kind"] in UNCERTAIN
        yield Factor(name, low, high, row["unit"], zh, en, uncertain=uncertain)


def _range(row: dict[str, str], low: str, high: str, path: Path, line: int) -> tuple[float, float]:
    try:
        return float(row[low]), float(row[high])
    except ValueError as error:
        raise ZhuanxingError(
            f"{path.name}, line {line}: {low} '{row[low]}' and {high} '{row[high]}' must be numbers"
        ) from error


def _drivers(data: Path) -> Iterable[Factor]:
    glossary = read_glossary(data.parent)
    for name in dict.fromkeys(row["name"] for row in read_rows(data / "drivers.csv", ["name"])):
        yield Factor(
            f"drivers.{name}", *DRIVER_LIMITS, "Dmnl", f"{glossary.chinese(name)}（−1低、1高）",
            f"{name.replace('_', ' ')} (−1 low, 1 high)", limits=DRIVER_LIMITS,
        )  # fmt: skip
