"""What must be computed for the outputs that are asked, and what does not change in a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from zhuanxing.engine.running.dependency_order import dependents, evaluation_order, reachable
from zhuanxing.engine.running.failures import key_of
from zhuanxing.engine.running.graph import Graph, start_numpy
from zhuanxing.engine.running.inputs import Inputs
from zhuanxing.engine.running.scan import AGGREGATES, STATE, Plan
from zhuanxing.engine.translating.model_builder import Built
from zhuanxing.engine.translating.states import State
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["asked", "inputs_read", "keyed", "make_plan"]

# So many operations an element cost more again in each reader of a batch than their result in
# memory. In a run by itself all do, and what is computed again makes compiling longer too.
WORTH_SETTLING = 5

Names = tuple[str, ...]
# At the start, once, every step, every step for states; and the states.
Orders = tuple[Names, Names, Names, Names, Names]


def keyed(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the outputs by the keys of their names."""
    return {key_of(name): how for name, how in outputs.items()}


def asked(built: Built, given: Inputs, outputs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the outputs and their aggregates, by key.

    Raises ZhuanxingError for an unknown output or aggregate.
    """
    pairs = tuple(keyed(outputs).items())
    for name, how in pairs:
        given.shape(name)
        if name in built.model.tables:
            raise ZhuanxingError(f"'{name}' is a look-up and has no path, ask for its reader.")
        if how not in AGGREGATES:
            raise ZhuanxingError(
                f"output '{name}' asks for '{how}', did you mean '{nearest(how, AGGREGATES)}'?"
            )
    return pairs


def make_plan(
    built: Built,
    given: Inputs,
    method: str,
    inputs: Mapping[str, np.ndarray],
    outputs: Mapping[str, str],
    *,
    batched: frozenset[str] = frozenset(),
    runs: int | None = None,
    moved: frozenset[str] | None = None,
) -> Plan:
    """Return the plan of a run whose `batched` inputs have an axis of `runs`.

    `moved` are the inputs by which it will be differentiated, if it will.

    Raises ZhuanxingError for an unknown output or aggregate.
    """
    start, step, count = given.clock(inputs)
    pairs = asked(built, given, outputs)
    per_year = _steps_per_year(step, pairs)
    names = tuple(name for name, _ in pairs)
    graph, orders, spread, settled, moving = _ordered(
        built, frozenset(inputs), names, batched, moved
    )
    held = next((inputs[name].shape[-1] for name in sorted(batched)), None)
    lengths = dict.fromkeys(orders[-1], 1)
    with np.errstate(all="ignore"):
        env, noted = start_numpy(graph, inputs, (start, step), held, spread)
        for key in orders[-1]:
            if type(graph.states[key]).length is not State.length:
                env.states[key]  # reading a state notes its length
    lengths |= noted
    return Plan(
        graph, *orders, lengths, spread, runs, count, per_year, method, pairs, settled,
        moved is not None, batched, moving,
    )  # fmt: skip


def inputs_read(plan: Plan, inputs: Iterable[str]) -> list[str]:
    """Return the inputs that a plan reads: a change of others must not reach the compiler."""
    named = {*plan.start_order, *plan.once, *plan.every_step, *plan.graph.tables}
    stocks = {plan.graph.states[key].scope.name for key in plan.states}
    return [
        name
        for name in sorted(inputs)
        if name in named or name in stocks or name.startswith(("time:", STATE))
    ]


def _steps_per_year(step: float, pairs: Sequence[tuple[str, str]]) -> int:
    """Return the number of steps in a year, or 0 where it is not whole and not needed."""
    per_year = round(1.0 / step)
    if abs(per_year * step - 1.0) <= 1e-9:
        return per_year
    if any(how != "path" for _, how in pairs):
        raise ZhuanxingError(
            f"annual outputs need a whole number of time steps in a year, a step is {step}."
        )
    return 0


@lru_cache(maxsize=32)
def _ordered(
    built: Built,
    inputs: frozenset[str],
    outputs: Names,
    batched: frozenset[str],
    moved: frozenset[str] | None,
) -> tuple[Graph, Orders, frozenset[str], frozenset[str], frozenset[str]]:
    """Return what of a plan depends on names alone: finding it takes as long as a run."""
    graph = Graph(built, inputs)
    orders, spread = _orders(graph, outputs), _spread(graph, batched)
    settled = _settled(graph, orders, spread, moved is not None)
    return graph, orders, spread, settled, _spread(graph, moved or frozenset())


def _orders(graph: Graph, outputs: Sequence[str]) -> Orders:
    """Return start order, once, every step, for states, states: only what the outputs need."""
    wanted = sorted(reachable(outputs, graph.ever))
    states = tuple(name for name in wanted if name.startswith("@"))
    feeding = [need for key in states for need in sorted(graph.states[key].needs)]
    order = [
        name
        for name in evaluation_order([*outputs, *feeding], graph.in_step)
        if name in graph.nodes
    ]
    varying = graph.varying([*order, *states])
    start = [name for name in evaluation_order(states, graph.at_start) if name not in graph.tables]
    fed = reachable(feeding, graph.in_step)
    stepped = tuple(name for name in order if name in varying)
    return (
        tuple(start),
        tuple(name for name in order if name not in varying),
        stepped,
        tuple(name for name in stepped if name in fed),
        states,
    )


def _settled(graph: Graph, orders: Orders, spread: frozenset[str], guarded: bool) -> frozenset[str]:
    """Return what XLA must not compute again in every reader.

    For a gradient that is every variable, in a run by itself what has several readers, in a batch
    (where something is `spread`) what takes some operations besides.
    """
    start, once, every_step, _, states = orders
    computed = {name for name in (*start, *once, *every_step) if name in graph.nodes}
    if guarded:
        return frozenset(computed)
    counts = Counter(need for name in (*once, *every_step) for need in graph.in_step(name))
    counts.update(need for key in states for need in graph.states[key].needs)
    counts |= Counter(need for name in start for need in graph.at_start(name))
    least = WORTH_SETTLING if spread else 1
    return frozenset(
        name
        for name in computed
        if counts[name] > 1
        and graph.nodes[name].operations >= least
        and (name in spread or not spread)
    )


def _spread(graph: Graph, batched: frozenset[str]) -> frozenset[str]:
    """Return everything that depends on these inputs, and so differs between runs if they do."""
    if not batched:
        return frozenset()
    stocks = {
        key
        for key, state in graph.states.items()
        if state.scope.name in batched and graph.is_stock(state.scope.name)
    }
    return frozenset(dependents(batched | stocks, [*graph.nodes, *graph.states], graph.ever))
