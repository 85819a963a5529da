"""`zhuanxing`: dispatch to a command, and turn every error into one sentence and an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module

from zhuanxing import __version__
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["entry", "main"]

# Command -> what it does, in Chinese and English; its module is zhuanxing.cli.commands.<command>.
COMMANDS = {
    "run": ("运行情景，写出路径", "run scenarios and store their paths"),
    "chart": ("绘制图表", "draw charts from stored paths"),
    "sweep": ("批量试验，写出可续跑的结果库", "run a design of many runs into one store"),
    "summarise": ("汇总批量试验", "summarise a sweep: spread, aims, best runs, what matters"),
    "discover": ("找出目标落空的条件", "find the conditions under which an aim is missed"),
    "check": ("检验模型", "check the model"),
    "calibrate": ("校准参数", "fit parameters to statistics"),
    "backtest": ("样本外检验", "forecast known years and compare with naive forecasts"),
    "sensitivity": ("敏感性与可识别性", "which parameters matter, and which the data tell apart"),
    "evidence": ("政策效果与文献对照", "the plan's effect beside published estimates"),
    "data": ("显示数据覆盖情况", "show where the initial values come from"),
    "export": ("导出为 Vensim 和 XMILE", "write the model for Vensim and XMILE"),
    "simulate": ("模拟任意 .mdl 模型", "simulate any .mdl model"),
    "scenarios": ("列出情景", "list the scenarios"),
    "levers": ("列出政策举措", "list the levers"),
    "cities": ("列出城市", "list the cities"),
}
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
# Seconds: long enough for the callback to have returned.
INSIST_AFTER = 0.05


def entry() -> None:
    """Run the command line of this process and leave with its exit code."""
    sys.unraisablehook = _insist
    code = main(sys.argv[1:])
    # The interpreter need not walk through all that JAX holds before it leaves (half a second).
    gc.freeze()
    sys.exit(code)


def _insist(unraisable: sys.UnraisableHookArgs) -> None:
    """Raise an interruption again that a callback of a library (JAX has one) has swallowed."""
    if unraisable.exc_type is KeyboardInterrupt:
        threading.Timer(INSIST_AFTER, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(unraisable)


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code.

    0 done, 1 a check failed, 2 refused with one sentence on stderr, 130 interrupted.
    """
    try:
        return _dispatch(list(argv))
    except ZhuanxingError as error:
        print(f"zhuanxing: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print("zhuanxing: 已中断 interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has left; keep Python from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    command, rest = argv[0], argv[1:]
    if command == "--version":
        print(__version__)
        return 0
    if command not in COMMANDS:
        raise ZhuanxingError(
            f"there is no command '{command}'; did you mean '{nearest(command, COMMANDS)}'? "
            "('zhuanxing --help' lists them)"
        )
    code: int = import_module(f"zhuanxing.cli.commands.{command}").main(rest)
    return code


def _help() -> str:
    commands = "\n".join(
        f"  {name:<10} {zh}\n  {'':<10} {en}" for name, (zh, en) in COMMANDS.items()
    )
    return f"""转型 zhuanxing {__version__}
老工业城市和资源型城市产业转型的系统动力学模型
A system-dynamics model of China's old industrial and resource-based cities

用法 usage: zhuanxing <命令 command> [设置 key=value ...]

{commands}

每个命令的说明 help of a command: zhuanxing <命令 command> --help
例 examples:
  zhuanxing run scenario=coal_reduction
  zhuanxing run scenario=plan levers.solar_base.intensity=0.8 'city=[baotou,ordos]'
  zhuanxing run -m scenario=baseline,plan,coal_reduction"""
