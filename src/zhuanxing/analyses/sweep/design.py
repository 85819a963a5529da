"""Designs: which values the factors take in which run."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zhuanxing.analyses.sweep.factors import Factor, find_factors, known_factors, named_factor
from zhuanxing.config import read_settings
from zhuanxing.errors import Sentence, ZhuanxingError, require_known
from zhuanxing.storage.paths import find_places

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Design", "design", "make_design", "problem", "unit_design"]

# More runs than this are a slip of the pen, and their design alone would fill the memory.
MOST_RUNS = 10_000_000
CSV = "csv"


@dataclass(frozen=True)
class Design:
    """`values` [run, factor] in each factor's unit, and the method and options that made them.

    Examples
    --------
    >>> import zhuanxing
    >>> plan = zhuanxing.design(["levers.solar_base", "levers.wind_base"], "grid", levels=3)
    >>> plan.values.shape, plan.factors[0].name
    ((9, 2), 'levers.solar_base.intensity')
    """

    method: str
    options: Mapping[str, Any]
    factors: tuple[Factor, ...]
    values: np.ndarray

    @property
    def dataset(self) -> xr.Dataset:
        """The values by factor along `run`, as `Model.run_many` takes them."""
        # Imported here: a misspelt factor is refused before the half second that xarray takes.
        import xarray as xr

        columns = zip(self.factors, self.values.T, strict=True)
        return xr.Dataset({factor.name: ("run", values) for factor, values in columns})


def design(
    vary: Sequence[str],
    method: str = "latin_hypercube",
    *,
    root: Path | None = None,
    **options: Any,
) -> Design:
    """Return a design over levers, assumptions and drivers.

    Parameters
    ----------
    vary
        Factors as in `zhuanxing sweep vary=`: `levers.solar_base`, `assumptions.*`,
        `drivers.coal_price_index:-1:1`; * and ? match.
    method
        grid, latin_hypercube, sobol, saltelli or morris.
    root
        Folder that holds model/; the working directory by default, else the package's own.
    options
        Of the method, as conf/design has them: runs, levels, base_runs, trajectories, seed.

    Returns
    -------
    Design
        `values` [run, factor] in each factor's unit; `dataset` is what `Model.run_many` takes.

    Raises
    ------
    ZhuanxingError
        For an unknown method, factor or option.

    Examples
    --------
    >>> import zhuanxing
    >>> plan = zhuanxing.design(["levers.solar_base", "drivers.coal_price_index"], runs=8)
    >>> plan.dataset.sizes["run"]
    8
    """
    places = find_places(root)
    require_known("design", method, METHODS, "method")
    settings = read_settings(dict, places.conf / "design" / f"{method}.yaml")
    for option in options:
        require_known("option", option, settings, f"design {method}")
    return make_design({**settings, **options}, vary, known_factors(places.model / "data"))


def make_design(
    options: Mapping[str, Any], vary: Sequence[str], known: dict[str, Factor]
) -> Design:
    """Return the design that `options` (a file of conf/design) describe over the factors `vary`.

    The same options give the same values, bit for bit. Raises ZhuanxingError for an unknown
    method or factor and for a size that makes no sense.
    """
    method = str(options.get("method"))
    require_known("design", method, (*METHODS, CSV), "design.method")
    chosen = {key: value for key, value in options.items() if key != "method"}
    if method == CSV:
        return _from_csv(chosen, known)
    factors = find_factors(vary, known)
    if method == GRID:
        return Design(method, chosen, factors, _grid(chosen, factors))
    points = unit_design(method, chosen, len(factors))
    return Design(method, chosen, factors, _scaled(points, factors))


def problem(count: int) -> dict[str, Any]:
    """Return `count` factors whose ranges are 0 to 1 as SALib's problem."""
    return {"num_vars": count, "names": list(map(str, range(count))), "bounds": [[0, 1]] * count}


def _grid(options: Mapping[str, Any], factors: Sequence[Factor]) -> np.ndarray:
    count = _whole(options, "levels", least=2)
    levels = [
        np.array(factor.levels) if factor.levels else np.linspace(factor.low, factor.high, count)
        for factor in factors
    ]
    _require_size(math.prod(map(len, levels)), f"a full grid over {len(factors)} factors")
    return np.array(list(itertools.product(*levels)))


