"""XMILE's functions and constants (OASIS XMILE 1.0, sections 3.5.1 to 3.5.6), as nodes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.expression_parser import NUMBER, Language
from zhuanxing.engine.reading.syntax_tree import Arithmetic, Call, Reference
from zhuanxing.engine.reading.vensim_functions import counted, smaller_or_larger, staged

__all__ = ["CONSTANTS", "MEAN", "REDUCTIONS", "SELF", "SIZE", "XMILE", "average"]

# What stands for a name that no variable has.
CONSTANTS: dict[str, Any] = {
    "dt": Reference("time step"),
    "starttime": Reference("initial time"),
    "stoptime": Reference("final time"),
    "inf": float(np.inf),
    "nan": float(np.nan),
    "pi": float(np.pi),
}
DT = Reference("time step")
SELF = "self"
MEAN, SIZE = "mean", "size"
# Functions of a whole array: where no subscript is marked with a star, all are meant.
REDUCTIONS = frozenset(("sum", "prod", "vmin", "vmax", MEAN, SIZE))
FAR = 1e3  # a normal number never lies so many standard deviations from its mean


def _mean(*arguments: Any) -> Any:
    if len(arguments) == 1:
        return _call(MEAN, *arguments)
    return average(Arithmetic(("+",) * (len(arguments) - 1), arguments), float(len(arguments)))


def _call(name: str, *arguments: Any) -> Call:
    return Call(Reference(name), arguments)


def _named(name: str) -> Callable[..., Any]:
    return lambda *arguments: _call(name, *arguments)


def _extreme(name: str) -> Callable[..., Any]:
    pair = smaller_or_larger(name)
    return lambda *arguments: (
        _call(f"v{name}", *arguments) if len(arguments) == 1 else pair(*arguments)
    )


def _fixed(x: Any, time: Any, start: Any = None) -> Any:
    return syntax_tree.DelayFixed(x, time, x if start is None else start)


def _counted_stages(kind: type[syntax_tree.Staged]) -> Callable[..., Any]:
    return lambda x, time, order, start=None: staged(kind, order)(x, time, start)


def _pulse(size: Any, first: Any, interval: Any = None) -> Any:
    if interval is None:
        return _call("xpulse", first, size)
    return _call("xpulse train", first, interval, size)


def _safe(above: Any, below: Any, otherwise: Any = None) -> Any:
    if otherwise is None:
        return _call("zidz", above, below)
    return _call("xidz", above, below, otherwise)


def _ramp(slope: Any, start: Any, end: Any = None) -> Any:
    return _call("xramp", slope, start) if end is None else _call("ramp", slope, start, end)


def _normal(mean: Any, deviation: Any, seed: Any = 0.0, low: Any = -FAR, high: Any = FAR) -> Any:
    if (low, high) == (-FAR, FAR):
        drawn = _call("random normal", -FAR, FAR, 0.0, 1.0, seed)
        return Arithmetic(("+",), (mean, Arithmetic(("*",), (deviation, drawn))))
    return _call("random normal", low, high, mean, deviation, seed)


def _lognormal(mean: Any, deviation: Any, seed: Any = 0.0) -> Any:
    """Return a number with this mean and standard deviation, whose logarithm is normal."""
    ratio = Arithmetic(("/",), (deviation, mean))
    variance = _call("ln", Arithmetic(("+",), (1.0, Arithmetic(("*",), (ratio, ratio)))))
    centre = Arithmetic(("-",), (_call("ln", mean), Arithmetic(("/",), (variance, 2.0))))
    return _call("exp", _normal(centre, _call("sqrt", variance), seed))


def average(total: Any, size: float) -> Any:
    """Return the mean of `size` numbers that add up to `total`."""
    return Arithmetic(("/",), (total, size))


def _always(value: Any) -> Callable[..., Any]:
    return lambda: value


_MAKERS: Any = {
    "init": (syntax_tree.Initial, (1,)),
    "previous": (lambda x, start: syntax_tree.DelayFixed(x, DT, start), (2,)),
    "history": (syntax_tree.History, (2,)),
    "delay": (_fixed, (2, 3)),
    "delay1": (staged(syntax_tree.Delay, 1.0), (2, 3)),
    "delay3": (staged(syntax_tree.Delay, 3.0), (2, 3)),
    "delayn": (_counted_stages(syntax_tree.DelayN), (3, 4)),
    # Vensim's DELAY N in a converted file, with its order of arguments.
    "delay n": (syntax_tree.DelayN, (4,)),
    "smth1": (staged(syntax_tree.Smooth, 1.0), (2, 3)),
    "smth3": (staged(syntax_tree.Smooth, 3.0), (2, 3)),
    "smthn": (_counted_stages(syntax_tree.SmoothN), (3, 4)),
    "trend": (lambda x, time, start=0.0: syntax_tree.Trend(x, time, start), (2, 3)),
    "forcst": (
        lambda x, time, ahead, start=0.0: syntax_tree.Forecast(x, time, ahead, start),
        (3, 4),
    ),
    "pulse": (_pulse, (2, 3)),
    "ramp": (_ramp, (2, 3)),
    "step": (_named("step"), (2,)),
    "safediv": (_safe, (2, 3)),
    "int": (_named("floor"), (1,)),
    "round": (_named("round"), (1,)),
    "log10": (lambda x: _call("log", x, 10.0), (1,)),
    "min": (_extreme("min"), (1, 2, ...)),
    "max": (_extreme("max"), (1, 2, ...)),
    "sum": (_named("sum"), (1,)),
    "prod": (_named("prod"), (1,)),
    MEAN: (_mean, (1, ...)),
    SIZE: (_named(SIZE), (1,)),
    "mod": (_named("floored modulo"), (2,)),
    "lookupinv": (_named("lookup invert"), (2,)),
    "random": (lambda low, high, seed=0.0: _call("random uniform", low, high, seed), (2, 3)),
    "uniform": (lambda low, high, seed=0.0: _call("random uniform", low, high, seed), (2, 3)),
    "normal": (_normal, (2, 3, 4, 5)),
    "lognormal": (_lognormal, (2, 3)),
    "exprnd": (
        lambda mean, seed=0.0: _call("random exponential", 0.0, float(np.inf), 0.0, mean, seed),
        (1, 2),
    ),
    **{name: (_always(value), (0,)) for name, value in CONSTANTS.items()},
    "percent": (lambda x: Arithmetic(("*",), (x, 100.0)), (1,)),
}

_PART = r'(?:"(?:[^"\\]|\\.)*"|[^\W\d][\w$\']*)'
XMILE = Language(
    token=re.compile(
        rf"""(?P<number>{NUMBER})
        |(?P<name>\.?{_PART}(?:\.{_PART})*)
        |(?P<operator><>|<=|>=|//|[-+*/^=<>()\[\],])""",
        re.VERBOSE,
    ),
    words={
        "if": "IF",
        "then": "THEN",
        "else": "ELSE",
        "and": ":AND:",
        "or": ":OR:",
        "not": ":NOT:",
        "mod": "MOD",
    },
    call=lambda function, arguments: counted(_MAKERS, function, arguments),
    tight_not=True,
)
