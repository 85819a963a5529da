"""From settings and a model to the posterior of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zhuanxing.analyses.calibrate.observations import Observations, select
from zhuanxing.analyses.calibrate.parameters import Parameters, free_parameters
from zhuanxing.analyses.calibrate.posterior import Posterior
from zhuanxing.analyses.calibrate.settings import CalibrateSettings, Surprise
from zhuanxing.data.tables import Tables
from zhuanxing.errors import ZhuanxingError, require_known

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["observations_of", "pose"]


def pose(model: Model, settings: CalibrateSettings, until: int | None = None) -> Posterior:
    """Return the posterior that `settings` ask for, simulated to the end of `until`.

    `model` must know nothing after the last year of the settings. Years after that to `until`
    hold no statistic; they let fits to several years share one compiled program. Raises
    ZhuanxingError for a name that the model or its tables do not have.
    """
    if model.source.information_year > settings.last_year:
        raise ZhuanxingError(
            f"calibrate: the model knows outside conditions of {model.source.information_year}, "
            f"but the fit ends in {settings.last_year}; load it with that information_year"
        )
    tables = model.tables
    for basis in settings.basis:
        require_known("basis", basis, tables.bases["basis"], "calibrate.yaml: basis")
    years = range(model.years[0], (until or settings.last_year) + 1)
    known = tables.known_at(settings.last_year)
    _require_told(known, settings.surprises)
    observations = observations_of(model, known, settings, years)
    parameters = free_parameters(
        model, settings.parameters, settings.cities, years, observations.bias.max(axis=1) > 0
    )
    overrides = model.inputs(model.scenario(settings.scenario))
    lookups = {name: np.asarray(table) for name, table in model.program.lookups().items()}
    return Posterior(
        model.program, {**overrides, **lookups}, parameters, observations,
        _elements(model, settings),
        np.where(_chosen(parameters, settings.lumpy, "lumpy"), settings.lumps, settings.tails),
        _chosen(parameters, settings.recorded, "recorded"),
    )  # fmt: skip


def _chosen(parameters: Parameters, names: Sequence[str], where: str) -> np.ndarray:
    """Return which disturbances are among `names` (disturbance,)."""
    for name in names:
        require_known("disturbance", name, parameters.disturbances, f"calibrate.yaml: {where}")
    return np.isin(parameters.disturbances, names)


def observations_of(
    model: Model, tables: Tables, settings: CalibrateSettings, years: Sequence[int]
) -> Observations:
    """Return the statistics of `tables` that the settings compare, in `years`."""
    return select(
        tables.observations, settings.targets, settings.quality, settings.basis, list(years),
        model.elements("city"),
    )  # fmt: skip


def _require_told(tables: Tables, surprises: Sequence[Surprise]) -> None:
    """Refuse a growth that no statistic tells, before a fit that would keep it."""
    for one in surprises:
        if one.region is not None or one.variable is not None:
            where, rows = f"calibrate.yaml: surprises, {one.driver}", tables.provinces
            require_known("region", str(one.region), rows["province"].unique(), where)
            own = rows.loc[rows["province"] == one.region, "variable"].unique()
            require_known("statistic", str(one.variable), own, where)


def changes_of_growth(tables: Tables, surprises: Sequence[Surprise]) -> dict[str, list[float]]:
    """Return by driver the changes, in points from one year to the next, of the growth that tells
    of all its elements alike; none where its own changes do.
    """
    rows, found = tables.provinces.sort_values("year"), {}
    for one in surprises:
        told = rows[(rows["province"] == one.region) & (rows["variable"] == one.variable)]
        found[one.driver] = np.diff(told["value"].to_numpy(float)).tolist()
    return found


def _elements(model: Model, settings: CalibrateSettings) -> dict[str, int]:
    """Return the places of the targets' elements; refuse a variable the model does not have."""
    variables = model.program.variables
    elements: dict[str, int] = {}
    for target in settings.targets:
        for name in filter(None, (target.variable, target.over)):
            if name not in variables:
                raise ZhuanxingError(
                    f"calibrate.yaml: targets: the model has no variable '{name}', "
                    f"which {target.observed} is compared with"
                )
        if target.element is not None:
            dim = variables[target.variable].dims[1].replace(" ", "_")
            elements |= {name: place for place, name in enumerate(model.elements(dim))}
    return elements
