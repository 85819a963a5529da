"""A brief for a meeting: what a package does to a city, what it costs, what it misses, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.analyses.bands import comparison_bands
from zhuanxing.analyses.rank import contributions, intervals, ranked
from zhuanxing.charts import finance, paths
from zhuanxing.charts.differences import difference
from zhuanxing.inputs import Changes, changed
from zhuanxing.report.phrases import phrase
from zhuanxing.results import names
from zhuanxing.results.aims import Aim, aims_of, change_bases
from zhuanxing.results.labels import element_names
from zhuanxing.results.numerals import number, number_apart, signed, significant
from zhuanxing.results.starts import starts_in_words
from zhuanxing.results.words import Language, listing

if TYPE_CHECKING:
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["Brief", "Findings", "Table", "gather"]

MONEY, COST = "lever_spending", "lever_spending_by_lever"
TOP = 5
# The part of their money for levers that public payers keep in a what-if.
HALF = 0.5


@dataclass(frozen=True)
class Table:
    """A heading, the columns' titles and rows of text."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Brief:
    """What a brief holds, in one language; `day` is the only thing that changes by itself.

    `address` is where the page shows the package, for a code that a telephone reads.
    """

    title: str
    made: str
    day: str
    sentences: Sequence[str]
    indicators: Table
    charts: Mapping[str, Figure]
    levers: Table
    what_if: Table
    trust: Sequence[str]
    annex: Table
    language: Language
    address: str = ""


@dataclass(frozen=True)
class Findings:
    """What runs found of a package in a city: the same in every language.

    `cases` are the results if things go otherwise, by scenario, that with half the public money
    under "half"; `divided` is what each lever adds, with `bands` with intervals.
    """

    model: Model
    scenario: Scenario
    city: str
    outputs: Sequence[str]
    results: Mapping[str, xr.Dataset]
    cases: Mapping[str, xr.Dataset]
    divided: xr.Dataset
    bands: xr.Dataset | None
    aims: Sequence[Aim]

    @property
    def year(self) -> int:
        """Return the last year."""
        return self.model.years[-1]

    def brief(self, language: Language, *, day: date | None = None, address: str = "") -> Brief:
        """Return the brief in a language."""
        return _Maker(**vars(self), language=language).whole(day or date.today(), address)


def gather(
    model: Model,
    scenario: Scenario,
    against: Scenario,
    *,
    city: str,
    aims: pd.DataFrame,
    outputs: Sequence[str],
    what_if: Sequence[str] = (),
    draws: int = 0,
) -> Findings:
    """Return what a brief of `scenario` for `city` says, from new runs.

    `outputs` are the indicators, the second and the third of them drawn; `what_if` are scenarios
    whose results stand beside the package, after one with half the public money. With `draws` (and
    a calibration) differences have intervals. Raises ZhuanxingError as the runs do.
    """
    shown = list(outputs)
    results = {"against": model.run(against), "package": model.run(scenario)}
    divided = contributions(model, scenario, against, city=city, outputs=shown, alone=False)
    known = aims_of(aims, results["package"], city, model.years[-1])
    bands = None
    if draws:
        bands = comparison_bands(
            model, scenario, against, draws=draws, since=change_bases(aims), outputs=shown
        )
        levers = {str(row["lever"]) for _, _, row in _top(divided, known, outputs)}
        divided = divided.merge(
            intervals(
                model, scenario, against, city=city, outputs=shown, levers=sorted(levers),
                draws=draws,
            )
        )  # fmt: skip
    half = changed(scenario, Changes(budget=HALF), model.names)
    alternatives = {"half": half} | {name: model.scenario(name) for name in what_if}
    # Of all outputs, as above: another choice would be compiled anew.
    cases = {name: model.run(one)[shown] for name, one in alternatives.items()}
    return Findings(model, scenario, city, shown, results, cases, divided, bands, known)


