"""docs/performance.md from benchmarks/results.json: `python benchmarks/page.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
SIZES = (1, 1_000, 10_000)

TEXT = """# Performance

Made by `make bench` from `benchmarks/results.json`; do not edit. All figures of a table are of one
run on one machine, except where a row names another day: it is of that day's model, and cannot be
compared with the others. Seconds are CPU seconds of a process pinned to one core, unless they say
wall: other work on the machine then disturbs less, though shared caches and clocks still count.

Measured {when} on {processor}, {cores} cores, load average {load:.1f}, Python {python}. The model:
36 cities, {steps} Euler steps, scenario `plan`, ten annual outputs; a batch draws 20 lever effects
and scales the intensity of every lever.

## Who runs the model how fast

{speed}

{notes}

## Aims

{aims}

## Memory

{memory}

## On a graphics card

{card}

## Where the time goes

A run asks for {simple:.0f} million additions, multiplications and comparisons, {division:.1f}
million divisions and square roots, and {scarce:.1f} million exponentials, logarithms and powers
(counted in what the engine hands to XLA). The same numbers of operations alone, in C on vectors
that stay in the first-level cache, take {limit:.2f} ms: that is the limit of the aim above. The
rest goes to moving arrays of city x lever x run between operations, and to what XLA computes twice
because it fuses a producer into several consumers.

What was tried for batches, in interleaved runs against the engine before it, once, on a busy
machine (two digits at best; not measured again by `make bench`):

- matrix products for sums over 70 levers x 6 funding sources, without XLA's library of ready-made
  sums, reciprocals for shared divisors and whole powers by multiplication: together 1.8 times;
- vectors of 512 bits: 1.12 times;
- a logarithm of our own (`engine/translating/vector_logarithm.py`), since XLA calls the C library
  for each number in double precision and does nothing that it fuses with the call on vectors (4.4
  against 1.6 nanoseconds), and barriers round what takes five operations and has several readers:
  together 1.4 times, when every run asked for three times the logarithms of the rows above. Alone,
  the logarithm gained 1.1 times (XLA takes it for cheap and repeats it, ten times over), with a
  barrier round it 1.2;
