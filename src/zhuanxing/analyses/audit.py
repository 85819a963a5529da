"""The audit: what of the plan's text the model carries, clause by clause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zhuanxing.analyses.doses import full_doses
from zhuanxing.engine.running.failures import key_of
from zhuanxing.errors import nearest
from zhuanxing.results.numerals import amount

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["REPRESENTED", "audit_table", "unknown_names"]

REPRESENTED = "represented"
# Doses in percent do not add up over cities.
PERCENT = "percent"


def audit_table(model: Model, scenario: str) -> pd.DataFrame:
    """Return clauses.csv with the columns dose_zh and dose_en: what `scenario` asks of its levers.

    A dose is that of all cities together: of works by the end of a plan, of rules and titles while
    they are in force. Percent are those of the average city in which the lever acts.
    """
    tables = model.tables
    asked = full_doses(model) * model.scenario(scenario).intensity
    doses = {
        str(row["lever"]): (row, dose[dose > 0])
        for row, dose in zip(tables.levers.to_dict("records"), asked.T, strict=True)
    }

    def text(cell: str, unit: str) -> str:
        named = [doses[name] for name in cell.split(";") if name]
        return "; ".join(_asked(dose, str(row[unit]), str(row["dose_en"])) for row, dose in named)

    clauses = tables.clauses
    return clauses.assign(
        dose_zh=[text(cell, "dose_zh") for cell in clauses["levers"]],
        dose_en=[text(cell, "dose_en") for cell in clauses["levers"]],
    )


def _asked(doses: np.ndarray, unit: str, unit_en: str) -> str:
    intensive = unit_en.startswith(PERCENT) and doses.size > 0
    return amount(float(doses.mean() if intensive else doses.sum()), unit)


def unknown_names(model: Model) -> Iterator[str]:
    """Yield a sentence for every lever or variable of clauses.csv that the model does not have."""
    known = {
        "levers": {key_of(name): name for name in model.elements("lever")},
        "variables": {key_of(name): name for name in model.program.variables},
    }
    for row in model.tables.clauses.to_dict("records"):
        for column, names in known.items():
            for name in filter(None, str(row[column]).split(";")):
                if key_of(name) not in names:
                    close = nearest(name, names.values())
                    yield f"article {row['article']}, {row['clause_zh']}: {name}, nearest '{close}'"
