"""The table of outputs: which model variables become annual values, and how.

The ways to make an annual value, for calendar year y = [y, y+1):

- `sum`: sum over the steps of y of variable * time step (flows);
- `end`: value at the time y+1 (stocks);
- `mean`: mean over the steps of y;
- `ratio`: sum of the variable over sum of the denominator;
- `end_ratio`: end of the variable over sum of the denominator;
- `change`: percent change on last year of the ratio, or of the sum without a denominator.

Each is multiplied by `scale`, except `change`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zhuanxing.config import Language
from zhuanxing.data.cells import numbered_rows
from zhuanxing.data.kinds import AGGREGATES, BETTER
from zhuanxing.errors import ZhuanxingError, require_known

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Output", "Outputs", "read_outputs", "select_outputs"]

NEED_DENOMINATOR = ("ratio", "end_ratio")


@dataclass(frozen=True)
class Output:
    """One row of outputs.csv: an annual value `name` (`unit`) made from a model variable.

    `sector_file` is the file of the variable in model/sectors, without .mdl. `better` says which
    way is good: up, down, or none where that is a matter of judgement.
    """

    name: str
    variable: str
    aggregate: str
    denominator: str
    scale: float
    unit: str
    name_zh: str
    name_en: str
    sector_file: str
    better: str = "none"

    def label(self, language: Language) -> str:
        """Return the name in a language."""
        return self.name_zh if language == "zh" else self.name_en


class Outputs(tuple[Output, ...]):
    """The outputs in the order of their table, which a notebook shows as one."""

    @property
    def table(self) -> pd.DataFrame:
        """A row an output: variable, aggregate, unit, names in both languages."""
        # Imported here: the command line reads outputs before the time that pandas takes.
        import pandas as pd

        return pd.DataFrame([asdict(output) for output in self]).set_index("name")

    def _repr_html_(self) -> str:
        return str(self.table.to_html())


def read_outputs(data: Path) -> Outputs:
    """Read `data`/outputs.csv.

    Raises ZhuanxingError, with file and line, for a missing column, an unknown aggregate, a name
    given twice, a scale that is not a number, or a missing denominator.
    """
    path = data / "outputs.csv"
    outputs: dict[str, Output] = {}
    for line, row in numbered_rows(path, Output.__dataclass_fields__):
        output = _output(row, f"{path.name}, line {line}")
        if output.name in outputs:
            raise ZhuanxingError(
                f"{path.name}, line {line}: the output '{output.name}' stands there twice"
            )
        outputs[output.name] = output
    return Outputs(outputs.values())


def select_outputs(outputs: tuple[Output, ...], names: tuple[str, ...]) -> tuple[Output, ...]:
    """Return the outputs named, in the order of `names`; refuse an unknown one."""
    known = {output.name: output for output in outputs}
    for name in names:
        require_known("output", name, known, "outputs")
    return tuple(known[name] for name in names)


def _output(row: dict[str, str], where: str) -> Output:
    fields = Output.__dataclass_fields__
    for column, valid in (("aggregate", AGGREGATES), ("better", BETTER)):
        require_known(column, row[column], valid, where)
    if row["aggregate"] in NEED_DENOMINATOR and not row["denominator"]:
        raise ZhuanxingError(f"{where}: the aggregate '{row['aggregate']}' needs a denominator")
    try:
        scale = float(row["scale"] or 1.0)
    except ValueError as error:
        raise ZhuanxingError(f"{where}: the scale '{row['scale']}' is not a number") from error
    values = {field: row[field] for field in fields if field != "scale"}
    return Output(**values, scale=scale)
