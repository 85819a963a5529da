"""Pieces of the page that are words and numbers: tiles, paths of causes, trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import xarray as xr

from zhuanxing.analyses.explain.mediators import Effect
from zhuanxing.analyses.explain.shares import cancelling, part
from zhuanxing.analyses.optimise.goals import goals_in_words, verdicts_in_words
from zhuanxing.app.words import say
from zhuanxing.results.aims import MARKS, Aim, Verdict
from zhuanxing.results.glossary import Glossary
from zhuanxing.results.numerals import measured, number, number_apart, signed
from zhuanxing.results.outputs import Output
from zhuanxing.results.starts import starts_in_words
from zhuanxing.results.words import Language, listing, unit

__all__ = ["Tile", "difference_words", "packages", "tiles", "trust", "why"]

STYLE = """<style>
.tiles { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 8px; }
.head { color: #666; font-size: 11.5px; margin: 0 0 4px; }
.tile { border: 1px solid #dadada; border-radius: 6px; padding: 5px 8px; background: #fff; }
.tile h3 { font-size: 12px; margin: 0; color: #555; font-weight: 500; min-height: 30px; }
.tile b { font-size: 18px; } .tile small { display: block; color: #555; font-size: 11.5px; }
.tile span { font-size: 11.5px; color: #555; } .tile small.gap { font-size: 12px; }
.table { border-collapse: collapse; font-size: 12.5px; margin: 6px 0; }
.table td, .table th { border-bottom: 1px solid #e2e2e2; padding: 3px 10px 3px 0;
  text-align: left; }
.table td + td, .table th + th { text-align: right; font-variant-numeric: tabular-nums; }
.good { color: #005a8c; } .bad { color: #a84300; } .open { color: #555; }
.path { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin: 6px 0 14px; }
.box { border: 1px solid #0072b2; border-radius: 6px; padding: 5px 8px; background: #f2f8fc; }
.box small { display: block; color: #444; }
@media (max-width: 1000px) { .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@media (max-width: 767px) { .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tile h3 { min-height: 0; } }
</style>"""


# A difference smaller than this part of a number is shown as none.
LEAST = 5e-5


@dataclass(frozen=True)
class Tile:
    """One number: its value, the baseline's, the interval of the difference, and its aim."""

    output: Output
    value: float
    base: float
    spread: tuple[float, float] | None
    aim: Aim | None
    reached: float
    aim_spread: tuple[float, float] | None


def tiles(rows: Sequence[Tile], head: str, interval: str, language: Language) -> str:
    """Return the tiles under a line that says what they show; `interval` is what stands where a
    number has none."""
    cells = "".join(_tile(row, interval, language) for row in rows)
    return (
        f'{STYLE}<p class="head">{escape(head)}</p>'
        f'<div class="tiles" role="status" aria-live="polite">{cells}</div>'
    )


def _tile(row: Tile, interval: str, language: Language) -> str:
    name = row.output.label(language)
    units = measured("", unit(row.output.unit, language))
    gap, gap_unit = difference_words(row.value, row.base, row.output, language)
    sense, mood = _mood(row.value - row.base, row.base, row.output.better, language)
    spread = interval
    if row.spread is not None:
        ends = [difference_words(row.base + end, row.base, row.output, language)[0]
                for end in row.spread]  # fmt: skip
        spread = say("interval", language, low=ends[0], high=ends[1])
    return (
        f'<div class="tile" data-output="{row.output.name}" data-value="{row.value!r}">'
        f"<h3>{escape(name)}</h3><b>{number(row.value)}</b> <span>{escape(units)}</span>"
        f'<small class="gap {mood}">{gap}{escape(gap_unit)} {sense}</small>'
        f"<small>{escape(spread)}</small>{_aim(row, language)}</div>"
    )


def _aim(row: Tile, language: Language) -> str:
    if row.aim is None:
        return ""
    verdict = row.aim.verdict(row.reached, row.aim_spread)
    mood = {"met": "good", "missed": "bad", "open": "open"}[verdict]
    limit = f"{number(row.aim.value)}{'%' if row.aim.measure == 'change' else ''}"
    aim = say("aim", language, sign=row.aim.sign, value=limit)
    said = number_apart(row.reached, row.aim.value) + ("%" if row.aim.measure == "change" else "")
    return f'<small class="{mood}">{said} {escape(aim)} {marked(verdict, language)}</small>'


def marked(verdict: Verdict, language: Language) -> str:
    """Return a verdict with its mark."""
    return f"{MARKS[verdict]} {say(verdict, language)}"


def difference_words(
    value: float, base: float, output: Output, language: Language
) -> tuple[str, str]:
    """Return a difference as text and its unit: points of a percentage, else percent."""
    if output.unit.startswith("percent"):
        return signed(value - base), " " + say("points", language)
    if base > 0:
        return signed(100 * (value / base - 1)), "%"
    return signed(value - base), " " + measured("", unit(output.unit, language))


def _mood(gap: float, base: float, better: str, language: Language) -> tuple[str, str]:
    if better == "none" or abs(gap) < LEAST * abs(base):
        return "", ""
    good = (gap > 0) == (better == "up")
    return (say("better", language), "good") if good else (say("worse", language), "bad")


def why(
    effect: Effect, glossary: Glossary, named: Mapping[str, Output], lever: str, city: str,
    language: Language,
) -> str:  # fmt: skip
    """Return the paths of an effect as rows of boxes."""
    size = measured(signed(effect.total), unit(effect.output.unit, language))
    if effect.base:
        size += f" ({signed(100 * effect.total / effect.base)}%)"
    head = say("why_total", language, lever=lever, city=city, year=effect.year,
               output=effect.output.label(language), effect=size)  # fmt: skip
    if not effect.paths:
        return f"{STYLE}<p>{escape(head)}</p><p>{say('why_none', language)}</p>"
    rows = "".join(
        f'<div class="path">{_boxes(effect, path, glossary, named, language)}</div>'
        for path in effect.paths
    )
    notes = f"{escape(cancelling(effect, language))} {say('why_note', language)}"
    return f"{STYLE}<p>{escape(head)}</p>{rows}<p><small>{notes}</small></p>"


def _boxes(
    effect: Effect, path: tuple[str, ...], glossary: Glossary, named: Mapping[str, Output],
    language: Language,
) -> str:  # fmt: skip
    cells = []
    for name in effect.shown(path, named):
        label = glossary.chinese(name) if language == "zh" else name
        change, share = effect.changes.get(name), effect.shares.get(name)
        moved = "" if change is None or change != change else f" {signed(change)}%"
        way = "takes_back" if share is not None and share < 0 else "carries"
        carried = "" if share is None else say(way, language, share=part(abs(share), language))
        cells.append(f'<div class="box">{escape(label)}{moved}<small>{carried}</small></div>')
    return " → ".join(cells)


def packages(found: xr.Dataset, language: Language) -> str:
    """Return what `optimise` found as a table: outputs and aims by package."""
    goals = goals_in_words(found, language)
    heads = "".join(f"<th>{say('package', language)} {p}</th>" for p in found["package"].values)
    rows = []
    for name in map(str, found["output"].values):
        one = found.sel(output=name)
        label = f"{one[f'output_{language}'].item()} ({unit(str(one['unit'].item()), language)})"
        cells = [number(float(one["baseline"])), *(number(float(v)) for v in one["value"].values)]
        rows.append((label, cells))
    for goal in map(str, found["goal"].values):
        marks = [marked("met" if one else "missed", language) for one in
                 found["met"].sel(goal=goal).values]  # fmt: skip
        rows.append((goals[goal], ["", *marks]))
    counts = (found["intensity"].values > 0).sum(axis=1)
    rows.append((say("aims_levers", language), ["", *map(str, counts)]))
    body = "".join(
        f"<tr><td>{escape(label)}</td>{''.join(f'<td>{escape(c)}</td>' for c in cells)}</tr>"
        for label, cells in rows
    )
    notes = "".join(f"<p>{escape(text)}</p>" for text in verdicts_in_words(found, language))
    head = f"<tr><th></th><th>{escape(say('baseline', language))}</th>{heads}</tr>"
    return f'{STYLE}{notes}<table class="table">{head}{body}</table>'


def trust(
    origins: xr.Dataset, city: str, label: str, errors: Sequence[str], year: int,
    calibration: str | None, language: Language,
) -> str:  # fmt: skip
    """Return what the results of a city rest on."""
    lines = [starts_in_words(origins, city, language)]
    if errors:
        lines.append(say("trust_error", language, year=year, errors=listing(errors, language)))
    lines.append(
        say("trust_none", language) if calibration is None
        else say("trust_calibration", language, name=calibration)
    )  # fmt: skip
    lines.append(say("trust_use", language))
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h3>{escape(say('trust_title', language, city=label))}</h3><ul>{items}</ul>"
