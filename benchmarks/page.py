"""docs/performance.md from benchmarks/results.json: `python benchmarks/page.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
SIZES = (1, 1_000, 10_000)

TEXT = """# Performance

Made by `make bench` from `benchmarks/results.json`; do not edit. All figures of a table are of one
run on one machine. Seconds are CPU seconds of a process pinned to one core, unless they say wall:
other work on the machine then disturbs less, though shared caches and clocks still count.

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
- not tried, because it cannot gain a tenth: computing only the pairs of city and lever that act.
  Half of all numbers of a step are city x lever, but 82 % of the pairs act in the plan, and 77 % of
  the levers are works;
- not kept, because they gained nothing or lost: blocks of 8, 16, 64 or 128 runs instead of 32; the
  city as the last axis but one (0.6 to 1.2 times in single operations, mostly below 1); barriers
  round all that is spread over more elements than it has (1.2 times, less than the rule above);
  selecting the pieces of a variable (0.7 times) or writing them one after the other (0.95 times)
  instead of gathering them.

Executables on disk, found without tracing the model, take 0.8 s off a second start.

XLA fuses a cheap value into everything that reads it. In the reverse pass of a gradient nearly
all have many readers, and a step asked for twelve times the arithmetic of a forward step. What was
tried for gradients (481 ms a value and gradient before):

- barriers that XLA keeps round each variable and its cotangent, and states kept at every step
  instead of every year: 2.4 times, and less than half of the time to compile;
- single elements of a variable (one lever of 70) taken apart once for all readers: 1.3 times. What
  is left, 153 ms, is some 1,450 kernels a step of a quarter of a microsecond, most of it for
  starting them, 390 of them for a sum that is the derivative by one parameter;
- not kept: barriers for cotangents only (as fast, twice the time to compile), or only for variables
  with several readers (0.9), vectors of 256 bits (0.95), XLA's older kernels (0.75), a checkpoint a
  year or a step without barriers (1.0). Loops compiled whole, without kernels, make a forward run
  1.5 times faster (an extra option of XLA that cannot be set for one function), but know no
  barriers. In batches, where arrays are 32 times larger, barriers round every variable make a run
  1.4 times slower.

Mapping 16 gradients over at once made each no faster before these changes.

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


def _ours(found: dict[str, Any]) -> float:
    return min(found[name]["cpu_per_run"] for name in ("usual", "again"))


def _speed(found: dict[str, Any]) -> str:
    ours = _ours(found)
    rivals = [
        ("PySD", found["pysd"], "cpu_per_run", 0.0),
        (
            "EMA Workbench over PySD",
            found["pysd"],
            "cpu_per_run",
            found["ema"].get("cpu_per_experiment", 0.0),
        ),
        ("simlin", found["simlin"], "cpu_per_run", 0.0),
        ("SDEverywhere, gcc -O3", found["sde"], "cpu_per_run_O3", 0.0),
        ("SDEverywhere, gcc -O3 -march=native -ffast-math", found["sde"], "cpu_per_run_fast", 0.0),
    ]
    rows = []
    for name, rival, key, extra in rivals:
        if key not in rival:
            rows.append((name, "not measured", "", "", rival.get("missing", "")))
            continue
        each = rival[key] + extra
        times = (_duration(each * size) for size in SIZES)
        rows.append((name, *times, f"{each / ours:.3g}"))
    single = found["single"]["cpu_per_run"]
    large = found.get("large", {}).get("cpu_per_run", ours)
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
        "Our 10,000 runs are measured."
        if "large" in found
        else "Our 10,000 runs are extrapolated from 1,000 (`--quick`).",
        f"Compiling for a batch takes {found['usual']['compile_cpu']:.1f} s when XLA's cache has "
        "it not, and is not part of the table.",
    ]
    return " ".join(lines)


