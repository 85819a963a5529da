"""XMILE's functions and constants (OASIS XMILE 1.0, sections 3.5.1 to 3.5.6), as nodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.expression_parser import NUMBER, Language
from zhuanxing.engine.reading.syntax_tree import Arithmetic, Call, Logic, Reference
from zhuanxing.engine.reading.vensim_functions import counted, smaller_or_larger, staged

__all__ = [
    "CONSTANTS", "MEAN", "RANK", "REDUCTIONS", "SELF", "SIZE", "STDDEV", "XMILE", "average",
]  # fmt: skip

# What stands for a name that no variable has.
CONSTANTS: dict[str, Any] = {
    "dt": Reference("time step"),
    "starttime": Reference("initial time"),
    "stoptime": Reference("final time"),
    "inf": float(np.inf),
    "nan": float(np.nan),
    "pi": float(np.pi),
}
TIME, START, DT = (Reference(name) for name in ("time", "initial time", "time step"))
BLANK = Reference("nan")
INF = float(np.inf)
SELF = "self"
MEAN, SIZE, STDDEV, RANK = "mean", "size", "stddev", "rank"
# Functions of a whole array: where no subscript is marked with a star, all are meant.
REDUCTIONS = frozenset(("sum", "prod", "vmin", "vmax", MEAN, SIZE, STDDEV, RANK))
# Namespaces whose functions are called by their bare names too.
SPACES = ("std", "isee")
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


def _ramp(slope: Any, start: Any, end: Any = None) -> Any:
    return _call("xramp", slope, start) if end is None else _call("ramp", slope, start, end)


def _blank(argument: Any) -> bool:
    """Return whether an optional argument is left out: NAN stands for that in Stella."""
    return bool(argument is None or argument == BLANK)


def _drawn(
    least: int, draw: Callable[..., Any], given: Sequence[Any] = ()
) -> tuple[Callable[..., Any], tuple[int, ...]]:
    """Return the maker of a random function and its numbers of arguments.

    After its own come, as in Stella, a seed, the least and the largest value, and how long a number
    is held. `given` stand for the last of its own where they are left out.
    """
    most = least + len(given)

    def make(*arguments: Any) -> Any:
        own = (*arguments[:most], *given[len(arguments[:most]) - least :])[:most]
        rest: tuple[Any, ...] = (*arguments[most:], None, None, None, None)
        seed, low, high, held = rest[:4]
        low = -INF if _blank(low) else low
        high = INF if _blank(high) else high
        drawn = draw(*own, low, high, 0.0 if _blank(seed) else seed)
        return drawn if _blank(held) else _held(drawn, held)

    return make, (*range(least, most + 5),)


def _held(drawn: Any, interval: Any) -> Any:
    """Return a number that is drawn anew when Time passes a multiple of an interval."""
    middle = Arithmetic(("+",), (TIME, Arithmetic(("/",), (DT, 2.0))))
    passed = Logic(("<",), (_call("floored modulo", middle, interval), DT))
    first = Logic(("<",), (TIME, Arithmetic(("+",), (START, Arithmetic(("/",), (DT, 2.0))))))
    return syntax_tree.SampleIfTrue(Logic((":OR:",), (first, passed)), drawn, drawn)


def _normal(mean: Any, deviation: Any, low: Any, high: Any, seed: Any) -> Any:
    if (low, high) == (-INF, INF):
        drawn = _call("random normal", -FAR, FAR, 0.0, 1.0, seed)
        return Arithmetic(("+",), (mean, Arithmetic(("*",), (deviation, drawn))))
    return _call("random normal", low, high, mean, deviation, seed)


def _uniform(least: Any, most: Any, low: Any, high: Any, seed: Any) -> Any:
    low = least if low == -INF else _call("max", least, low)
    high = most if high == INF else _call("min", most, high)
    return _call("random uniform", low, high, seed)


def _exponential(mean: Any, low: Any, high: Any, seed: Any) -> Any:
    return _call("random exponential", _call("max", low, 0.0), high, 0.0, mean, seed)


def _poisson(rate: Any, low: Any, high: Any, seed: Any) -> Any:
    """Return how many arrive within a step, at so many a unit of time."""
    return _call("truncated poisson", Arithmetic(("*",), (rate, DT)), low, high, seed)


def _montecarlo(percent: Any, low: Any, high: Any, seed: Any) -> Any:
    """Return 1 if what happens by this chance, in per cent a unit of time, happens in a step."""
    chance = Arithmetic(("*",), (percent, DT))
    happens = Logic(("<",), (_call("random uniform", 0.0, 100.0, seed), chance))
    return _call("if then else", happens, 1.0, 0.0)


def _lost(value: Any, otherwise: Any = None) -> Any:
    """Return ENDVAL, the end of the run before: of the first run there is none."""
    return syntax_tree.Initial(value) if otherwise is None else otherwise


def _growth(percent: Any) -> Any:
    """Return CGROWTH: the rate a unit of time by which a stock grows so many per cent in it."""
    factor = Arithmetic(("+",), (1.0, Arithmetic(("/",), (percent, 100.0))))
    return Arithmetic(("/",), (Arithmetic(("-",), (_call("power", factor, DT), 1.0)), DT))


def _root(value: Any, order: Any) -> Any:
    """Return ROOTN: an odd root of a negative number is negative, an even one there is not."""
    part = Arithmetic(("/",), (1.0, order))
    size = _call("power", _call("abs", value), part)
    odd = Arithmetic(("*",), (_call("sign", value), size))
    even = Logic(("=",), (_call("floored modulo", order, 2.0), 0.0))
    return _call("if then else", even, _call("power", value, part), odd)


def _wave(name: str) -> Callable[..., Any]:
    def make(size: Any, period: Any) -> Any:
        turns = Arithmetic(("/",), (Arithmetic(("*",), (2.0 * np.pi, TIME)), period))
        return Arithmetic(("*",), (_call("abs", size), _call(name, turns)))

    return make


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
    "safediv": (_named("safe quotient"), (2, 3)),
    "int": (_named("floor"), (1,)),
    "round": (_named("round"), (1,)),
    "log10": (lambda x: _call("log", x, 10.0), (1,)),
    "min": (_extreme("min"), (1, 2, ...)),
    "max": (_extreme("max"), (1, 2, ...)),
    "sum": (_named("sum"), (1,)),
    "prod": (_named("prod"), (1,)),
    MEAN: (_mean, (1, ...)),
    SIZE: (_named(SIZE), (1,)),
    STDDEV: (_named(STDDEV), (1,)),
    RANK: (_named(RANK), (2, 3)),
    "mod": (_named("floored modulo"), (2,)),
    "lookupinv": (_named("lookup invert"), (2,)),
    "random": (_drawn(2, _uniform)[0], (2, 3)),
    "uniform": _drawn(2, _uniform),
    "normal": _drawn(2, _normal),
    "lognormal": _drawn(2, _named("truncated lognormal")),
    "exprnd": _drawn(1, _exponential),
    "poisson": _drawn(1, _poisson),
    "binomial": _drawn(2, _named("truncated binomial")),
    "beta": _drawn(2, _named("truncated beta")),
    "gamma": _drawn(1, _named("truncated gamma"), (1.0,)),
    "logistic": _drawn(2, _named("truncated logistic")),
    "pareto": _drawn(2, _named("truncated pareto")),
    "triangular": _drawn(3, _named("truncated triangular")),
    "weibull": _drawn(2, _named("truncated weibull")),
    "montecarlo": _drawn(1, _montecarlo),
    "endval": (_lost, (1, 2)),
    "cgrowth": (_growth, (1,)),
    "rootn": (_root, (2,)),
    "sinwave": (_wave("sin"), (2,)),
    "coswave": (_wave("cos"), (2,)),
    "gammaln": (_named("gamma ln"), (1,)),
    "normalcdf": (_named("normal share"), (2, 4)),
    "invnorm": (_named("normal quantile"), (1, 3)),
    **{name: (_always(value), (0,)) for name, value in CONSTANTS.items()},
    **dict.fromkeys(("percent", "pct"), (lambda x: Arithmetic(("*",), (x, 100.0)), (1,))),
}


def _called(function: Reference, arguments: tuple[Any, ...]) -> Any:
    """Return the node of a function, whose name may say whose it is: std.ABS, isee.HISTORY."""
    space, point, name = function.name.partition(".")
    own = point and space in SPACES and name
    return counted(_MAKERS, Reference(own) if own else function, arguments)


_PART = r'(?:"(?:[^"\\]|\\.)*"|[^\W\d][\w$\']*)'
XMILE = Language(
    token=re.compile(
        rf"""(?P<number>{NUMBER})
        |(?P<name>\.?{_PART}(?:\.{_PART})*)
        |(?P<operator><>|<=|>=|//|[-+*/^=<>()\[\],'])""",
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
    call=_called,
    tight_not=True,
    computed=True,
)