- fewer copies of states from step to step (XLA's region analysis): 1.07 times;
- gathers without bounds checks: 1.04 times; sums over cities not split in two: within the noise;
- barriers round elements that are picked out of pieces (1.05 times) and round sums (1.02), since
  XLA does nothing on vectors that it fuses with either; sums of weighted levers added run beside
  run (1.04), and eight terms in a loop in place of one small matrix product a city (1.04);
- not built, because it would gain a seventh at most: computing only the pairs of city and lever
  that act, and only the products that a city has;
- not kept, because they gained nothing or lost: blocks of 8, 16, 64 or 128 runs instead of 32; the
  city as the last axis but one (0.6 to 1.2 times in single operations, mostly below 1); barriers
  round all that is spread over more elements than it has (1.2 times, less than the rule above, and
  nothing beside it); selecting the pieces of a variable (0.7 times) or writing all of them one
  after the other (0.95 times) instead of gathering them; sums as one chain of additions (0.8); the
  schedule for one processor, fusions of several results, no unrolling (1.01 to 1.02 each, within
  the noise), pages of two megabytes (none).

{former}


A run by itself is compiled in a hurry, since one that is changed is compiled for every change.
XLA fused each value into all that read it, and compiled 55,000 instructions where the equations
have 20,000. Barriers round what has several readers, one after the other on a busy machine: 22.3
CPU seconds of compiling instead of 27.8, 0.18 a run instead of 0.30, 1.6 to load the executable
from disk instead of 2.2. Barriers round every variable took 25.1 and 0.32. Then the C library's
logarithm (one instruction where ours has thirty, and a call for each of so few numbers costs
nothing) and years found before the loop (where each of 178 kernels divided the step by the steps of
a year) left 22,100 instructions of 37,800: 20.8 seconds instead of 25.5 of a model that had grown,
0.78 instead of 1.25 to load. These were taken on crowded machines; the table above has a quiet one.
Python's search for garbage took a sixteenth of compiling (18.1 against 17.0 CPU seconds, once each)
and is off in the command line; neither fewer of LLVM's passes, narrower vectors nor one module for
all kernels compile faster.

XLA starts every small kernel anew, and a step of one run is about a thousand of them. Backwards it
was 3,100 more, 480 of them only to add up the slope by one parameter. Now
(`engine/running/adjoint.py`) only the recursion through the states goes step by step; computing the
steps again, their local derivatives and the slopes by parameters are done for some 17 steps at
once; a gradient took 10.5 forward runs before. What picks elements out of an array gave their
slopes back one by one, for which XLA went through 5,800 turns of loops a step, four kernels each;
now it picks them back (`engine/translating/picking.py`), which took it from 7.8 forward runs to
7.1. Then its parts were measured apart by XLA's profiler; for 16 steps they took 9.8 ms to compute
steps again with their derivatives, 20.1 for the recursion and 10.7 for slopes by parameters:

- XLA's library of ready-made sums took half of the slopes by parameters and a sixth of the rest.
  Without it the recursion took 0.7 of the time, slopes by parameters 0.86, and the way forward
  0.83 (126 and 105 ms in turns), so that a gradient is held against less. `Program.run`, whose bits
  are promised, keeps it.
- 125 states and their slopes were kept and handed on one by one, a kernel or two for each; now they
  are one vector.
- Barriers round every variable made two kernels of one wherever there was a single reader. Where
  one is needed is now counted in the operations of each part (`engine/running/lean.py`): the
  recursion has 680 kernels a step instead of 1,370, and 9.9 ms in place of the 20.1.
- Of 3,078 local derivatives 976 are the same in all steps; they were written and read in each.
- Sums across matrices, which XLA adds up in strides, keep a barrier: one took 0.7 ms of the 9 of
  its part in one loop with the products of sixteen arrays.

Together they took 0.68 of the time (941 and 636 ms, in turns in one process), and compiled in 0.82
of it. The gradient of that day was then looked at by samples of the processor's clock, each put
down to its kernel. Of 580 ms of CPU 60 were for the way forward, 105 for computing steps again, 130
for slopes by parameters, 105 for the recursion, 80 for starting kernels and 43 for finding memory.
Blocks of steps wait for memory: they write and read 2.4 MB of local derivatives a step. So

- of the local derivatives only 141,000 numbers a step are kept instead of 296,000; the rest is made
  of them again by at most eight operations where it is read (`engine/running/cutting.py`);
- slopes by what all steps have in common are added over the steps first, not over cities first, by
  going backwards through the block as a whole; and sums over steps are products of a matrix with a
  vector of ones, which XLA adds on vectors where a sum goes through the matrix in strides. These
  products take 1.6 ms, but what they add must be written first: alone they gained nothing;
- JAX finds the slope of a maximum by two divisions an element; ours compares, and keeps one number
  instead of two;
- logarithms are computed on vectors where steps are computed again.

Together they took 0.92 of the time (512 and 468, 533 and 492 ms, two processes, all loaded from
disk and run in turns; the run forward took 85), with slopes that differ by at most 6e-18 of the
largest. What binds now: with the states kept, 53 MB, a gradient needs 84 MB that the system finds
anew each time, which is 40 ms; and of each block some 3,300 kernels, 20 MB of code, run once, so
that slopes by parameters take 6 ms for 9 steps, 8 for 17 and 15 for 30. Where the system gives
memory in pages of two megabytes (`GLIBC_TUNABLES=glibc.malloc.hugetlb=1` in the environment of the
process) a gradient took 431 ms, that of before 455, and the run forward as long as without. No
figure of the tables was taken so.

Half of the time that it once took to compile one (155 of 329 s in the run that was looked at) went
into looking closely at copies, region analysis, which batches need and gradients do without. Of 35
slopes compared with differences of runs, the 25 largest and ten more, 34 agree to five digits. The
other, `base time`, has no derivative: it is a point of every table by year, and differences to its
right and to its left, which agree among themselves from steps of 0.001 down to 0.000001, are -148.8
and +39.7. Tried earlier for gradients:

- kept: barriers round each variable and its cotangent, states of every step; single elements of a
  variable (one lever of 70) taken apart once for all readers;
- not kept: barriers for cotangents only, or only for variables with several readers (0.9 times),
  vectors of 256 bits (0.95), a checkpoint a year or a step without barriers (1.0); keeping the
  slope by every variable in the recursion, so that it is not gone through a second time for the
  slopes by parameters, with derivatives from the variables' values in place of kept ones: the
  recursion took more than twice as long, the slopes by parameters no less; putting the derivatives
  of an equation by each array that it reads together before the way back (9.0 forward runs against
  6.4 in the same turns: 45 MB of kernels instead of 31, since a product has as many such
  derivatives as factors, each an array of its own); sums of products as matrix products (0.9 of the
  slopes by parameters, nothing of the rest); LLVM's highest level (more than 100 s to compile the
  slopes by parameters alone); blocks of 8 steps (545 and 531 ms in turns), vectors of 512
  bits (559 and 546), the schedule for one processor (488 and 464); computing up to 500 numbers
  again in each reader instead of starting one kernel more (a sixth fewer kernels in the recursion,
  nothing of the whole: 563 and 544 ms). In batches, where arrays are 32 times larger, barriers
  round every variable make a run 1.4 times slower.

