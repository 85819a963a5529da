"""Industrial transformation of China's old industrial and resource-based cities (转型).

`load()` gives the model; `Model.run` a scenario's annual paths as an xarray.Dataset.

Examples
--------
>>> import zhuanxing
>>> model = zhuanxing.load()
>>> plan = model.run("plan", outputs=["gdp", "energy_intensity"])
>>> plan["gdp"].dims
('year', 'city')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhuanxing.analyses.calibrate.api import calibrate
    from zhuanxing.analyses.sweep.design import Design, design
    from zhuanxing.analyses.sweep.reading import SweepResult, open_sweep
    from zhuanxing.calibrations import Calibration
    from zhuanxing.engine import compile_text
    from zhuanxing.errors import ZhuanxingError
    from zhuanxing.inputs.scenario import Scenario
    from zhuanxing.model import Model, load
    from zhuanxing.storage.netcdf import read as open_result

__all__ = [
    "Calibration", "Design", "Model", "Scenario", "SweepResult", "ZhuanxingError", "__version__",
    "calibrate", "compile_text", "design", "load", "open_result", "open_sweep",
]  # fmt: skip

__version__ = "0.1.0"

# Where each public name is defined, under which name there.
HOMES = {
    "Calibration": ("zhuanxing.calibrations", "Calibration"),
    "Design": ("zhuanxing.analyses.sweep.design", "Design"),
    "Model": ("zhuanxing.model", "Model"),
    "Scenario": ("zhuanxing.inputs.scenario", "Scenario"),
    "SweepResult": ("zhuanxing.analyses.sweep.reading", "SweepResult"),
    "ZhuanxingError": ("zhuanxing.errors", "ZhuanxingError"),
    "calibrate": ("zhuanxing.analyses.calibrate.api", "calibrate"),
    "compile_text": ("zhuanxing.engine", "compile_text"),
    "design": ("zhuanxing.analyses.sweep.design", "design"),
    "load": ("zhuanxing.model", "load"),
    "open_result": ("zhuanxing.storage.netcdf", "read"),
    "open_sweep": ("zhuanxing.analyses.sweep.reading", "open_sweep"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, then only: the command line must start quickly."""
    if name not in HOMES:
        raise AttributeError(f"module 'zhuanxing' has no attribute {name!r}")
    module, attribute = HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
