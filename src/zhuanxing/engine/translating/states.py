"""What a model remembers from step to step: what every state offers, and stocks.

Each state is a dict of arrays. A continuous state has a rate and is integrated by the model's
method; a discrete one is replaced at every step. Delays and smooths are in delays.py, samples and
histories in samples.py. Formulas follow PySD's stateful objects, which follow Vensim's
documentation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env, Node, Scope, align, number
from zhuanxing.errors import ZhuanxingError

__all__ = ["Leaves", "Nominal", "State", "StockState"]

# More than memory holds: a mistake in a delay time or an order.
MOST_STAGES = 1_000_000

Leaves = dict[str, Array]
Nominal = Callable[[Node], np.ndarray]


class State(ABC):
    """A state of one variable, or of one piece of it: axes are the labels of its scope."""

    continuous: ClassVar[bool] = True
    # Whether a user's value for its variable is what it starts with.
    overridable: ClassVar[bool] = False
    # Inputs read to initialise, to advance, and to tell the value.
    start_inputs: ClassVar[tuple[str, ...]] = ("initial",)
    step_inputs: ClassVar[tuple[str, ...]] = ()
    read_inputs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, key: str, scope: Scope, inputs: Mapping[str, Node]) -> None:
        self.key = key
        self.scope = scope
        self.inputs = dict(inputs)

    @property
    def read_needs(self) -> frozenset[str]:
        """Names read to tell the value in a step, the state itself among them."""
        return frozenset((self.key,)).union(*(self.inputs[n].needs for n in self.read_inputs))

    @property
    def read_needs_initial(self) -> frozenset[str]:
        """Names read to tell the value while the model initialises."""
        reads = (self.inputs[name].needs_initial for name in self.read_inputs)
        return frozenset((self.key,)).union(*reads)

    @property
    def needs(self) -> frozenset[str]:
        """Names read to advance the state."""
        return frozenset().union(*(self.inputs[name].needs for name in self.step_inputs))

    @property
    def needs_initial(self) -> frozenset[str]:
        """Names read to initialise the state."""
        return frozenset().union(*(self.inputs[name].needs_initial for name in self.start_inputs))

    @abstractmethod
    def start(self, env: Env, length: int) -> Leaves:
        """Return the state at the initial time."""

    def length(self, nominal: Nominal, time_step: float) -> int:
        """Return the number of stages, fixed when the run is compiled."""
        return 1

    def finite(self, what: str, value: float) -> float:
        """Return a number that fixes the length of a state; raise ZhuanxingError if it is none."""
        if not np.isfinite(value):
            raise ZhuanxingError(
                f"variable '{self.scope.name}': the {what} of its delay or smooth is {value} at "
                "the initial time, expected a finite number."
            )
        return value

    def countable(self, what: str, value: float) -> int:
        """Return how many values a state holds; raise ZhuanxingError if memory cannot hold them."""
        if value > MOST_STAGES:
            raise ZhuanxingError(
                f"variable '{self.scope.name}': the {what} of its delay or smooth asks for "
                f"{value:,.0f} stages, expected at most {MOST_STAGES:,}."
            )
        return int(value)

    def read(self, env: Env, leaves: Leaves) -> Array:
        """Return the value that equations see."""
        return leaves["level"]

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        """Return the change per unit of time: of all leaves, of a discrete state none."""
        return {}

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        """Return the state at the next step; leaves that have a rate are integrated already."""
        return leaves

    def get(self, env: Env, name: str) -> Array:
        """Return an input with an axis for every label of the state."""
        node = self.inputs[name]
        return self.whole(env, number(env.xp, node.value(env)), node.dims)

    def whole(self, env: Env, array: Array, dims: tuple[str, ...]) -> Array:
        """Return the array with every label of the state, and the runs if the state has them."""
        shape = self.scope.sizes(self.scope.labels)
        (full,) = align(self.scope, [(array, dims)], self.scope.labels)
        if self.key in env.batched and env.runs is not None:
            full = full if np.ndim(array) > len(dims) or np.ndim(full) == 0 else full[..., None]
            shape += (env.runs,)
        return env.xp.broadcast_to(full, shape)


class StockState(State):
    """INTEG(flow, initial); `region` is where this piece lies in the variable."""

    overridable: ClassVar[bool] = True
    step_inputs: ClassVar[tuple[str, ...]] = ("flow",)

    def __init__(
        self,
        key: str,
        scope: Scope,
        inputs: Mapping[str, Node],
        non_negative: bool,
        region: Callable[[Any, Array], Array],
    ) -> None:
        super().__init__(key, scope, inputs)
        self.non_negative = non_negative
        self.region = region

    def start(self, env: Env, length: int) -> Leaves:
        given = env.inputs.get(self.scope.name)
        if given is not None:
            return {"level": self.whole(env, self.region(env.xp, given), self.scope.labels)}
        return {"level": self.get(env, "initial")}

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        return {"level": self.get(env, "flow")}

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        return {"level": env.xp.maximum(leaves["level"], 0.0)} if self.non_negative else leaves