def _aims(found: dict[str, Any]) -> str:
    ours, start, gradient = _ours(found), found["start"], found["gradient"]
    rows: list[tuple[str, str, float, float, bool]] = []

    def ratio(name: str, aim: str, value: float, bound: float, more: bool = True) -> None:
        rows.append((name, aim, value, bound, more))

    if "cpu_per_run" in found["pysd"]:
        ratio("times PySD", "at least 10,000", found["pysd"]["cpu_per_run"] / ours, 1e4)
    if "cpu_per_run_O3" in found["sde"]:
        ratio("times SDEverywhere at -O3", "at least 3", found["sde"]["cpu_per_run_O3"] / ours, 3)
    if "cpu_per_run" in found["simlin"]:
        ratio("times simlin", "at least 40", found["simlin"]["cpu_per_run"] / ours, 40)
    ratio(
        "part of the arithmetic limit, %",
        "at least 60",
        100 * found["limit"]["cpu_per_run"] / ours,
        60,
    )
    for name, bottom in (
        (f"gradient by {gradient['parameters']} parameters, in runs of `Program.run`", "run"),
        ("the same, in runs of the same function compiled as thoroughly", "forward"),
    ):
        ratio(name, "at most 5", gradient["gradient"] / gradient[bottom], 5, False)
    posterior = found["posterior"]
    ratio(
        f"gradient of the calibration by {posterior['parameters']}, in runs of its value, "
        "compiled as thoroughly",
        "",
        posterior["gradient"] / posterior["forward"],
        1e9,
        False,
    )
    ratio("`zhuanxing run`, cached, CPU s", "under 3", start["cached"]["cpu"], 3, False)
    ratio("the same, wall s", "under 3 (idle machine)", start["cached"]["wall"], 3, False)
    ratio(
        "`zhuanxing run` after a model change, CPU s",
        "under 25",
        start["changed"]["cpu"],
        25,
        False,
    )
    ratio("`zhuanxing run`, empty cache, CPU s", "", start["uncached"]["cpu"], 1e9, False)
    ratio("`zhuanxing run`, memory, MB", "under 1,000", start["uncached"]["megabytes"], 1e3, False)
    most = found.get("large", found["usual"])
    ratio("memory of a large batch, MB", "under 2,000", most["megabytes"], 2e3, False)
    ratio(
        "last fifth of its chunks over the first, time",
        "no slowing",
        most["last_fifth_over_first"],
        1.1,
        False,
    )
    if full := found.get("full"):
        runs = f"sweep of {full['runs']:,} runs"
        ratio(f"memory of a {runs}, MB", "under 2,000", full["megabytes"], 2e3, False)
        last = full["last_fifth_over_first"]
        ratio("last fifth of its pieces over the first, time", "no slowing", last, 1.1, False)
    scaling = found["scaling"]
    for name, key in (
        (
            f"two workers over one, whole command of {scaling['runs']:,} runs "
            f"(load average {scaling['load']:.1f})",
            "speedup",
        ),
        ("the same, from the fourth piece to the fourth last", "speedup_between"),
    ):
        ratio(name, "at least 1.7 (idle machine)", scaling[key], 1.7)
    cells = []
    for name, aim, value, bound, more in rows:
        met = value >= bound if more else value <= bound
        cells.append(
            (
                name,
                aim,
                f"{value:,.3g}" if value < 1e3 else f"{value:,.0f}",
                ("yes" if met else "**no**") if aim else "",
            )
        )
    table = _table(("figure", "aim", "measured", "met"), cells)
    # What was measured in another run than the rest, if anything: written into the results by hand.
    return "\n\n".join(filter(None, (table, found.get("apart"))))


def _memory(found: dict[str, Any]) -> str:
    rows = [
        (f"{one['runs']:,}", f"{one['megabytes']:.0f}", f"{one['megabytes_before']:.0f}")
        for one in (found["usual"], found.get("large"))
        if one
    ]
    table = _table(("runs in chunks of 256", "peak MB", "of which before the first run"), rows)
    return (
        f"{table}\n\nChunks are drawn, run and thrown away one after the other, in one process. "
        f"Before the first run most is XLA's, if it must compile.\n\n{_full(found.get('full'))}"
    )


def _full(full: dict[str, Any] | None) -> str:
    """Return what a whole sweep took; `benchmarks/run.py --full` measures it."""
    if full is None:
        return "A whole sweep of 100,000 runs was not measured (`benchmarks/run.py --full`)."
    fifths = ", ".join(f"{seconds:.3f}" for seconds in full["seconds_a_piece"])
    return (
        f"A whole `zhuanxing sweep` of {full['runs']:,} runs x 36 cities x 10 outputs x 11 years "
        f"with two workers (measured {full['when']}, load average {full['load']:.1f}, by "
        "`benchmarks/run.py --full`, about ten minutes and 5 GB of disk; other runs of the "
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
