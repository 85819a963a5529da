"""What every check works with: the model, its tables, the settings, and a laboratory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from zhuanxing.analyses.check.laboratory import Experiment, Laboratory
from zhuanxing.analyses.check.laws import Law
from zhuanxing.analyses.check.levers import LeverCase
from zhuanxing.analyses.check.loops import Loop
from zhuanxing.analyses.check.settings import CheckSettings
from zhuanxing.analyses.check.unit_text import UnitTextError, parse_unit
from zhuanxing.data.observed import current_bases
from zhuanxing.engine.reading.parser import parse
from zhuanxing.engine.reading.syntax_tree import Element, Integ, ParsedModel
from zhuanxing.engine.running.failures import key_of
from zhuanxing.inputs import scenario_names
from zhuanxing.model import Model

__all__ = ["Bench"]

Limits = dict[str, tuple[float | None, float | None]]
_BY_RULE = "rule"


@dataclass(frozen=True, repr=False)
class Bench:
    """One model under test. Names of experiments are unique within a bench."""

    model: Model
    settings: CheckSettings

    @cached_property
    def laboratory(self) -> Laboratory:
        """Runs every experiment once."""
        return Laboratory(self.model)

    @cached_property
    def parsed(self) -> ParsedModel:
        """The assembled equations as syntax trees."""
        folder = self.model.places.model / "sectors"
        return parse(self.model.source.equations.structure(), str(folder / "model.mdl"), ".mdl")

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of all scenarios."""
        return scenario_names(self.model.places.scenarios)

    @property
    def observations(self) -> pd.DataFrame:
        """The table of that name: figures on the bases of today."""
        rows = self.model.tables.observations
        return rows[rows["basis"].isin(["", *current_bases(self.model.tables.bases)])]

    @property
    def laws(self) -> tuple[Law, ...]:
        """The conservation laws of the model, one a row of laws.csv."""
        rows = self.model.tables.laws.to_dict("records")
        return tuple(
            Law(row["law"], row["residual"], row["scale"], f"{row['name_zh']} {row['name_en']}")
            for row in rows
        )

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The feedback loops that the documentation names, one a row of loops.csv."""
        rows = self.model.tables.loops.to_dict("records")
        return tuple(
            Loop(
                row["loop"], row["sign"], row["variable"], row["reader"], row["scenario"],
                f"{row['name_zh']} {row['name_en']}",
            )
            for row in rows
        )  # fmt: skip

    @property
    def lever_cases(self) -> tuple[LeverCase, ...]:
        """What each lever must move."""
        names, rows = self.model.names, self.model.names.levers.values()
        cities = list(names.cities)
        return tuple(
            LeverCase(
                row["lever"],
                row["indicator"],
                row["direction"],
                tuple(city for city, hit in zip(cities, target, strict=True) if hit),
            )
            for row, target in zip(rows, names.targets.T, strict=True)
        )

    @property
    def stated_returns(self) -> dict[str, tuple[float, float]]:
        """Output per yuan that the lever table states, of levers that cost money."""
        rows = self.model.tables.levers.dropna(subset=["return_low", "return_high"])
        columns = rows[["lever", "return_low", "return_high"]].itertuples(index=False)
        return {str(lever): (float(low), float(high)) for lever, low, high in columns}

    @property
    def rules(self) -> tuple[str, ...]:
        """Levers whose direction is a rule."""
        levers = self.model.names.levers
        return tuple(name for name, row in levers.items() if row["direction"] == _BY_RULE)

    def of_scenario(self, name: str) -> Experiment:
        """A scenario as it stands."""
        return Experiment(name, name)

    def where(self, variable: str) -> str:
        """Sector file and line of a variable, or the folder of the tables."""
        return self.model.source.equations.where(self._lines.get(key_of(variable), 0))

    @cached_property
    def _lines(self) -> dict[str, int]:
        return {key_of(element.name): element.line for element in self.parsed.sections[0].elements}

    @cached_property
    def limits(self) -> Limits:
        """Limits of every variable that moves: declared ones, and zero for physical stocks."""
        found: Limits = {}
        for element in self.parsed.sections[0].elements:
            low, high = element.limits
            if low is None and self._is_physical_stock(element):
                low = 0.0
            if (low, high) != (None, None) and self._moves(element.name):
                found[key_of(element.name)] = (low, high)
        return found

    def _moves(self, name: str) -> bool:
        variable = self.model.program.variables.get(key_of(name))
        return variable is not None and variable.kind in ("stock", "auxiliary")

    def _is_physical_stock(self, element: Element) -> bool:
        if not isinstance(element.components[0].expression, Integ):
            return False
        try:
            unit = parse_unit(element.units, self.settings.units.tokens)
        except UnitTextError:
            return False
        physical = self.settings.laws.physical
        return any(power == 1 and token in physical for token, power in unit.powers)