@dataclass(frozen=True)
class _Maker(Findings):
    """Turns findings into the parts of a brief."""

    language: Language

    def whole(self, day: date, address: str) -> Brief:
        """Return the whole."""
        label = self.scenario.labels[f"name_{self.language}"]
        first = self.results["package"].attrs
        return Brief(
            title=phrase("title", self.language, city=self.city_name, scenario=label),
            made=phrase(
                "made", self.language, model=str(first.get("model_hash", ""))[:8],
                data=str(first.get("data_hash", ""))[:8],
                calibration=str(first.get("calibration", "none")),
            ),
            day=day.isoformat(),
            sentences=self.sentences(label),
            indicators=self.indicators(),
            charts=self.charts(),
            levers=self.levers(),
            what_if=self.what_if(),
            trust=self.trust(),
            annex=self.annex(),
            language=self.language,
            address=address,
        )  # fmt: skip

    @property
    def city_name(self) -> str:
        """Return the city's name."""
        return self.model.names.cities[self.city][f"name_{self.language}"]

    def sentences(self, label: str) -> list[str]:
        """Return three sentences: what the package does, costs and misses."""
        say, outputs = self.language, self.outputs
        does = listing((f"{self._name(n)} {self._difference(n)[0]}" for n in outputs[:3]), say)
        spent = self.results["package"][MONEY].sel(city=self.city).sum("year")
        total = float(spent.sum())
        dim = names.detail_dim(self.results["package"][MONEY])
        largest = spent.sortby(-spent)
        payer = names.element_label(spent, dim, str(largest[dim].values[0]), say)
        share = float(largest[0]) / total if total else 0.0
        costs = phrase(
            "costs", say, total=number(total), payer=payer, share=f"{share:.0%}",
            debt=self._difference(_debt(outputs))[0] if _debt(outputs) else "",
        )  # fmt: skip
        verdicts = [(aim, self._verdict(aim)) for aim in self.aims]
        others = ""
        for verdict in ("missed", "open"):
            short = [aim.name(self.results["package"], say) for aim, v in verdicts if v == verdict]
            if short:
                others += phrase(f"misses_{verdict}", say, names=listing(short, say))
        misses = phrase(
            "misses" if others else "misses_none", say, total=len(verdicts),
            met=sum(v == "met" for _, v in verdicts), others=others,
        )  # fmt: skip
        return [phrase("does", say, label=label, year=self.year, effects=does), costs, misses]

    def indicators(self) -> Table:
        """Return the table of indicators with difference, interval, aim and verdict."""
        before = names.base_year(self.results["package"])
        rows = []
        for name in self.outputs:
            package, base = (self.results[k][name].sel(city=self.city) for k in
                             ("package", "against"))  # fmt: skip
            gap, spread = self._difference(name)
            aim = next((one for one in self.aims if one.variable == name), None)
            limit = verdict = "—"
            if aim is not None:
                limit = f"{aim.sign} {aim.value:g}{'%' if aim.measure == 'change' else ''}"
                reached = aim.reached(self.results["package"], self.city)
                verdict = phrase(self._verdict(aim), self.language)
                verdict += f" ({number_apart(reached, aim.value)})"
            rows.append(
                [
                    self._with_unit(name),
                    number(float(package.sel(year=before))),
                    number(float(base.sel(year=self.year))),
                    number(float(package.sel(year=self.year))), gap,
                    *([spread] if self.bands is not None else []), limit, verdict,
                ]
            )  # fmt: skip
        columns = self._columns("indicator_columns", before=before, year=self.year)
        return Table(phrase("indicators", self.language), columns, rows)

    def charts(self) -> dict[str, Figure]:
        """Return the two charts, drawn for a page."""
        datasets = {"baseline": self.results["against"], "package": self.results["package"]}
        return {
            phrase("chart_paths", self.language): paths.draw(
                datasets, cities=[self.city], variables=self.outputs[1:3], language=self.language,
                comparisons={} if self.bands is None else {"package": self.bands},
            ),
            phrase("chart_money", self.language): finance.draw(
                datasets, cities=[self.city], investment="investment", spending=MONEY,
                language=self.language,
            ),
        }  # fmt: skip

    def levers(self) -> Table:
        """Return the levers that help each aim most, and those that cost output."""
        labels = dict(zip(self.divided["lever"].values,
                          self.divided[f"lever_{self.language}"].values, strict=True))  # fmt: skip
        rows: list[list[str]] = []
        told = ""
        for name, word_, row in _top(self.divided, self.aims, self.outputs):
            rows.append(
                [
                    self._with_unit(name) if name != told else "", phrase(word_, self.language),
                    str(labels[row["lever"]]), significant(row["left_out"]), *self._ends(row),
                    number(row["cost"]) if row["cost"] else "—",
                ]
            )  # fmt: skip
            told = name
        return Table(phrase("levers", self.language), self._columns("lever_columns"), rows)

    def _columns(self, key: str, **fields: object) -> list[str]:
        """Return the headings of a table; that of intervals only where there are any."""
        columns = phrase(key, self.language, **fields).split("|")
        drawn = self.bands is not None
        return [one for one in columns if drawn or one != phrase("range", self.language)]

    def _ends(self, row: Mapping[str, float]) -> list[str]:
        """Return the cell of a lever's interval, none without draws."""
        if self.bands is None:
            return []
        return [f"{significant(row['low'])} … {significant(row['high'])}"]

    def what_if(self) -> Table:
        """Return what the indicators become if things go otherwise."""
        rows = []
        for name, found in self.cases.items():
            label = (
                phrase("half", self.language) if name == "half"
                else self.model.scenario(name).labels[f"name_{self.language}"]
            )  # fmt: skip
            cells = []
            for output in self.outputs:
                gap = difference(self.results["against"], found, output)
                value = float(gap.values.sel(city=self.city, year=self.year))
                cells.append(f"{signed(value)}{'%' if gap.relative else ''}")
            rows.append([label, *cells])
        points = phrase("points", self.language)
        columns = [
            phrase("what_if_case", self.language),
            *(
                self._name(n) + ("" if self._difference(n)[0].endswith("%") else points)
                for n in self.outputs
            ),
        ]
        return Table(phrase("what_if", self.language), columns, rows,
                     phrase("what_if_note", self.language))  # fmt: skip

    def trust(self) -> list[str]:
        """Return what the results rest on, and what they may not be used for."""
        lines = [starts_in_words(self.model.source.origins, self.city, self.language)]
        if self.model.source.own:
            lines.append(phrase("trust_own", self.language, file=self.model.source.own))
        if idle := self.model.source.not_followed(self.model.calibration):
            lines.append(phrase("trust_own_idle", self.language, names=", ".join(idle)))
        lines.append(phrase("trust_bands" if self.bands is not None else "trust_no_bands",
                            self.language))  # fmt: skip
        return [*lines, phrase("trust_use", self.language)]

    def annex(self) -> Table:
        """Return every lever with its strength, cost and payers."""
        scenario = self.scenario
        place = scenario.cities.index(self.city)
        payers = element_names(self.model.places.model / "data")
        side, parts = (0, "、") if self.language == "zh" else (1, ", ")
        money = self.results["package"][COST].sel(city=self.city).sum("year")
        rows = []
        for column, lever in enumerate(scenario.levers):
            row = self.model.names.levers[lever]
            cost = float(money.sel(lever=lever))
            rows.append(
                [
                    row[f"name_{self.language}"], f"{scenario.intensity[place, column]:.0%}",
                    number(cost) if cost else "—",
                    parts.join(payers[name][side] for name in row.get("paid_by", "").split(";")
                               if name in payers) or "—",
                ]
            )  # fmt: skip
        columns = phrase("annex_columns", self.language).split("|")
        return Table(phrase("annex", self.language, count=len(rows)), columns, rows)

    def _with_unit(self, output: str) -> str:
        unit = names.unit_label(self.results["package"][output], self.language)
        return f"{self._name(output)} ({unit})"

    def _name(self, output: str) -> str:
        return names.variable_label(self.results["package"][output], self.language)

    def _difference(self, output: str) -> tuple[str, str]:
        """Return the difference from the baseline in words, and its interval."""
        gap = difference(self.results["against"], self.results["package"], output, self.bands)
        place = {"city": self.city, "year": self.year}
        unit = gap.unit(self.language)
        unit = unit if unit == "%" else f" {unit}"
        said = signed(float(gap.values.sel(place))) + unit
        if gap.low is None or gap.high is None:
            return said, "—"
        ends = [signed(float(end.sel(place))) for end in (gap.low, gap.high)]
        return said, f"{ends[0]} … {ends[1]}"

    def _verdict(self, aim: Aim) -> str:
        reached = aim.reached(self.results["package"], self.city)
        spread = None if self.bands is None else aim.spread(self.bands, self.city)
        return aim.verdict(reached, spread)


def _top(
    divided: xr.Dataset, aims: Sequence[Aim], outputs: Sequence[str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield output, 'helps' or 'harms' and a row of `ranked`, for what aims and output hang on."""
    wanted = [aim.variable for aim in aims if aim.variable in outputs] or list(outputs[1:2])
    for name in dict.fromkeys([*wanted, outputs[0]]):
        table = ranked(divided, name)
        sign = -1.0 if str(divided["better"].sel(output=name).item()) == "down" else 1.0
        for key, side, most in (("helps", sign, TOP), ("harms", -sign, TOP - 2)):
            part = table[np.sign(table["left_out"]) == side].head(most)
            yield from ((name, key, row) for row in part.to_dict("records"))


def _debt(outputs: Sequence[str]) -> str:
    """Return the indicator of debt, if one is among them."""
    return next((name for name in outputs if "debt" in name), "")
