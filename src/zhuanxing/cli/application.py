"""Every command as a Hydra application: composed from conf/, the command line and plugins.

Hydra composes the settings, sweeps over them (-m) and shows them (--cfg, --info). What it composes
is then checked by the classes of the settings, which every message comes from that can name the
nearest valid key or value. It writes no files of its own unless hydra.run.dir, hydra.sweep.dir or
hydra.output_subdir ask for it.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import default_language
from zhuanxing.cli.grammar import Override, overrides
from zhuanxing.config import as_mapping, validated
from zhuanxing.data.names import read_names
from zhuanxing.errors import Sentence, ZhuanxingError
from zhuanxing.storage.paths import find_places
from zhuanxing.storage.yaml_files import load_yaml

__all__ = ["run_command"]

VERSION = "1.3"
# How Hydra begins when a list is given for keys and values, or the reverse.
MERGING = "Error merging override "
# How it begins when several values are given without -m.
SEVERAL = re.compile(r"^(?:Ambiguous value for argument|Sweep parameters) '\+*(.*)'")
COMPOSING = (HydraException, OmegaConfBaseException, yaml.YAMLError, AssertionError)
# Nothing is written, logged or changed on disk but what the command itself writes.
QUIET = {
    "hydra.run.dir": ".",
    "hydra.output_subdir": "null",
    "hydra.sweep.subdir": ".",
    "hydra/job_logging": "none",
    "hydra/hydra_logging": "none",
}


@dataclass(frozen=True)
class Outcome:
    """How one job ended: with its exit code, or with an error.

    The error is kept because Hydra would print a traceback for one that is raised.
    """

    code: int = 0
    error: Exception | None = None


class _Parser(argparse.ArgumentParser):
    """Switches whose mistakes are one sentence, as all others are."""

    def error(self, message: str) -> NoReturn:
        raise ZhuanxingError(f"{message}; write settings as key=value ('{self.prog} --help')")


def run_command(name: str, command: Command, argv: Sequence[str]) -> int:
    """Run `zhuanxing name` with the words and switches `argv`; return its exit code.

    Raises ZhuanxingError, in one sentence, for anything that Hydra or the settings refuse.
    """
    options, words = _options(name, argv)
    context = _context(command)
    file = context.places.conf / f"{name}.yaml"
    told = overrides(words, command.settings, command.word, _groups(file), context.names)
    application = _Application(name, command, context, [*_searched(options.config_dir), *told],
                               options)  # fmt: skip
    with _composing(file), application.opened():
        if options.cfg or options.info or options.help:
            application.show()
            return 0
        if options.multirun or any(one.key == "hydra.mode" for one in told):
            return application.multirun()
        return application.run()


def _context(command: Command) -> Context:
    places = find_places()
    if not places.own and "scenario" in command.settings.__dataclass_fields__:
        print(f"zhuanxing: using the model in {places.root}", file=sys.stderr)
    return Context(places, read_names(places.model), (default_language(),))


def _options(name: str, argv: Sequence[str]) -> tuple[Any, list[str]]:
    parser = _Parser(prog=f"zhuanxing {name}", add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("-c", "--cfg", choices=("job", "hydra", "all"))
    parser.add_argument("-p", "--package")
    parser.add_argument("--resolve", action="store_true")
    info = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
    parser.add_argument("-i", "--info", nargs="?", const="all", choices=info)
    parser.add_argument("-cn", "--config-name", default=name)
    parser.add_argument("-cd", "--config-dir")
    options, words = parser.parse_known_args(list(argv))
    switch = next((word for word in words if word.startswith("-") and "=" not in word), None)
    if switch:
        raise ZhuanxingError(
            "there is no option '{option}'; write settings as key=value, or -m for several runs",
            option=switch,
        )
    return options, words


def _searched(folder: str | None) -> list[Override]:
    """Return what lets Hydra look for files in a folder, which are checked first."""
    if not folder:
        return []
    path = Path(folder).absolute()
    if not os.path.isdir(path):
        raise ZhuanxingError("--config-dir: there is no folder {path}", path=path)
    for file in sorted(path.rglob("*.yaml")):
        _checked(file)
    return [Override("hydra.searchpath", f"hydra.searchpath=['file://{path}']")]


def _groups(path: Path) -> dict[str, list[str]]:
    """Return the groups of the defaults list, with the files that each may be.

    Raises ZhuanxingError for a file that Hydra should not read: aliases can fill its memory.
    """
    raw = _checked(path) if path.exists() else {}
    listed = raw.get("defaults") or []
    groups = [str(key) for item in listed if isinstance(item, dict) for key in item]
    files = {
        group: sorted((path.parent / group).glob("*.yaml"))
        for group in groups
        if (path.parent / group).is_dir()
    }
    for file in (file for members in files.values() for file in members):
        _checked(file)
    return {group: [file.stem for file in members] for group, members in files.items()}


def _checked(file: Path) -> dict[str, Any]:
    """Return what a file of settings holds, once nothing in it can harm Hydra."""
    found = load_yaml(file, str(file))
    if not isinstance(found, dict | None):
        raise ZhuanxingError(f"{file}: keys with values are expected, one a line")
    return found or {}


@contextmanager
def _composing(path: Path) -> Iterator[None]:
    try:
        yield
    except COMPOSING as error:
        raise ZhuanxingError(_composing_error(error, path)) from error


def _composing_error(error: Exception, path: Path) -> str:
    """Return the first line of a message of Hydra, OmegaConf or YAML, with the file's name."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    if first.startswith(MERGING):
        said = first.removeprefix(MERGING).lstrip("+")
        return f"command line: '{said}' has another form than that setting in {path}, see there"
    if several := SEVERAL.search(first):
        return Sentence(
            "'{text}' gives several values; add -m to run each, or write a list in brackets and "
            "quotes, as in 'city=[a,b]'",
            text=several[1],
        )
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        first = f"line {error.problem_mark.line + 1}: {error.problem}"
    return f"{path}: the settings cannot be composed ({first.rstrip('.') or type(error).__name__})"


