"""`zhuanxing`: dispatch to a command, and turn every error into one sentence and an exit code."""

from __future__ import annotations

import ast
import gc
import io
import os
import select
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from zhuanxing import __version__
from zhuanxing.errors import Notice, ZhuanxingError, alike, unforeseen, unknown
from zhuanxing.hidden import hide

__all__ = ["command_names", "entry", "main"]

COMMANDS = Path(__file__).with_name("commands")
SECTIONS = {
    "run": ("运行与比较", "run and compare"),
    "ask": ("提问", "ask"),
    "trust": ("可信度", "how far to trust it"),
    "list": ("列出", "what there is"),
    "exchange": ("与其他程序交换", "with other programs"),
}
EXIT_REFUSED = 2
EXIT_UNFORESEEN = 3
EXIT_INTERRUPTED = 130
# Seconds: longer than a command that only loads, runs once and writes.
COLLECT_AFTER = 20.0
# Seconds: long enough for the callback to have returned.
INSIST_AFTER = 0.05
STDOUT, STDERR = 1, 2


def entry() -> None:
    """Run the command line of this process and leave with its exit code."""
    # What a command loads stays: to look for garbage in it takes a fifth of a short one's time.
    gc.disable()
    collecting = threading.Timer(COLLECT_AFTER, gc.enable)
    collecting.daemon = True
    collecting.start()
    sys.unraisablehook = _insist
    # XLA would print to the terminal that it compiles slowly; what fails is raised.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    hide()
    sys.stdout = _opened(sys.stdout, STDOUT)
    sys.stderr = _opened(sys.stderr, STDERR)
    code = main(sys.argv[1:])
    # The interpreter need not walk through all that JAX holds before it leaves (half a second).
    gc.freeze()
    sys.exit(code)


class _Unwritable(OSError):
    """What printing ends in where a disk is full, a stream closed or a limit reached."""


class _Stream(io.FileIO):
    """A stream that goes on in silence once its reader (`| head`) has left, or where nobody can be
    told of a fault: what a command does besides printing is done, and its exit code tells how.

    One that does not wait for its reader by itself is waited for.
    """

    def write(self, data: Any, /) -> int:
        try:
            while (written := super().write(data)) is None:
                select.select((), (self,), ())
        except OSError as error:
            if isinstance(error, BrokenPipeError) or self.fileno() == STDERR:
                return len(data)
            raise _Unwritable(error.errno, error.strerror) from error
        return written


def _opened(stream: TextIO | None, number: int) -> TextIO:
    """Return a stream that has every character, as codes where its terminal has it not."""
    if stream is None:  # closed by whoever started the command
        return open(os.devnull, "w", encoding="utf-8")
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Stream(number, "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.isatty() or number == STDERR,
    )


