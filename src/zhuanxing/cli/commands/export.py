"""`zhuanxing export`: write the model with its data for Vensim and for programs of XMILE."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zhuanxing.cli.settings import compose_runs
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import override_assumptions, override_levers, read_names, resolve
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.paths import find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing export 文件夹 DIR [设置 key=value ...]

把完整模型（方程、数据和情景设置）写成 DIR/<情景>.mdl（Vensim，含流图）
和 DIR/<情景>.xmile。
Write the whole model, its data and the settings of a scenario as
DIR/<scenario>.mdl (Vensim, with a sketch: one view a sector) and DIR/<scenario>.xmile.

  scenario=plan                     情景 a file of scenarios/ ('zhuanxing scenarios')
  levers.<举措>.intensity=0.8       举措强度，只作用于 city 所列城市
                                    a lever's intensity, in the cities of `city` only
  assumptions.<name>=1.5            改变假设 replace an assumption
  calibration=default               用校准参数 use a stored set of parameters
  years.end=2035                    末年 last calendar year

默认设置 defaults: conf/run.yaml"""
# What `zhuanxing run` is told and an export has no use for.
FOREIGN = ("engine", "draws", "output")


def main(argv: Sequence[str]) -> int:
    """Write the two files and return 0. Raises ZhuanxingError for anything that is refused."""
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    folder, arguments = _folder(argv)
    places = find_places()
    names = read_names(places.model)
    (settings,) = compose_runs(places, names, arguments, multirun=False)
    scenario = resolve(places.scenarios, settings.scenario, names)
    scenario = override_levers(scenario, settings.levers, settings.cities, names)
    scenario = override_assumptions(scenario, settings.assumptions, names)
    require_writable(folder / f"{scenario.name}.mdl")
    # Imported here: a misspelt name is refused before the seconds that the engine's imports take.
    from zhuanxing.export import export
    from zhuanxing.model import load

    model = load(
        places.root,
        end=settings.end,
        information_year=settings.information,
        calibration=settings.calibration,
    )
    for path in export(model, scenario, folder):
        print(path)
    return 0


def _folder(argv: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the folder, which is the one argument without '=', and the settings."""
    for argument in argv:
        if argument.startswith("-"):
            raise ZhuanxingError(f"there is no option '{argument}'; write settings as key=value")
        if argument.split("=")[0] in FOREIGN:
            raise ZhuanxingError(f"'{argument}' is no setting of 'zhuanxing export'")
    folders = [argument for argument in argv if "=" not in argument]
    if len(folders) != 1:
        raise ZhuanxingError(
            f"'zhuanxing export' needs one folder to write to, but {len(folders)} are given; "
            "write 'zhuanxing export DIR scenario=plan'"
        )
    return Path(folders[0]), [argument for argument in argv if "=" in argument]
