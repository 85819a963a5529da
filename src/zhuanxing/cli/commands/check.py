"""`zhuanxing check`: run the checks on the model and print what they find."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from zhuanxing.analyses.check.bench import Bench
from zhuanxing.analyses.check.finding import print_findings
from zhuanxing.analyses.check.settings import CheckSettings
from zhuanxing.analyses.check.suite import CHECKS, run_checks
from zhuanxing.cli.configuration import read_settings
from zhuanxing.model import load
from zhuanxing.storage.paths import find_places

__all__ = ["main"]

HELP = f"""用法 usage: zhuanxing check ['only=[units,laws]'] [key=value ...]

检验 checks: {", ".join(CHECKS)}
其余设置见 conf/check.yaml，例如 further settings are those of conf/check.yaml, for example:
  zhuanxing check 'only=[levers]' levers.movement=0.002 worst=70

退出码 exit code: 0 全部通过 all pass, 1 有未过项 some fail, 2 设置有误 wrong settings"""

CONFIG = "check.yaml"
# Where the output is no terminal (a pipe, a file), no line is cut.
WIDE = 200


def main(argv: Sequence[str]) -> int:
    """Print a table of findings; return 0 if all pass, 1 if not.

    Raises ZhuanxingError for a wrong setting, an unknown check, or a model that cannot run.
    """
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    settings = read_settings(CheckSettings, find_places().conf / CONFIG, argv)
    findings = list(run_checks(Bench(load(), settings), settings.only))
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    print_findings(findings, console, settings.worst)
    return 0 if all(finding.passed for finding in findings) else 1
