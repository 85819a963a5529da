"""Tell which clauses of the plan the model carries, and how.

方案条款审计：模型是否以及如何体现各条款。
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table
from zhuanxing.config import InLanguage, ScenarioName, checked

SECTION = "trust"
COLUMNS = (
    Column("条", "article"), Column("条款", "clause"), Column("体现", "carried"),
    Column("举措", "levers"), Column("方程", "variables", spare=True),
    Column("剂量", "dose", spare=True), Column("目标", "target", spare=True),
    Column("说明(英)", "comment", spare=True),
)  # fmt: skip
WORDS = {"represented": "体现", "partly": "部分", "outside": "不在模型内"}


@checked
class AuditSettings(InLanguage):
    """List the clauses of articles 2 to 15 with the levers, equations and doses that carry them.

    逐条列出第二至十五条的条款，及体现它的举措、方程与剂量。
    """

    article: Annotated[int, Field(ge=2, le=15)] | None = None
    """One article; null is all.
    某一条，null 为全部。"""
    scenario: ScenarioName = "plan"
    """Scenario whose doses are shown.
    显示其剂量的情景。"""


def run(settings: AuditSettings, context: Context) -> int:
    """Print the table of clauses; return 1 if a lever or a variable in it does not exist."""
    from zhuanxing.analyses.audit import REPRESENTED, audit_table, unknown_names
    from zhuanxing.model import load

    model = load(context.places.root)
    table = audit_table(model, settings.scenario)
    count, whole = int((table["coverage"] == REPRESENTED).sum()), len(table)
    if settings.article is not None:
        table = table[table["article"] == settings.article]
    language = context.language
    rows = [
        [
            str(row["article"]),
            str(row[f"clause_{language}"]),
            WORDS[row["coverage"]] if language == "zh" else str(row["coverage"]),
            str(row["levers"]).replace(";", ", "),
            str(row["variables"]).replace(";", ", "),
            str(row[f"dose_{language}"]),
            str(row["target"]),
            str(row["comment"]),
        ]
        for row in table.to_dict("records")
    ]
    title = (f"{whole} 个条款，{count} 个得到体现", f"{count} of {whole} clauses represented")
    print_table(title, COLUMNS, rows, language)
    missing = list(unknown_names(model))
    print(*missing, sep="\n", end="\n" if missing else "")
    return 1 if missing else 0


COMMAND = Command(AuditSettings, run, examples=("", "article=10"))
