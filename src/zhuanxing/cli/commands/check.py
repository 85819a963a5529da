"""Check the model: units, laws, extremes, levers, history.

检验模型：量纲、守恒律、极端条件、举措、历史。
"""

from __future__ import annotations

from rich.console import Console

from zhuanxing.analyses.check.settings import CheckSettings
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import width

SECTION = "trust"


def run(settings: CheckSettings, context: Context) -> int:
    """Print a table of findings; return 0 if all pass, 1 if not."""
    from zhuanxing.analyses.check.bench import Bench
    from zhuanxing.analyses.check.finding import print_findings
    from zhuanxing.analyses.check.suite import run_checks
    from zhuanxing.model import load

    model = load(context.places.root, device=settings.device)
    findings = list(run_checks(Bench(model, settings), settings.only))
    print_findings(findings, Console(width=width()), settings.worst, context.language)
    return 0 if all(finding.passed for finding in findings) else 1


COMMAND = Command(
    CheckSettings,
    run,
    examples=("'only=[units,laws]'", "'only=[levers]' levers.movement=0.002 worst=70"),
)
