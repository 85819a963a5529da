"""Vensim's functions that have nodes of their own, and those that Vensim documents as macros."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.expression_parser import NUMBER, Arguments, Language

__all__ = ["BUILT_IN_MACROS", "PIPELINE", "VENSIM", "counted", "smaller_or_larger", "staged"]

Maker = Callable[..., Any]
Makers = Mapping[str, tuple[Maker, tuple[int, ...]]]
# DELAYP defines a second variable, the material on its way.
PIPELINE = "delayp"

# Vensim's manual defines these by equations.
BUILT_IN_MACROS = {
    "npv": """:MACRO: NPV(stream, discount rate, init val, factor)
NPV = (ncum + stream * TIME STEP * df) * factor ~~|
ncum = INTEG(stream * df, init val) ~~|
df = INTEG(-df * discount rate / (1 + discount rate * TIME STEP), 1) ~~|
:END OF MACRO:""",
    "npve": """:MACRO: NPVE(stream, discount rate, init val, factor)
NPVE = (ncum + stream * TIME STEP * df) * factor ~~|
ncum = INTEG(stream * df, init val) ~~|
df = INTEG(-df * discount rate / growth, 1 / growth) ~~|
growth = 1 + discount rate * TIME STEP ~~|
:END OF MACRO:""",
    "random pink noise": """:MACRO: RANDOM PINK NOISE(mean, deviation, correlation time, seed)
