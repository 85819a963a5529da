"""One line of the report: what was checked, what came out, what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from zhuanxing.config import Language

_HEADINGS = {
    "zh": ("检查", "内容", "结果", "要求", "结论"),
    "en": ("check", "what", "result", "threshold", "verdict"),
}
_VERDICTS = {
    "zh": ("[red]未过[/red]", "[green]通过[/green]"),
    "en": ("[red]fail[/red]", "[green]pass[/green]"),
}
_COUNTS = {"zh": "{} 项通过，{} 项未过", "en": "{} passed, {} failed"}
_LEFT = {"zh": "  … 另有 {} 处", "en": "  … and {} more"}
# A label in both languages: Chinese, a blank, English.
_BOTH = re.compile(r"^(.*[\u3400-\u9fff][^\s]*)\s+([A-Za-z].*)$", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """Outcome of one check; `offenders` name where it is worst, worst first."""

    check: str
    what: str
    result: str
    threshold: str
    passed: bool
    offenders: tuple[str, ...] = ()


def print_findings(
    findings: Iterable[Finding], console: Console, worst: int, language: Language
) -> None:
    """Print the table, then up to `worst` offenders of every check that failed."""
    rows = list(findings)
    table = Table(*_HEADINGS[language])
    for row in rows:
        cells = (row.check, _in(row.what, language), row.result, row.threshold)
        table.add_row(*map(escape, cells), _VERDICTS[language][row.passed])
    console.print(table)
    for row in rows:
        if not row.passed:
            _print_offenders(row, console, worst, language)
    failed = sum(not row.passed for row in rows)
    console.print(_COUNTS[language].format(len(rows) - failed, failed))


def _print_offenders(row: Finding, console: Console, worst: int, language: Language) -> None:
    console.print(f"[red]{escape(row.check)}: {escape(_in(row.what, language))}[/red]")
    for offender in row.offenders[:worst]:
        console.print(f"  {escape(offender)}", soft_wrap=True)
    left = len(row.offenders) - worst
    if left > 0:
        console.print(_LEFT[language].format(left))


def _in(label: str, language: Language) -> str:
    """Return a label's part in one language, or the whole where it has one only."""
    both = _BOTH.match(label)
    return label if both is None else both[1 if language == "zh" else 2]


def worst_first(scored: Sequence[tuple[float, str]]) -> tuple[str, ...]:
    """The texts of `scored` in falling order of their score."""
    return tuple(text for _, text in sorted(scored, key=lambda item: -item[0]))
