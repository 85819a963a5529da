"""Batches give the same numbers wherever they are computed, and say where they cannot be."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from zhuanxing.analyses.sweep.cluster import Cluster
from zhuanxing.analyses.sweep.execute import execute
from zhuanxing.analyses.sweep.sweep import Piece, Values
from zhuanxing.engine import compile_text
from zhuanxing.engine.running import devices
from zhuanxing.engine.running.devices import GPU_BLOCK, Device, choose_device
from zhuanxing.engine.running.xla_options import known
from zhuanxing.errors import ZhuanxingError

TEXT = """{UTF-8}
city: north, south ~~|
level[city] = INTEG(rate[city] * level[city] - DELAY1(level[city], 2) / 9, 5.5) ~~|
rate[city] = 0.1, 0.3 ~~|
share[city] = level[city] / SUM(level[city!]) + EXP(-rate[city] * Time) ~~|
INITIAL TIME = 2000 ~~| FINAL TIME = 2010 ~~| TIME STEP = 0.25 ~~| SAVEPER = 1 ~~|
"""
OUTPUTS = {"level": "year_end", "share": "year_mean"}


def rates(runs: int) -> dict[str, np.ndarray]:
    return {"rate": np.random.default_rng(1).uniform(0.0, 0.4, (runs, 2))}


def test_a_cards_block_size_gives_the_same_numbers() -> None:
    program = compile_text(TEXT)
    usual = program.run_many(rates(300), OUTPUTS)
    large = program.run_many(rates(300), OUTPUTS, 1000, device=Device("cpu", GPU_BLOCK))
    for name in OUTPUTS:
        assert large[name].shape == (300, 10, 2)
        np.testing.assert_allclose(large[name], usual[name], rtol=1e-12)


def test_a_cards_blocks_come_in_order_and_failed_runs_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The processor stands in for a card: inputs are placed, and the next block is begun early.
    monkeypatch.setattr(devices, "_cards", lambda: tuple(jax.devices("cpu")))
    program = compile_text(TEXT)
    given = rates(300)
    given["rate"][170] = 1e300
    card = choose_device("gpu", block=64)
    assert (card.kind, card.block) == ("gpu", 64)
    found = program.run_many(given, OUTPUTS, 50, device=card)
    usual = program.run_many(given, OUTPUTS)
    assert [failure.run for failure in found.failures] == [170]
    for name in OUTPUTS:
        np.testing.assert_allclose(found[name], usual[name], rtol=1e-12)


def test_a_card_that_is_not_there_is_refused_and_auto_does_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(devices, "_cards", tuple)
    with pytest.raises(ZhuanxingError, match=r"zhuanxing\[gpu\]"):
        choose_device("gpu")
    assert choose_device("auto") == devices.CPU


def test_the_compiler_is_asked_only_for_options_that_it_knows() -> None:
    assert known({"xla_of_no_version": True}) == {}
    assert known({"xla_cpu_prefer_vector_width": 512})


def test_a_model_keeps_its_device_and_few_runs_go_in_a_small_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = compile_text(TEXT)
    monkeypatch.setattr(devices, "_cards", tuple)
    with pytest.raises(ZhuanxingError, match="no graphics card"):
        program.on("gpu")
    monkeypatch.setattr(devices, "_cards", lambda: tuple(jax.devices("cpu")))
    card = program.on("gpu").with_values({"rate": np.array([0.2, 0.1])})
    assert choose_device("gpu").identity != devices.CPU.identity
    sizes = {1: 256, 256: 256, 257: 512, 300: 512, 5000: 8192}
    for runs, block in sizes.items():
        assert choose_device("gpu").for_runs(runs) == Device("gpu", block)
    assert choose_device("gpu").for_runs(10**6) == Device("gpu", GPU_BLOCK)
    assert devices.CPU.for_runs(1) == devices.CPU
    found, usual = card.run_many(rates(300), OUTPUTS), program.run_many(rates(300), OUTPUTS)
    for name in OUTPUTS:
        np.testing.assert_allclose(found[name], usual[name], rtol=1e-12)


def test_a_card_computes_the_next_piece_of_a_sweep_while_one_is_written() -> None:
    begun = [threading.Event() for _ in range(4)]

    def compute(_: int, rows: np.ndarray) -> Values:
        begun[int(rows[0])].set()
        return Values({}, [])

    pieces = [Piece(0, run, run + 1) for run in range(4)]
    written = []

    def write(piece: Piece, _: Values) -> None:
        written.append(piece)
        if 0 < piece.first < 3:
            assert begun[piece.first + 1].wait(20)

    sweep = SimpleNamespace(
        simulation=SimpleNamespace(device="gpu", compute=compute),
        design=SimpleNamespace(values=np.arange(4)),
    )
    store = SimpleNamespace(pending=lambda _: pieces, write=write)
    execute(sweep, store, Cluster(), lambda runs: None)  # type: ignore[arg-type]
    assert written == pieces


@pytest.mark.skipif(choose_device("auto") == devices.CPU, reason="no graphics card here")
def test_the_card_of_this_machine_gives_the_processors_numbers() -> None:
    program = compile_text(TEXT)
    found = program.run_many(rates(300), OUTPUTS, device="gpu")
    usual = program.run_many(rates(300), OUTPUTS, device="cpu")
    for name in OUTPUTS:
        np.testing.assert_allclose(found[name], usual[name], rtol=1e-12)