RANDOM PINK NOISE = INTEG((white - RANDOM PINK NOISE) / correlation time, mean) ~~|
white = mean + deviation * SQRT((2 - share) / share) * RANDOM NORMAL(-6, 6, 0, 1, seed) ~~|
share = TIME STEP / correlation time ~~|
:END OF MACRO:""",
}


def smaller_or_larger(name: str) -> Maker:
    """Return the maker of MIN or MAX of two or more numbers."""

    def pair(first: Any, second: Any) -> Any:
        return syntax_tree.Call(syntax_tree.Reference(name), (first, second))

    return lambda *arguments: reduce(pair, arguments)


def counted(makers: Makers, function: syntax_tree.Reference, arguments: Arguments) -> Any:
    """Return the node of a function that has a maker, else a plain call.

    Raises ValueError with a reason if there are too few or too many arguments.
    """
    maker, counts = makers.get(function.name, (None, ()))
    if maker is None:
        return syntax_tree.Call(function, arguments)
    open_ended = any(not isinstance(count, int) for count in counts)
    most = 99 if open_ended else max(counts)
    if not min(count for count in counts if isinstance(count, int)) <= len(arguments) <= most:
        expected = " or ".join(str(count) for count in counts if isinstance(count, int))
        more = " or more" if open_ended else ""
        noun = "argument" if expected == "1" and not more else "arguments"
        raise ValueError(f"takes {expected}{more} {noun}, {len(arguments)} given")
    return maker(*arguments)


def staged(kind: type[syntax_tree.Staged], order: Any) -> Maker:
    """Return the maker of a delay or smooth, which starts at its input unless a start is given."""
    return lambda x, time, start=None: kind(x, time, x if start is None else start, order)


def _pulse_train(start: Any, width: Any, interval: Any, end: Any) -> Any:
    function = syntax_tree.Reference("pulse train")
    return syntax_tree.Call(function, (start, interval, width, end))


def _call(name: str, *arguments: Any) -> syntax_tree.Call:
    return syntax_tree.Call(syntax_tree.Reference(name), arguments)


def _drawn(kind: str, shape: Callable[..., Arguments]) -> Maker:
    """Return the maker of a random function: bounds, its shape, a shift, a stretch and a seed.

    The bounds hold for what is stretched and then shifted (Vensim's manual).
    """

    def make(low: Any, high: Any, *rest: Any) -> Any:
        *numbers, shift, stretch, seed = rest
        bounds = (
            syntax_tree.Arithmetic(
                ("/",), (syntax_tree.Arithmetic(("-",), (bound, shift)), stretch)
            )
            for bound in (low, high)
        )
        draw = _call(f"truncated {kind}", *shape(*numbers), *bounds, seed)
        stretched = syntax_tree.Arithmetic(("*",), (stretch, draw))
        return syntax_tree.Arithmetic(("+",), (shift, stretched))

    return make


def _weibull(shape: Any) -> Arguments:
    """Return shape and scale of the distribution with a mean of 1."""
    inverse = syntax_tree.Arithmetic(("/",), (1.0, shape))
    mean = _call("exp", _call("gamma ln", syntax_tree.Arithmetic(("+",), (1.0, inverse))))
    return shape, syntax_tree.Arithmetic(("/",), (1.0, mean))


def _triangular(
    low: Any, high: Any, start: Any, peak: Any, stop: Any, seed: Any
) -> syntax_tree.Call:
    return _call("truncated triangular", start, peak, stop, low, high, seed)


def _time_base(start: Any, slope: Any) -> Any:
    passed = syntax_tree.Arithmetic(("*",), (syntax_tree.Reference(syntax_tree.CLOCK), slope))
    return syntax_tree.Arithmetic(("+",), (start, passed))


def _external(kind: type, count: int) -> tuple[Maker, tuple[int, ...]]:
    def make(*arguments: Any) -> Any:
        if not all(isinstance(argument, str) for argument in arguments):
            raise ValueError("takes names in single quotes: file, tab and cells")
        file, *place = arguments
        return kind(file.replace("\\", "/"), *place)

    return make, (count,)


def _pending(*_: Any) -> Any:
    raise ValueError("lists causes only: its equation is still to be written")


_MAKERS: Any = {
    "integ": (lambda flow, initial: syntax_tree.Integ(flow, initial, False), (2,)),
    "initial": (syntax_tree.Initial, (1,)),
    "reinitial": (syntax_tree.Initial, (1,)),
    "game": (syntax_tree.Game, (1,)),
    "delay1": (staged(syntax_tree.Delay, 1.0), (2,)),
    "delay1i": (staged(syntax_tree.Delay, 1.0), (3,)),
    "delay3": (staged(syntax_tree.Delay, 3.0), (2,)),
    "delay3i": (staged(syntax_tree.Delay, 3.0), (3,)),
    "delay n": (syntax_tree.DelayN, (4,)),
    "delay fixed": (syntax_tree.DelayFixed, (3,)),
    "delay information": (syntax_tree.DelayInformation, (3,)),
    "delay material": (syntax_tree.DelayMaterial, (4,)),
    "depreciate straightline": (syntax_tree.Depreciation, (4,)),
    PIPELINE: (lambda x, time, _: syntax_tree.Delay(x, time, x, 3.0), (3,)),
    "smooth": (staged(syntax_tree.Smooth, 1.0), (2,)),
    "smoothi": (staged(syntax_tree.Smooth, 1.0), (3,)),
    "smooth3": (staged(syntax_tree.Smooth, 3.0), (2,)),
    "smooth3i": (staged(syntax_tree.Smooth, 3.0), (3,)),
    "smooth n": (syntax_tree.SmoothN, (4,)),
    "trend": (syntax_tree.Trend, (3,)),
    "forecast": (lambda x, time, ahead: syntax_tree.Forecast(x, time, ahead, 0.0), (3,)),
    "sample if true": (syntax_tree.SampleIfTrue, (3,)),
    "allocate available": (syntax_tree.AllocateAvailable, (3,)),
    "allocate by priority": (syntax_tree.AllocateByPriority, (5,)),
    "pulse train": (_pulse_train, (4,)),
    "random triangular": (_triangular, (6,)),
    "random weibull": (_drawn("weibull", _weibull), (6,)),
    # Vensim takes an order below 1 for 1.
    "random gamma": (_drawn("gamma", lambda order: (_call("max", order, 1.0), 1.0)), (6,)),
    "random beta": (_drawn("beta", lambda alpha, beta: (alpha, beta)), (7,)),
    "random poisson": (_drawn("poisson", lambda mean: (mean,)), (6,)),
    "random binomial": (_drawn("binomial", lambda chance, trials: (trials, chance)), (7,)),
    "random negative binomial": (
        _drawn("negative binomial", lambda chance, successes: (chance, successes)),
        (7,),
    ),
    "time base": (_time_base, (2,)),
    "with lookup": (syntax_tree.InlineLookup, (2,)),
    "min": (smaller_or_larger("min"), (2, ...)),
    "max": (smaller_or_larger("max"), (2, ...)),
    "get xls lookups": _external(syntax_tree.GetLookups, 4),
    "get direct lookups": _external(syntax_tree.GetLookups, 4),
    "get xls data": _external(syntax_tree.GetData, 4),
    "get direct data": _external(syntax_tree.GetData, 4),
    "get xls constants": _external(syntax_tree.GetConstants, 3),
    "get direct constants": _external(syntax_tree.GetConstants, 3),
    "a function of": (_pending, (0, ...)),
}

VENSIM = Language(
    token=re.compile(
        rf"""(?P<number>{NUMBER})
        |(?P<string>'[^']*')
        |(?P<name>"(?:[^"\\]|\\.)*"
            |(?:[^\W\d]|[^\x00-\x7f])(?:[\w\s'$\\]|[^\x00-\x7f])*)
        |(?P<operator>:\s*(?:AND|OR|NOT|NA)\s*:|<>|<=|>=|[-+*/^=<>()\[\],:])""",
        re.VERBOSE | re.IGNORECASE,
    ),
    words={":and:": ":AND:", ":or:": ":OR:", ":not:": ":NOT:", ":na:": ":NA:"},
    call=lambda function, arguments: counted(_MAKERS, function, arguments),
    tabled=frozenset(("with lookup",)),
)