A sweep's workers take a core each; the command that writes takes 3 % of one. Dask's watching of
itself every 10 to 500 ms had taken a twelfth of both cores. One process without Dask used 1.6 cores
for 1.2 times the speed (XLA's threads) until it was kept to one, as `cluster.workers=1` says.
Starting workers takes two seconds more than starting alone, which the whole command counts.

Bits do not depend on the chunk size: runs always go through the machine in blocks of 32.
"""


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= 2 * size or (unit == "s" and seconds >= 1):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e3:.3g} ms"


def _earlier(found: dict[str, Any], *parts: str) -> str:
    """Return the days of parts that were not measured in this run of the benchmarks."""
    others = {found[part]["when"][:10] for part in parts} - {found["machine"]["when"][:10]}
    return f" (on {', '.join(sorted(others))})" if others else ""


def _ours(found: dict[str, Any]) -> float:
    parts = ["usual", *(part for part in ("again",) if not _earlier(found, part))]
    return float(min(found[part]["cpu_per_run"] for part in parts))


def _speed(found: dict[str, Any]) -> str:
    ours = _ours(found)
    extra = found["ema"].get("cpu_per_experiment", 0.0)
    rivals = [
        ("PySD", "pysd", "cpu_per_run", 0.0),
        ("EMA Workbench over PySD", "pysd", "cpu_per_run", extra),
        ("simlin", "simlin", "cpu_per_run", 0.0),
        ("SDEverywhere, gcc -O3", "sde", "cpu_per_run_O3", 0.0),
        ("SDEverywhere, gcc -O3 -march=native -ffast-math", "sde", "cpu_per_run_fast", 0.0),
    ]
    rows = []
    for name, part, key, extra in rivals:
        if key not in found[part]:
            why = found[part].get("missing", "").partition(": ")[2]
            rows.append((name, f"not measured: {why}", "", "", ""))
            continue
        each = found[part][key] + extra
        times = (_duration(each * size) for size in SIZES)
        day = _earlier(found, part)
        rows.append((f"{name}{day}", *times, "" if day else f"{each / ours:.3g}"))
    single = found["single"]["cpu_per_run"]
    large = ours
    if not _earlier(found, "large"):
        large = found["large"]["cpu_per_run"]
    times = (_duration(single), _duration(ours * SIZES[1]), _duration(large * SIZES[2]))
    rows.append(("zhuanxing", *times, "1"))
    head = ("program", *(f"{size:,} runs" for size in SIZES), "times ours, in a batch of 1,000")
    return _table(head, rows)


def _notes(found: dict[str, Any]) -> str:
    lines = [
        f"PySD is extrapolated {found['pysd'].get('extrapolated', '')}; EMA Workbench over PySD is "
        "PySD plus the workbench's own work for an experiment. simlin and SDEverywhere (with "
        f"{found['sde'].get('outputs', 0)} outputs, kept at every step) are "
        f"measured for a few whole runs ({found['sde'].get('runs', 0)} of SDEverywhere) and "
        "multiplied.",
        "Our 10,000 runs are extrapolated from 1,000."
        if _earlier(found, "large")
        else "Our 10,000 runs are measured.",
        f"Compiling for a batch takes {found['usual']['compile_cpu']:.1f} s when XLA's cache has "
        f"it not, for a run alone {found['single']['first_cpu']:.1f} s with that run; neither is "
        "part of the table.",
    ]
    return " ".join(lines)


def _aims(found: dict[str, Any]) -> str:
    """Return the figures that have an aim, and some that stand beside them."""
    rows: list[tuple[str, str, float, bool | None, str]] = []

    def figure(
        name: str, aim: str, value: float, *parts: str, most: float = 0.0, least: float = 0.0
    ) -> None:
        met = None if not (most or least) else value <= most if most else value >= least
        rows.append((name, aim, value, met, _earlier(found, *parts)))

    _against_others(found, figure)
    _of_gradients(found, figure)
    start = found["start"]
    figure("`zhuanxing run`, cached, CPU s", "under 3", start["cached"]["cpu"], "start", most=3)
    figure("the same, wall s", "under 3 (idle machine)", start["cached"]["wall"], "start", most=3)
    figure(
        "`zhuanxing run` after a model change, CPU s",
        "under 20",
        start["changed"]["cpu"],
        "start",
        most=20,
    )
    figure("`zhuanxing run`, empty cache, CPU s", "", start["uncached"]["cpu"], "start")
    figure(
        "`zhuanxing run`, memory, MB",
        "under 1,000",
        start["uncached"]["megabytes"],
        "start",
        most=1e3,
    )
    _of_many_runs(found, figure)
    cells = [
        (
            f"{name}{day}",
            aim,
            f"{value:,.3g}" if value < 1e3 else f"{value:,.0f}",
            "" if met is None else "yes" if met else "**no**",
        )
        for name, aim, value, met, day in rows
    ]
    table = _table(("figure", "aim", "measured", "met"), cells)
    # What was measured in another run than the rest, if anything: written into the results by hand.
    return "\n\n".join(filter(None, (table, found.get("apart"))))


def _against_others(found: dict[str, Any], figure: Callable[..., None]) -> None:
    ours = _ours(found)
    for name, part, key, least in (
        ("times PySD", "pysd", "cpu_per_run", 10_000),
        ("times SDEverywhere at -O3", "sde", "cpu_per_run_O3", 3),
        ("times simlin", "simlin", "cpu_per_run", 40),
    ):
        if key in found[part] and not _earlier(found, part):
            value = found[part][key] / ours
            figure(name, f"at least {least:,}", value, part, least=least)
    if not _earlier(found, "limit"):
        share = 100 * found["limit"]["cpu_per_run"] / ours
        figure("part of the arithmetic limit, %", "at least 60", share, "limit", least=60)


def _of_gradients(found: dict[str, Any], figure: Callable[..., None]) -> None:
    gradient, posterior = found["gradient"], found["posterior"]
    count = f"gradient by {gradient['parameters']} parameters"
    for name, bottom in (
        (f"{count}, in runs of `Program.run`", "run"),
        ("the same, in runs of the same function compiled as thoroughly", "forward"),
    ):
        value = gradient["gradient"] / gradient[bottom]
        figure(name, "at most 5", value, "gradient", most=5)
    figure("compiling it, CPU s", "", gradient["compile_cpu"], "gradient")
    figure(
        f"gradient of the calibration by {posterior['parameters']}, in runs of its value, "
        "compiled as thoroughly",
        "",
        posterior["gradient"] / posterior["forward"],
        "posterior",
    )


def _of_many_runs(found: dict[str, Any], figure: Callable[..., None]) -> None:
    large, full, scaling = found["large"], found["full"], found["scaling"]
    figure("memory of a large batch, MB", "under 2,000", large["megabytes"], "large", most=2e3)
    slower = large["last_fifth_over_first"]
    figure("last fifth of its chunks over the first, time", "no slowing", slower, "large", most=1.1)
    sweep = f"sweep of {full['runs']:,} runs"
    figure(f"memory of a {sweep}, MB", "under 2,000", full["megabytes"], "full", most=2e3)
    slower = full["last_fifth_over_first"]
    figure("last fifth of its pieces over the first, time", "no slowing", slower, "full", most=1.1)
    for name, key in (
        (
            f"two workers over one, whole command of {scaling['runs']:,} runs "
            f"(load average {scaling['load']:.1f})",
            "speedup",
        ),
        ("the same, from the fourth piece to the fourth last", "speedup_between"),
    ):
        figure(name, "at least 1.7 (idle machine)", scaling[key], "scaling", least=1.7)


def _memory(found: dict[str, Any]) -> str:
    rows = [
        (
            f"{found[part]['runs']:,}{_earlier(found, part)}",
            f"{found[part]['megabytes']:.0f}",
            f"{found[part]['megabytes_before']:.0f}",
        )
        for part in ("usual", "large")
    ]
    table = _table(("runs in chunks of 256", "peak MB", "of which before the first run"), rows)
    return (
        f"{table}\n\nChunks are drawn, run and thrown away one after the other, in one process. "
        f"Before the first run most is XLA's, if it must compile.\n\n{_full(found['full'])}"
    )


def _full(full: dict[str, Any]) -> str:
    """Return what a whole sweep took; `benchmarks/run.py full` measures it."""
    fifths = ", ".join(f"{seconds:.3f}" for seconds in full["seconds_a_piece"])
    return (
        f"A whole `zhuanxing sweep` of {full['runs']:,} runs x 36 cities x 10 outputs x 11 years "
        f"with two workers (measured {full['when']}, load average {full['load']:.1f}, by "
        "`benchmarks/run.py full`, about ten minutes and 5 GB of disk; other runs of the "
        f"benchmarks keep its figures) took {full['wall'] / 60:.1f} minutes, "
        f"{full['runs'] / full['wall']:.0f} runs a second, and wrote "
        f"{full['stored_megabytes'] / 1e3:.1f} GB. All its processes held at most "
        f"{full['megabytes']:.0f} MB, the command {full['megabytes_parent']:.0f} of them and the "
        f"larger worker {full['megabytes_worker']:.0f} (libraries that they share counted in "
        f"each). Seconds from piece to piece of 128 runs, in the fifths of the sweep: {fifths}."
    )


def _card(card: dict[str, Any] | None) -> str:
    """Return what a card did, on a machine of its own."""
    if card is None:
        return "Not measured: there was no card (`benchmarks/card.py`)."
    machine, numbers, sweep = card["machine"], card["numbers"], card["sweep"]
    rows = [
        (
            f"{one['block']:,}",
            f"{one['runs_per_second']:,.0f}",
            f"{one['megabytes'] / 1e3:.1f}",
            f"{one['compile']:.0f}",
        )
        for one in card["blocks"]
    ]
    head = ("runs in a block", "runs a second on the card", "GB of its memory", "s to compile")
    return (
        f"Measured {machine['when']} by `benchmarks/card.py` on one {card['blocks'][0]['card']}, "
        f"{machine['cores']} cores, JAX {card['blocks'][0]['jax']}; no other table of this page is "
        f"of that machine.\n\n{_table(head, rows)}\n\n"
        f"`zhuanxing sweep device=gpu` wrote {sweep['runs']:,} runs x 10 outputs in "
        f"{sweep['wall']:.0f} s, compiling included, {sweep['between_pieces']:,.0f} runs a second "
        f"between pieces (aim 15,000), with {sweep['megabytes'] / 1e3:.1f} GB of memory. All "
        f"{numbers['outputs']} outputs of {numbers['runs']} runs differ from the processor's by at "
        f"most {numbers['relative_to_largest']:.1e} of their largest value in the run (aim 1e-12). "
        f"{card.get('apart', '')}".rstrip()
    )


def _former(found: dict[str, Any] | None) -> str:
    """Return how batches compare with those of a former engine."""
    if not found or "missing" in found:
        return "A former engine is not measured."
    of_starts, (before, now, grown) = (sorted(found["of_each_start"][0]), found["cpu_per_run"])
    dear, alone = found["times_as_dear"], found["cpu_by_itself"]
    return (
        f"Together: the model of revision {found['revision']}, with its ten outputs and draws, ran "
        f"{found['times_as_fast']['cpu']:.2f} times as fast as by its own engine (median of "
        f"{len(of_starts)} starts of both, {of_starts[0]:.2f} to {of_starts[-1]:.2f}; at best "
        f"{1e3 * before:.2f} and {1e3 * now:.2f} ms a run), in turns in one run of "
        f"`benchmarks/run.py former` ({found['when']}), with numbers equal to "
        f"{found['largest_difference']:.1e} of the largest. Where a process finds its memory makes "
        "a twentieth: an executable that was just compiled is that much slower than the same one "
        "loaded from disk, so each engine is started several times and none is compared in the "
        "process that compiled it.\n\n"
        f"The model of today by today's engine costs {dear['by_itself']:.2f} times as much as that "
        f"of {found['revision']} by its own, in the same turns, where a run goes by itself "
        f"({1e3 * alone[2]:.0f} and {1e3 * alone[0]:.0f} ms of CPU at best), and "
        f"{dear['in_a_batch']:.1f} times where it goes in a batch ({1e3 * grown:.1f} and "
        f"{1e3 * before:.2f} ms): its equations asked for 76 million simple operations, "
        "1.8 million divisions and roots, and 1.1 million exponentials, logarithms and powers."
    )


def write(found: dict[str, Any]) -> str:
    """Write the page and return its tables."""
    counts = found["limit"]["operations"]
    speed, aims, memory = _speed(found), _aims(found), _memory(found)
    text = TEXT.format(
        **found["machine"],
        steps=found["usual"]["steps"],
        speed=speed,
        notes=_notes(found),
        aims=aims,
        memory=memory,
        card=_card(found.get("card")),
        former=_former(found.get("former")),
        simple=counts["simple"] / 1e6,
        division=(counts["division"] + counts["root"]) / 1e6,
        scarce=(counts["exponential"] + counts["logarithm"] + counts["power"]) / 1e6,
        limit=1e3 * found["limit"]["cpu_per_run"],
    )
    PAGE.write_text(text, encoding="utf-8")
    return "\n\n".join((speed, aims, memory))


if __name__ == "__main__":
    results = ROOT / "benchmarks" / "results.json"
    print(write(json.loads(results.read_text(encoding="utf-8"))))
