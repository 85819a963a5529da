"""What is declared and does nothing: levers without a term, numbers and variables unread."""

from __future__ import annotations

from zhuanxing.analyses.check.finding import Finding
from zhuanxing.engine.reading.syntax_tree import CONTROLS, Reference, nodes
from zhuanxing.equations import TABLES
from zhuanxing.model import Model

__all__ = ["lever_term_finding", "unread_finding"]


def lever_term_finding(model: Model) -> Finding:
    """Every lever of the table acts in an equation: by its effect, or by its place in a range."""
    idle = sorted(set(model.names.levers) - _acting(model))
    lines = tuple(
        f"{lever}: no equation of model/sectors reads 'effect of {lever.replace('_', ' ')}' or "
        f"an element [{lever}], and no row of assumptions.csv is about it"
        for lever in idle
    )
    return Finding(
        "structure", "每项举措都在方程中起作用 every lever acts in an equation",
        f"{len(idle)} of {len(model.names.levers)} levers do not", "none", not idle, lines,
    )  # fmt: skip


def unread_finding(model: Model, reported: frozenset[str]) -> Finding:
    """Every variable and number is read by an equation, or is among what is `reported`."""
    table = model.variables
    asked = {name.lower() for name in reported} | {*CONTROLS}
    unread = [
        (str(name), str(row["where"]))
        for name, row in table.iterrows()
        if not row["uses"] and name not in asked and row["kind"] != "stock"
    ]
    lines = tuple(f"{name} ({where}): nothing reads it" for name, where in unread)
    return Finding(
        "structure", "每个变量和参数都被用到 every variable and number is read",
        f"{len(unread)} of {len(table)} are not", "none", not unread, lines,
    )  # fmt: skip


def _acting(model: Model) -> set[str]:
    """Return the levers whose effect or element an equation of the sector files reads, or which a
    row of assumptions.csv gives a share of what an equation sums over levers.
    """
    levers = {lever.replace("_", " "): lever for lever in model.names.levers}
    effects = {f"effect of {plain}": lever for plain, lever in levers.items()}
    rows = model.assumptions.index.get_level_values("subscript")
    found = {part for row in rows for part in str(row).split(";")} & {*levers.values()}
    for name, element in model.program.elements.items():
        if model.variables.loc[name, "where"] == TABLES:
            continue
        for node in nodes(element):
            if not isinstance(node, Reference):
                continue
            if node.name in effects:
                found.add(effects[node.name])
            for subscript in node.subscripts or ():
                plain = subscript.replace("_", " ").lower()
                if plain in levers:
                    found.add(levers[plain])
    return found
