"""Pages of the reference as Markdown: sectors, levers, numbers, outputs, laws and commands."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any
from unittest.mock import patch

import pandas as pd

from zhuanxing.cli.main import command_names, main
from zhuanxing.config import Language
from zhuanxing.data.cells import read_rows
from zhuanxing.manual.diagram import links, svg
from zhuanxing.model import Model
from zhuanxing.results.glossary import read_glossary

__all__ = ["pages"]

# Kinds of variables that move in a run.
MOVING = ("stock", "auxiliary", "data")
TABLES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "assumptions": (
        "Assumptions",
        "What no statistic gives. The range is the prior of a fit and the range of a sweep.",
        ("name", "subscript", "value", "low", "high", "unit", "kind", "basis", "source"),
    ),
    "outputs": (
        "Outputs",
        "What a run stores by year.",
        ("name", "unit", "name_zh", "name_en", "variable", "aggregate", "better", "sector_file"),
    ),
    "laws": (
        "Laws",
        "Residuals that are zero at every step of every run, to 1e-9 of their scale.",
        ("law", "residual", "scale", "name_zh", "name_en"),
    ),
    "variables": (
        "Statistics",
        "The dictionary of observations: every statistic of the tables is named here.",
        ("variable", "unit", "low", "high", "name_zh", "name_en"),
    ),
}


def pages(model: Model) -> dict[str, str]:
    """Return the pages of the reference by their path below docs/."""
    variables = model.variables
    sectors = _sectors(variables)
    found = {
        f"reference/sectors/{name}.md": _sector_page(model, name, own, variables, sectors)
        for name, own in sectors.items()
    }
    found["reference/levers.md"] = _levers(model)
    found["reference/commands.md"] = _commands("en")
    found["zh/commands.md"] = _commands("zh")
    for name, (title, about, columns) in TABLES.items():
        rows = read_rows(model.places.model / "data" / f"{name}.csv", columns)
        lines = "\n".join(_lines(columns, rows))
        found[f"reference/{name}.md"] = f"# {title}\n\n{about}\n\n{lines}\n"
    found["reference/index.md"] = _index(model, sectors)
    return found


def _sectors(variables: pd.DataFrame) -> dict[str, list[str]]:
    """Return the variables of every sector file by its name, in the order of their lines."""
    homes: dict[str, list[tuple[int, str]]] = {}
    for name, where in variables["where"].items():
        file, _, line = str(where).partition(":")
        if line:
            homes.setdefault(file.removesuffix(".mdl"), []).append((int(line), str(name)))
    return {sector: [name for _, name in sorted(homes[sector])] for sector in sorted(homes)}


def _sector_page(
    model: Model,
    sector: str,
    own: Sequence[str],
    variables: pd.DataFrame,
    sectors: Mapping[str, Sequence[str]],
) -> str:
    home = {name: other for other, names in sectors.items() for name in names}
    glossary = read_glossary(model.places.model)
    kinds = variables["kind"]
    stocks = frozenset(kinds[kinds == "stock"].index)
    moving = frozenset(kinds[kinds.isin(MOVING)].index)
    arrows = links(
        own,
        model.program.elements,
        {str(name): read for name, read in variables["causes"].items()},
        moving,
    )
    parts = [f"# {sector.replace('_', ' ').capitalize()}", _heading(model, sector)]
    if arrows:
        drawing = svg(sector, arrows, stocks, own)
        legend = (
            "Boxes are stocks, hexagons flows; grey names drive the flows; what is dashed belongs "
            "to another sector."
        )
        parts += [f'<div class="diagram">{drawing}</div>', legend]
    parts += [
        _variable(name, glossary.chinese(name), variables.loc[name], home, sector) for name in own
    ]
    return "\n\n".join(parts) + "\n"


def _heading(model: Model, sector: str) -> str:
    """Return the sentence under the title of a sector file."""
    text = model.source.equations.sectors[f"{sector}.mdl"]
    first = text.split("|", 1)[0]
    return " ".join(first.rpartition("~")[2].split())


def _variable(name: str, chinese: str, row: Any, home: Mapping[str, str], sector: str) -> str:
    lines = [f"### {name} {{ #{_anchor(name)} }}", chinese, str(row["comment"])]
    if row["equation"]:
        lines.append(f"```text\n{row['equation']}\n```")
    dims = f" by {', '.join(row['dims'])}" if row["dims"] else ""
    lines.append(f"{row['kind']}, {row['unit']}{dims}; `{row['where']}`")
    for title, others in (("reads", row["causes"]), ("read by", row["uses"])):
        if others:
            linked = ", ".join(_link(other, home, sector) for other in others)
            lines.append(f"<small>{title}: {linked}</small>")
    return "\n\n".join(lines)


def _link(name: str, home: Mapping[str, str], sector: str) -> str:
    if name not in home:
        return name
    page = "" if home[name] == sector else f"{home[name]}.md"
    return f"[{name}]({page}#{_anchor(name)})"


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _levers(model: Model) -> str:
    """Return a section a lever, grouped as the plan's articles are."""
    parts = ["# Levers", "From `model/data/levers.csv`: every lever with its mechanism and cost."]
    rows = read_rows(model.places.model / "data" / "levers.csv", ("lever", "article"))
    for row in sorted(rows, key=lambda row: int(row["article"])):
        parts.append(f"### {row['name_zh']} {row['name_en']}")
        said = [f"- {key.replace('_', ' ')}: {value}" for key, value in row.items() if value]
        parts.append("\n".join(said))
    return "\n\n".join(parts) + "\n"


def _commands(language: Language) -> str:
    """Return what `zhuanxing COMMAND --help` prints, for every command."""
    title = "# 命令与设置" if language == "zh" else "# Commands"
    parts = [title, f"```text\n{_printed(['--help'], language)}\n```"]
    for name in command_names():
        text = _printed([name, "--help"], language)
        parts.append(f"## {name}\n\n```text\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def _printed(arguments: list[str], language: Language) -> str:
    """Return what the program prints in a language, whoever builds the manual."""
    with patch.dict(os.environ, {"LC_ALL": language}), redirect_stdout(io.StringIO()) as printed:
        main(arguments)
    return printed.getvalue().strip()


def _index(model: Model, sectors: Mapping[str, Sequence[str]]) -> str:
    links_ = "\n".join(
        f"- [{name.replace('_', ' ')}](sectors/{name}.md): {len(own)} variables"
        for name, own in sectors.items()
    )
    return (
        "# Reference\n\nThese pages are written from the model, its tables and the commands each "
        f"time the manual is built.\n\n## Equations by sector\n\n{links_}\n"
    )


def _lines(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    yield "| " + " | ".join(column.replace("_", " ") for column in columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(_cell(row[column]) for column in columns) + " |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