@dataclass(frozen=True)
class _Application:
    """One command, composed with what it is told."""

    name: str
    command: Command
    context: Context
    told: Sequence[Override]
    options: Any

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Give Hydra the folder conf/, and the defaults of a command that has no file there."""
        conf = self.context.places.conf.resolve()
        if not (conf / f"{self.name}.yaml").is_file():
            ConfigStore.instance().store(self.name, _defaults(self.command.settings))
        with initialize_config_dir(str(conf), version_base=VERSION, job_name=self.name):
            yield

    def run(self) -> int:
        """Run one job."""
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        job = self._job(self.command.run)
        with _making_folders():
            done = hydra.run(self.options.config_name, job, self._lines(QUIET))
        return _code([done.return_value])

    def multirun(self) -> int:
        """Run a job for each combination of values; none before all have been checked."""
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        targets: list[Path] = []

        def check(settings: Any, context: Context) -> int:
            targets.extend(p.absolute() for p in self.command.check(settings, context))
            return 0

        with tempfile.TemporaryDirectory() as folder:
            lines = self._lines({**QUIET, "hydra.sweep.dir": f"'{folder}'"})

            def outcomes(work: Callable[[Any, Context], int]) -> list[Outcome]:
                with _making_folders():
                    done = hydra.multirun(self.options.config_name, self._job(work), lines)
                return _returned(done)

            if not any(one.key.startswith(("hydra/", "hydra.mode")) for one in self.told):
                _code(outcomes(check))
                _refuse_collisions(targets)
            return _code(outcomes(self.command.run))

    def show(self) -> None:
        """Print the help, the composed settings, or what Hydra knows of them."""
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        name, lines = self.options.config_name, self._lines({})
        if self.options.help:
            from zhuanxing.cli.help import command_help

            config: Any = hydra.compose_config(name, lines, run_mode=RunMode.RUN)
            defaults = OmegaConf.to_container(config)
            print(command_help(self.name, self.command, defaults, self.context))
        elif self.options.cfg:
            resolve = self.options.resolve
            hydra.show_cfg(name, lines, self.options.cfg, self.options.package, resolve)
        else:
            with _logging_restored():
                hydra.show_info(self.options.info, name, lines)

    def _job(self, work: Callable[[Any, Context], int]) -> Callable[[DictConfig], Outcome]:
        """Return what Hydra calls: `work` with the settings that it has composed, checked."""

        def job(config: DictConfig) -> Outcome:
            try:
                with _composing(self.context.places.conf / f"{self.name}.yaml"):
                    raw: Any = OmegaConf.to_container(config, resolve=True)
                settings = validated(self.command.settings, raw, "", self.context.names)
                return Outcome(work(settings, self.context.told(settings)))
            except Exception as error:
                return Outcome(error=error)

        return job

    def _lines(self, quiet: dict[str, str]) -> list[str]:
        """Return the overrides for Hydra; what the command line says of it comes first."""
        said = {one.key for one in self.told}
        lines = [f"{key}={value}" for key, value in quiet.items() if key not in said]
        return [*lines, *(one.line for one in self.told)]


def _refuse_collisions(targets: Sequence[Path]) -> None:
    """Raise ZhuanxingError if two jobs write one file."""
    twice = next((path for path in targets if targets.count(path) > 1), None)
    if twice is not None:
        raise ZhuanxingError(
            "several runs would write {path}; put what differs into the name, as in "
            "'output=outputs/${{scenario}}_${{years.end}}.nc'",
            path=twice,
        )


@contextmanager
def _making_folders() -> Iterator[None]:
    """Say in a sentence that a folder cannot be made; what a job raises is in its outcome."""
    try:
        yield
    except OSError as error:
        raise ZhuanxingError(
            "command line: the folder '{path}' of Hydra's own cannot be made ({reason})",
            path=error.filename, reason=error.strerror,
        ) from error  # fmt: skip


@contextmanager
def _logging_restored() -> Iterator[None]:
    """Undo what Hydra does to show its own log."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


def _returned(batches: Any) -> list[Outcome]:
    return [job.return_value for batch in batches for job in batch]


def _code(outcomes: Sequence[Outcome]) -> int:
    """Return the highest exit code; raise the error again with which a job ended."""
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return max(outcome.code for outcome in outcomes)


def _defaults(settings: Any) -> dict[str, Any]:
    """Return the values that the fields of a class have by default, as a file would hold them."""
    return {
        name: as_mapping(entry.get_default(call_default_factory=True))
        for name, entry in settings.__pydantic_fields__.items()
        if not entry.is_required()
    }