def unit_design(method: str, options: Mapping[str, Any], count: int) -> np.ndarray:
    """Return the points [run, factor] of a design over `count` factors whose ranges are 0 to 1.

    `method` is latin_hypercube, sobol, saltelli or morris. Raises ZhuanxingError for an option or
    a size that makes no sense.
    """
    return UNIT[method](options, count)


def _latin_hypercube(options: Mapping[str, Any], count: int) -> np.ndarray:
    from scipy.stats import qmc

    runs = _whole(options, "runs", least=1)
    _require_size(runs, "this design")
    found: np.ndarray = qmc.LatinHypercube(count, rng=_seed(options)).random(runs)
    return found


def _sobol(options: Mapping[str, Any], count: int) -> np.ndarray:
    from scipy.stats import qmc

    found: np.ndarray = qmc.Sobol(count, rng=_seed(options)).random(_power_of_two(options, "runs"))
    return found


def _saltelli(options: Mapping[str, Any], count: int) -> np.ndarray:
    from SALib.sample import sobol

    base = _power_of_two(options, "base_runs")
    _require_size(base * (count + 2), "this design")
    found: np.ndarray = sobol.sample(
        problem(count), base, calc_second_order=False, seed=_seed(options)
    )
    return found


def _morris(options: Mapping[str, Any], count: int) -> np.ndarray:
    from SALib.sample import morris

    if count < 2:
        raise ZhuanxingError("design=morris compares factors, so vary must name two at least")
    trajectories = _whole(options, "trajectories", least=2)
    levels = _whole(options, "levels", least=2)
    if levels % 2:
        raise ZhuanxingError(f"design.levels is {levels}, but design=morris needs an even number")
    _require_size(trajectories * (count + 1), "this design")
    found: np.ndarray = morris.sample(
        problem(count), trajectories, num_levels=levels, seed=_seed(options)
    )
    return found


def _from_csv(options: Mapping[str, Any], known: dict[str, Factor]) -> Design:
    """Read a table with one column a factor and one row a run; its columns say what varies."""
    if not options.get("file"):
        raise ZhuanxingError("design=csv needs design.file, a table with one column a factor")
    # Imported here: pandas and pandera take a second, which other designs do without.
    from pandera.pandas import Column, DataFrameSchema

    from zhuanxing.data.reading import open_table, read_checked

    path = Path(str(options.get("file")))
    cells = open_table(path)
    table = read_checked(path, DataFrameSchema({name: Column(float) for name in cells}), cells)
    factors = tuple(
        named_factor(str(name), float(column.min()), float(column.max()), known)
        for name, column in table.items()
    )
    # The file may move; what it held is in the store.
    return Design(CSV, {}, factors, table.to_numpy(float))


UNIT: Mapping[str, Callable[[Mapping[str, Any], int], np.ndarray]] = {
    "latin_hypercube": _latin_hypercube,
    "sobol": _sobol,
    "saltelli": _saltelli,
    "morris": _morris,
}
GRID = "grid"
METHODS = (GRID, *UNIT)


def _scaled(unit: np.ndarray, factors: Sequence[Factor]) -> np.ndarray:
    low = np.array([factor.low for factor in factors])
    high = np.array([factor.high for factor in factors])
    found: np.ndarray = low + unit * (high - low)
    return found


def _power_of_two(options: Mapping[str, Any], key: str) -> int:
    runs = _whole(options, key, least=2)
    near = 2 ** round(math.log2(runs))
    if runs != near:
        raise ZhuanxingError(
            "design.{key} is {runs}, but a Sobol' sequence covers its space evenly only with a "
            "power of two; the nearest is {near}",
            key=key, runs=runs, near=near,
        )  # fmt: skip
    _require_size(runs, "this design")
    return runs


def _seed(options: Mapping[str, Any]) -> int:
    return _whole(options, "seed", least=0)


def _whole(options: Mapping[str, Any], key: str, least: int) -> int:
    value = options.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ZhuanxingError(
            "{where} is {value}, but {expected} is expected",
            where=f"design.{key}", value=f"'{value}'",
            expected=Sentence("a whole number of {least} at least", least=least),
        )  # fmt: skip
    return value


def _require_size(runs: int, what: str) -> None:
    if runs > MOST_RUNS:
        raise ZhuanxingError(
            "{what} has {runs:,} runs, but {most:,} are the most; vary fewer factors or take "
            "another design",
            what=what, runs=runs, most=MOST_RUNS,
        )  # fmt: skip
