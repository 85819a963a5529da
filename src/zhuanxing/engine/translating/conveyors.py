"""Conveyors: stocks whose content moves one slat a time step to the end where it falls off.

Slat 0 is the end. What enters at a transit time lies so many slats from the end, whatever the
transit time becomes later. Rules: XMILE 1.0 (3.7.2, 4.2.1), isee systems' manual, and where both
leave something open, simlin's specification (bpowers/simlin, docs/design/conveyors.md).

In a step material leaks, then the end slat flows out, then all moves on, then the inflow enters.
Linear leakage takes even parts of what entered, over its way through the zone that leaks, so that
its fraction is gone in the end; exponential leakage takes a fraction of what is there, a unit of
time. The first has a share by slat (what a step takes for a fraction of 1) and a rest that the way
left allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env, Node, Scope
from zhuanxing.engine.translating.states import Leaves, Nominal, State
from zhuanxing.errors import ZhuanxingError

__all__ = ["ConveyorState", "Zone"]


@dataclass(frozen=True)
class Zone:
    """The part of a conveyor that leaks, as fractions of its length from where things enter."""

    start: float
    end: float


class _Shed(NamedTuple):
    """What leaks in a step: by leakage and slat, the content left, and the rests of the ways."""

    leaks: list[Array]
    content: Array
    rests: list[Array]


class ConveyorState(State):
    """The slats of a conveyor: their content and, for linear leakage, what of it may leak.

    `depth` is the number of slats, counted from the end, at which things enter. Inputs are those of
    syntax_tree.Conveyor, with 'leak 0' and 'stop 0' for the fraction of the first leakage and for
    whether the conveyor that it leads to stands still.
    """

    continuous: ClassVar[bool] = False
    overridable: ClassVar[bool] = True

    def __init__(
        self,
        key: str,
        scope: Scope,
        inputs: Mapping[str, Node],
        zones: Sequence[Zone],
        exponential: bool,
    ) -> None:
        super().__init__(key, scope, inputs)
        self.zones = tuple(zones)
        self.exponential = exponential

    @property
    def needs(self) -> frozenset[str]:
        """Names read to advance the state: all inputs but the initial content."""
        reads = (node.needs for name, node in self.inputs.items() if name != "initial")
        return frozenset().union(*reads)

    @property
    def needs_initial(self) -> frozenset[str]:
        """Names read to initialise the state."""
        names = ["initial", "transit", *(f"leak {k}" for k in range(len(self.zones)))]
        names += [name for name in ("begin", "end") if name in self.inputs]
        return frozenset().union(*(self.inputs[name].needs_initial for name in names))

    # -- the number of slats ------------------------------------------------------------------

    def length(self, nominal: Nominal, time_step: float) -> int:
        """Return how many slats there may be: the transit time's, or as many as a run has steps."""
        times = nominal(self.inputs["transit"])
        if not np.isfinite(times).all() or np.min(times) <= 0:
            raise ZhuanxingError(
                f"variable '{self.scope.name}': the transit time of the conveyor is "
                f"{np.min(times):g} at the initial time, expected a finite number above 0."
            )
        slats = float(np.max(np.floor(times / time_step + 0.5)))
        if "end" in self.inputs:
            begin, end = (float(np.max(nominal(self.inputs[name]))) for name in ("begin", "end"))
            slats = max(slats, round((end - begin) / time_step) + 1)
        return self.countable("transit time", max(slats, 1.0))

    def _depth(self, env: Env) -> Array:
        """Return the slats that the present transit time asks for."""
        steps = env.xp.floor(self.get(env, "transit") / env.time_step + 0.5)
        return env.xp.maximum(steps, 1.0)

    def _rows(self, like: Array) -> np.ndarray:
        """Return the numbers of slats, along the first axis."""
        return np.arange(np.shape(like)[0], dtype=np.float64).reshape(
            (-1,) + (1,) * (np.ndim(like) - 1)
        )

    # -- zones --------------------------------------------------------------------------------

    def _inside(self, env: Env, zone: Zone, rows: Array, length: Array) -> Array:
        """Return 1.0 for slats whose middle lies in the zone of a belt of so many slats."""
        middle = 1.0 - (rows + 0.5) / length
        inside = (zone.start <= middle) & (middle <= zone.end) & (rows < length)
        return env.xp.asarray(inside).astype(np.float64)

    def _belt(self, env: Env, content: Array, depth: Array) -> Array:
        """Return the length of the belt: to where things enter, or to the last that lies on it."""
        last = env.xp.max(env.xp.where(content != 0, self._rows(content) + 1.0, 0.0), axis=0)
        return env.xp.maximum(last, depth)

    def _entering(self, env: Env, length: Array, depth: Array, rows: Array) -> list[Array]:
        """Return the shares that one unit takes that enters: what is left of it at each zone.

        A fraction is of what reaches the zone of a leakage (isee systems: "leak zones").
        """
        xp = env.xp
        middle = 1.0 - (rows + 0.5) / length
        ways = [self._inside(env, zone, rows, length) * (rows < depth) for zone in self.zones]
        shares: dict[int, Array] = {}
        for k in sorted(range(len(self.zones)), key=lambda k: self.zones[k].start):
            left: Any = 1.0
            for other, share in shares.items():
                before = ways[other] * (middle < self.zones[k].start)
                left = left - share * self._fraction(env, other) * before.sum(axis=0)
            count = ways[k].sum(axis=0)
            share = xp.maximum(left, 0.0) / xp.maximum(count, 1.0)
            shares[k] = xp.where(count > 0, share, 0.0)
        return [shares[k] for k in range(len(self.zones))]

    def _fraction(self, env: Env, k: int) -> Array:
        """Return the present fraction of a leakage: never below 0, a linear one never above 1."""
        fraction = env.xp.maximum(self.get(env, f"leak {k}"), 0.0)
        return fraction if self.exponential else env.xp.minimum(fraction, 1.0)

    # -- the start ----------------------------------------------------------------------------

    def start(self, env: Env, length: int) -> Leaves:
        """Return the slats at the start: filled as if the same had always entered, or as listed."""
        depth = self._depth(env)
        rows = np.arange(length, dtype=np.float64).reshape((-1,) + (1,) * np.ndim(depth))
        shares = [] if self.exponential else self._entering(env, depth, depth, rows)
        profile = self._profile(env, rows, depth, shares)
        content, entered = self._filled(env, rows, depth, profile)
        leaves = {"content": content, "depth": depth}
        for k, share in enumerate(shares):
            way = self._inside(env, self.zones[k], rows, depth)
            basis = entered * share * (rows < depth)
            leaves[f"share {k}"] = basis
            leaves[f"rest {k}"] = basis * env.xp.cumsum(way, axis=0)
        return leaves

    def _profile(self, env: Env, rows: Array, depth: Array, shares: Sequence[Array]) -> Array:
        """Return by slat what is left of one unit that entered."""
        xp = env.xp
        inside = [self._inside(env, zone, rows, depth) for zone in self.zones]
        left: Any = xp.ones(np.broadcast_shapes(np.shape(rows), np.shape(depth)))
        if self.exponential:
            kept = 1.0 - sum(
                (way * self._fraction(env, k) for k, way in enumerate(inside)), 0.0 * left
            ) * env.time_step  # fmt: skip
            kept = xp.maximum(kept, 0.0)
            passed = xp.cumprod(kept[::-1], axis=0)[::-1]
            left = xp.concatenate([passed[1:], xp.ones_like(passed[:1])])
        for k, share in enumerate(shares):
            after = xp.sum(inside[k], axis=0) - xp.cumsum(inside[k], axis=0)
            left = left - self._fraction(env, k) * share * after
        return xp.where(rows < depth, xp.maximum(left, 0.0), 0.0)

    def _filled(self, env: Env, rows: Array, depth: Array, profile: Array) -> tuple[Array, Array]:
        """Return the content of slats at the start, and what had entered for each."""
        xp = env.xp
        total = profile.sum(axis=0)
        given = env.inputs.get(self.scope.name)
        if given is None and "listed" in self.inputs:
            content = self._listed(env, rows, depth)
            return content, xp.where(
                profile > 0, content / xp.where(profile > 0, profile, 1.0), 0.0
            )
        if given is None:
            whole = self.get(env, "initial")
        else:
            whole = self.whole(env, given, self.scope.labels)
        entered = xp.where(total > 0, whole / xp.where(total > 0, total, 1.0), 0.0)
        return entered * profile, entered * (rows < depth)

    def _listed(self, env: Env, rows: Array, depth: Array) -> Array:
        """Return slats filled from a list: one number a slat, or else one a unit of time."""
        xp = env.xp
        values = self.inputs["listed"].constant
        step = env.time_step
        unit = xp.floor(rows * step + 1e-9)
        each = depth == len(values)
        place = xp.clip(xp.where(each, rows, unit), 0, len(values) - 1)
        found = xp.take(xp.asarray(values), place.astype(int))
        first, after = (xp.ceil((unit + ends) / step - 1e-9) for ends in (0.0, 1.0))
        several = xp.where(each, 1.0, xp.minimum(after, depth) - first)
        return xp.where(rows < depth, found / xp.maximum(several, 1.0), 0.0)

    # -- a step -------------------------------------------------------------------------------

    def read(self, env: Env, leaves: Leaves) -> Array:
        """Return all that lies on the belt."""
        return leaves["content"].sum(axis=0)

    def _true(self, env: Env, name: str) -> Array:
        value = self.get(env, name)
        return (value != 0) & (value == value)

    def _shed(self, env: Env, leaves: Leaves) -> _Shed:
        """Return what leaks in this step, as amounts."""
        xp, content = env.xp, leaves["content"]
        length = self._belt(env, content, leaves["depth"])
        rows = self._rows(content)
        moving = 1.0 - 1.0 * self._true(env, "arrest")
        found = _Shed([], content, [])
        for k, zone in enumerate(self.zones):
            open_ = moving * (1.0 - 1.0 * self._true(env, f"stop {k}"))
            inside = self._inside(env, zone, rows, length)
            if self.exponential:
                leak = content * inside * self._fraction(env, k) * env.time_step * open_
            else:
                rest = leaves[f"rest {k}"]
                used = xp.minimum(leaves[f"share {k}"], rest) * inside
                leak = xp.minimum(self._fraction(env, k) * used, found.content) * open_
                found.rests.append(rest - used)
                found = found._replace(content=found.content - leak)
            found.leaks.append(leak)
        if self.exponential and self.zones:
            wanted = sum(found.leaks)
            part = xp.where(wanted > content, content / xp.where(wanted > 0, wanted, 1.0), 1.0)
            leaks = [leak * part for leak in found.leaks]
            return _Shed(leaks, content - sum(leaks), [])
        return found

    def flow(self, env: Env, leaves: Leaves, place: int) -> Array:
        """Return the flow off the end (0), or the leakage of a number from 1, as a rate."""
        shed = self._shed(env, leaves)
        if place:
            return shed.leaks[place - 1].sum(axis=0) / env.time_step
        return self._falling(env, shed) / env.time_step

    def _falling(self, env: Env, shed: _Shed) -> Array:
        stands = self._true(env, "arrest") | self._true(env, "blocked")
        return env.xp.where(stands, 0.0, shed.content[0])

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        """Return the slats one step later."""
        xp = env.xp
        shed = self._shed(env, leaves)
        held = shed.content[0] - self._falling(env, shed)
        blocked = 1.0 * self._true(env, "blocked")
        asked = self._depth(env)
        sampled = self._true(env, "sample") & xp.isfinite(asked)
        depth = xp.where(sampled, asked, leaves["depth"])
        content = _moved(xp, shed.content, held)
        rows = self._rows(content)
        length = self._belt(env, content, depth)
        # Beyond all slats the content is no number: a transit time that grows past the run.
        admitted = xp.where(depth > len(rows), np.nan, self.get(env, "inflow") * env.time_step)
        entry = 1.0 * (rows == xp.minimum(depth, len(rows)) - 1.0)
        after = {"content": content + entry * admitted, "depth": depth}
        if not self.exponential:
            for k, share in enumerate(self._entering(env, length, depth, rows)):
                way = self._inside(env, self.zones[k], rows, length) * (rows < depth)
                basis = entry * admitted * share
                old = leaves[f"share {k}"]
                after[f"share {k}"] = _moved(xp, old, blocked * old[0]) + basis
                rest = _moved(xp, shed.rests[k], blocked * shed.rests[k][0])
                after[f"rest {k}"] = rest + basis * way.sum(axis=0)
        stands = self._true(env, "arrest")
        return {name: xp.where(stands, leaves[name], leaf) for name, leaf in after.items()}


def _moved(xp: Any, slats: Array, held: Array) -> Array:
    """Return slats one place nearer to the end, where what is held lies with what comes."""
    moved = xp.concatenate([slats[1:], xp.zeros_like(slats[:1])])
    return xp.concatenate([moved[:1] + held[None], moved[1:]])