def _insist(unraisable: sys.UnraisableHookArgs) -> None:
    """Raise an interruption again that a callback of a library (JAX has one) has swallowed."""
    if unraisable.exc_type is KeyboardInterrupt:
        threading.Timer(INSIST_AFTER, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(unraisable)


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code.

    0 done, 1 a check failed, 2 refused with one sentence on stderr, 3 an unforeseen error whose
    traceback is in the file that the sentence names, 130 interrupted.
    """
    try:
        name, *words = argv or ["help"]
        with warnings.catch_warnings():
            warnings.showwarning = partial(_warn, argv, warnings.showwarning)
            code = _called(name)(words)
        sys.stdout.flush()
        return code
    except ZhuanxingError as error:
        return _refuse(_spoken(error.args[0], argv))
    except KeyboardInterrupt:
        print("zhuanxing: interrupted 已中断", file=sys.stderr)
        return EXIT_INTERRUPTED
    except _Unwritable as error:
        _close_stdout()
        return _refuse(f"the output cannot be written ({error.strerror})")
    except Exception as error:
        _say(_spoken(unforeseen(error).args[0], argv))
        return EXIT_UNFORESEEN


def _warn(
    argv: Sequence[str], others: Callable[..., None], message: Warning | str, *told: Any
) -> None:
    """Print a warning of ours as one line; leave those of libraries to `others`."""
    if isinstance(message, Notice):
        print(f"zhuanxing: {_spoken(message.args[0], argv)}", file=sys.stderr)
    else:
        others(message, *told)


def _spoken(words: object, argv: Sequence[str]) -> object:
    """Return what is said in the language that is asked for, else that of the system."""
    from zhuanxing.cli.console import default_language
    from zhuanxing.results.refusals import in_chinese

    asked = [word.removeprefix("language=") for word in argv if word.startswith("language=")]
    language = asked[-1] if asked else default_language()
    return in_chinese(words) if language in ("zh", "[zh]") else words


def _refuse(sentence: object) -> int:
    _say(sentence)
    return EXIT_REFUSED


def _say(sentence: object) -> None:
    # What was given may hold line breaks; what is said of it stays one line. Names of files that
    # the system's own encoding has not are UTF-8.
    words = str(sentence).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    print(f"zhuanxing: {' '.join(words.splitlines())}", file=sys.stderr)


def _close_stdout() -> None:
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _called(name: str) -> Callable[[list[str]], int]:
    """Return what the first word of a command line calls with the words after it."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    known = command_names()
    if name not in known:
        near = alike(name, known)
        raise unknown("command", name, near, "command line", command="zhuanxing --help")
    # Imported here: `zhuanxing --help` does not need it.
    from zhuanxing.cli.application import run_command

    command = import_module(f"zhuanxing.cli.commands.{name}").COMMAND
    return partial(run_command, name, command)


def _print_help(words: list[str]) -> int:
    print(_help())
    return 0


def _print_version(words: list[str]) -> int:
    print(__version__)
    return 0


def _print_script(words: list[str]) -> int:
    """Print the script that a shell reads once to complete lines."""
    from zhuanxing.cli.completion import SCRIPT

    print(SCRIPT)
    return 0


def _print_candidates(words: list[str]) -> int:
    """Print what a line may become."""
    from zhuanxing.cli.completion import candidates
    from zhuanxing.inputs import read_names
    from zhuanxing.storage.paths import find_places

    names = read_names(find_places().model)
    print(*candidates(" ".join(words), command_names(), names), sep="\n")
    return 0


BUILT_IN = {
    **dict.fromkeys(("-h", "--help", "help"), _print_help),
    "--version": _print_version,
    "--completion": _print_script,
    "--complete": _print_candidates,
}


def command_names() -> list[str]:
    """Return the commands there are: the files of zhuanxing/cli/commands."""
    return sorted(path.stem for path in COMMANDS.glob("*.py") if path.stem != "__init__")


def _help() -> str:
    from zhuanxing.cli.console import default_language
    from zhuanxing.cli.help import in_language

    language = default_language()
    place = 0 if language == "zh" else 1
    found: dict[str, list[str]] = {section: [] for section in SECTIONS}
    for name in command_names():
        section, text = _described(COMMANDS / f"{name}.py")
        line = f"  {name:<12} {in_language(text, language).rstrip('.。')}"
        found.setdefault(section, []).append(line)
    listed = "\n\n".join(
        "\n".join([SECTIONS.get(section, (section, section))[place], *lines])
        for section, lines in found.items()
        if lines
    )
    return HELP[language].format(version=__version__, commands=listed)


def _described(path: Path) -> tuple[str, str]:
    """Return the section of a command and what it does, from its file, without importing it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    section = next(
        (
            str(node.value.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and any(isinstance(name, ast.Name) and name.id == "SECTION" for name in node.targets)
        ),
        "exchange",
    )
    return section, ast.get_docstring(tree) or ""


HELP = {
    "zh": """转型 zhuanxing {version}
老工业城市和资源型城市产业转型的系统动力学模型

用法：zhuanxing <命令> [设置 key=value ...]

{commands}

每个命令的说明：zhuanxing <命令> --help
例：
  zhuanxing run scenario=coal_reduction
  zhuanxing run scenario=plan levers.solar_base.intensity=0.8 'city=[包头,鄂尔多斯]'
  zhuanxing run -m scenario=baseline,plan,coal_reduction""",
    "en": """zhuanxing {version}
A system-dynamics model of the industrial transformation of China's old industrial and
resource-based cities

usage: zhuanxing <command> [key=value ...]

{commands}

help of a command: zhuanxing <command> --help
examples:
  zhuanxing run scenario=coal_reduction
  zhuanxing run scenario=plan levers.solar_base.intensity=0.8 'city=[baotou,ordos]'
  zhuanxing run -m scenario=baseline,plan,coal_reduction""",
}
