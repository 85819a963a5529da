"""What of a computation to keep for later, where much of it is quicker computed again than read.

Values that a few quick operations make from others that are kept, or from fewer numbers, are made
again. The least that can be kept is a minimal cut; this finds a small one. (Griewank and Walther
2008, Evaluating Derivatives, 2nd edition, SIAM, chapter 12.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

from zhuanxing.engine.running.lean import BARRIER, pruned, variables

__all__ = ["Cut"]

# Operations that take no longer than to read their result from memory, and functions of JAX.
QUICK = frozenset((
    "abs", "add", "and", "eq", "ge", "gt", "is_finite", "le", "lt", "max", "min", "mul", "ne",
    "neg", "not", "or", "select_n", "sign", "sub", "_where", "clip",
))  # fmt: skip
# Those that only show an array in another shape.
SHAPES = frozenset(("broadcast_in_dim", "convert_element_type", "reshape", "squeeze"))
# So many quick operations at most are done again for a value.
FEW = 8
# Of smaller arrays it would be for each element of a larger one that is made of them.
LEAST = 100


class Cut:
    """The results of a computation that depend on its arguments, made of what is kept.

    `made` is its list of operations. What is the same for all arguments is found once.
    """

    def __init__(self, made: ClosedJaxpr) -> None:
        bare, shown = _without_barriers(made.jaxpr)
        self._sources = {one: equation for equation in bare.eqns for one in equation.outvars}
        self._places = {one: place for place, one in enumerate(self._sources)}
        self._given = set(bare.invars)
        self._moving = _dependent(bare)
        self._moves = [not isinstance(one, Literal) and one in self._moving for one in bare.outvars]
        wanted = self._those(bare.outvars, True)
        kept = self._chosen(wanted)
        again = self._again(bare, wanted, {*kept, *self._given})
        read = [one for e in again for one in e.invars if not isinstance(one, Literal)]
        beside = [one for one in dict.fromkeys(read) if one not in self._moving]
        self._beside = len(beside)

        def computed(found: Sequence[Any]) -> Callable[..., list[Any]]:
            named = [one if isinstance(one, Literal) else shown.get(one, one) for one in found]
            return pruned(ClosedJaxpr(made.jaxpr.replace(outvars=named), made.consts))

        self.kept = computed(kept)
        self.same = computed([*beside, *self._those(bare.outvars, False)])
        second = bare.replace(
            constvars=(), invars=[*bare.invars, *kept, *beside], outvars=wanted, eqns=again
        )
        self._results: Callable[..., list[Any]] = jaxpr_as_fun(ClosedJaxpr(second, ()))

    def results(
        self, arguments: Sequence[Any], kept: Sequence[Any], same: Sequence[Any]
    ) -> list[Any]:
        """Return the results that depend on the arguments."""
        return self._results(*arguments, *kept, *same[: self._beside])

    def all(self, results: Sequence[Any], same: Sequence[Any]) -> list[Any]:
        """Return these results and those that are the same, in their order."""
        moving, still = iter(results), iter(same[self._beside :])
        return [next(moving if moves else still) for moves in self._moves]

    def _those(self, results: Sequence[Any], moving: bool) -> list[Any]:
        return [one for one, moves in zip(results, self._moves, strict=True) if moves is moving]

    def _chosen(self, wanted: Sequence[Any]) -> list[Any]:
        """Return what to keep: at first all that is wanted, then what that is quickly made of."""
        kept, last = set(wanted) - self._given, -1
        while len(kept) != last:
            last = len(kept)
            large = [one for one in kept if one.aval.size > LEAST]
            for one in sorted(large, key=self._places.__getitem__, reverse=True):
                roots = self._roots(one, kept)
                if roots is not None and sum(r.aval.size for r in roots - kept) < one.aval.size:
                    kept = (kept - {one}) | roots
        return sorted(kept, key=self._places.__getitem__)

    def _roots(self, value: Any, kept: Set[Any]) -> set[Any] | None:
        """Return what a few quick operations make a value of, beside the arguments."""
        roots: set[Any] = set()
        seen, open_, count = {value}, [value], 0
        while open_:
            one = open_.pop()
            equation = self._sources[one]
            name = equation.params.get("name") or equation.primitive.name
            smaller = one.aval.size < value.aval.size
            if name not in QUICK | SHAPES or smaller or (one in kept and one is not value):
                roots.add(one)
                continue
            count += name in QUICK
            inside = set(variables(equation.invars)) & self._moving - self._given - seen
            seen |= inside
            open_ += inside
        return None if count > FEW or value in roots else roots

    def _again(self, bare: Jaxpr, wanted: Sequence[Any], known: Set[Any]) -> list[Any]:
        """Return the operations that make what is wanted of what is known."""
        missing, found = set(wanted) - known, []
        for equation in reversed(bare.eqns):
            if not missing.isdisjoint(equation.outvars):
                found.append(equation)
                missing |= set(variables(equation.invars)) & self._moving - known
        return found[::-1]


def _without_barriers(jaxpr: Jaxpr) -> tuple[Jaxpr, dict[Any, Any]]:
    """Return the same without barriers, and by what is behind one the name it has before it."""
    names: dict[Any, Any] = {}
    equations = []

    def named(values: Sequence[Any]) -> list[Any]:
        return [one if isinstance(one, Literal) else names.get(one, one) for one in values]

    for equation in jaxpr.eqns:
        given = named(equation.invars)
        if equation.primitive.name == BARRIER:
            names |= zip(equation.outvars, given, strict=True)
        else:
            equations.append(equation.replace(invars=given))
    shown = {one: behind for behind, one in names.items() if not isinstance(one, Literal)}
    return jaxpr.replace(eqns=equations, outvars=named(jaxpr.outvars)), shown


def _dependent(jaxpr: Jaxpr) -> set[Any]:
    """Return what depends on the arguments."""
    found = set(jaxpr.invars)
    for equation in jaxpr.eqns:
        if not found.isdisjoint(variables(equation.invars)):
            found.update(equation.outvars)
    return found
