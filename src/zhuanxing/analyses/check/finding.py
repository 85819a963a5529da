"""One line of the report: what was checked, what came out, what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_HEADINGS = ("检查 check", "内容 what", "结果 result", "要求 threshold", "结论 verdict")


@dataclass(frozen=True)
class Finding:
    """Outcome of one check; ``offenders`` name where it is worst, worst first."""

    check: str
    what: str
    result: str
    threshold: str
    passed: bool
    offenders: tuple[str, ...] = ()


def print_findings(findings: Iterable[Finding], console: Console, worst: int) -> None:
    """Print the table, then up to ``worst`` offenders of every check that failed."""
    rows = list(findings)
    table = Table(*_HEADINGS)
    for row in rows:
        verdict = "[green]通过 pass[/green]" if row.passed else "[red]未过 fail[/red]"
        cells = (row.check, row.what, row.result, row.threshold)
        table.add_row(*map(escape, cells), verdict)
    console.print(table)
    for row in rows:
        if not row.passed:
            _print_offenders(row, console, worst)
    failed = sum(not row.passed for row in rows)
    console.print(f"{len(rows) - failed} 项通过 passed, {failed} 项未过 failed")


def _print_offenders(row: Finding, console: Console, worst: int) -> None:
    console.print(f"[red]{escape(row.check)}: {escape(row.what)}[/red]")
    for offender in row.offenders[:worst]:
        console.print(f"  {escape(offender)}", soft_wrap=True)
    left = len(row.offenders) - worst
    if left > 0:
        console.print(f"  … 另有 {left} 处 and {left} more")


def worst_first(scored: Sequence[tuple[float, str]]) -> tuple[str, ...]:
    """The texts of ``scored`` in falling order of their score."""
    return tuple(text for _, text in sorted(scored, key=lambda item: -item[0]))
