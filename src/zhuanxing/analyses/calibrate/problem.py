"""From settings and a model to the posterior of its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zhuanxing.analyses.calibrate.observations import Statistics, select
from zhuanxing.analyses.calibrate.parameters import free_parameters
from zhuanxing.analyses.calibrate.posterior import Posterior
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.data.tables import Tables
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.names import require_known

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["pose", "statistics_of"]


def pose(model: Model, settings: CalibrateSettings) -> Posterior:
    """Return the posterior that `settings` ask for.

    `model` must know nothing after the last year of the settings. Raises ZhuanxingError for a
    name that the model or its tables do not have.
    """
    if model.source.information_year > settings.last_year:
        raise ZhuanxingError(
            f"calibrate: the model knows outside conditions of {model.source.information_year}, "
            f"but the fit ends in {settings.last_year}; load it with that information_year"
        )
    tables = model.tables
    _require_names(settings, tables)
    parameters = free_parameters(model, tables, settings.parameters, settings.cities)
    statistics = statistics_of(model, tables, settings, (model_start(model), settings.last_year))
    overrides = model.inputs(model.scenario(settings.scenario))
    return Posterior(model.program, overrides, parameters, statistics)


def _require_names(settings: CalibrateSettings, tables: Tables) -> None:
    """Refuse an archetype that no city has and a basis that no statistic has."""
    if settings.nuts.archetype is not None:
        kinds = dict.fromkeys(tables.units["archetype"])
        require_known("archetype", settings.nuts.archetype, kinds, "calibrate.yaml: nuts")
    for basis in settings.basis:
        require_known("basis", basis, tables.bases["basis"], "calibrate.yaml: basis")


def statistics_of(
    model: Model, tables: Tables, settings: CalibrateSettings, years: tuple[int, int]
) -> Statistics:
    """Return the statistics of the settings in `years`, both included."""
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
    return select(
        tables.observations,
        settings.targets,
        settings.quality,
        settings.basis,
        years,
        model.elements("city"),
        elements,
    )


def model_start(model: Model) -> int:
    """Return the first calendar year that the model simulates."""
    return round(float(model.program.times()[0]))
