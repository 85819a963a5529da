"""Files of what is on the page: table, report, picture and scenario."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

if TYPE_CHECKING:
    from zhuanxing.app.page import Session

__all__ = ["make"]


def make(kind: str, session: Session) -> BytesIO:
    """Return a file of `kind`: table, report, picture, vector or yaml."""
    return BytesIO(KINDS[kind](session))


def _results(session: Session) -> dict[str, xr.Dataset]:
    engine, state = session.engine, session.state
    scenario = engine.scenario(state)
    return {
        session.settings.against: engine.model.run(session.settings.against),
        "mine": engine.model.run(scenario),
    }


def _yaml(session: Session) -> bytes:
    labels = session.engine.scenarios[session.state.scenario].labels
    state = session.state
    return state.to_yaml(labels, session.engine.changed(state)).encode()


def _table(session: Session) -> bytes:
    from zhuanxing.report.tables import city_tables, write_tables

    engine = session.engine
    sheets = city_tables(
        _results(session), session.state.city, aims=engine.aims, model=engine.model.places.model,
        language=session.language,
    )  # fmt: skip
    return _written(lambda path: write_tables(sheets, path), "table.xlsx")


def _report(session: Session) -> bytes:
    from zhuanxing.report.brief import gather
    from zhuanxing.report.document import write_docx

    engine = session.engine
    against = engine.scenarios[session.settings.against]
    found = gather(
        engine.model, engine.scenario(session.state), against,
        city=session.state.city, aims=engine.aims, outputs=session.settings.tiles,
        draws=session.settings.draws if engine.model.calibration else 0,
    )  # fmt: skip
    brief = found.brief(session.language, address=session.address())
    return _written(lambda path: write_docx(brief, path), "report.docx")


def _picture(ending: str) -> Callable[[Session], bytes]:
    def draw(session: Session) -> bytes:
        from zhuanxing.charts import paths
        from zhuanxing.charts.save import save

        figure = paths.draw(
            _results(session), cities=[session.state.city], variables=[session.state.output],
            language=session.language,
        )  # fmt: skip
        return _written(lambda path: save(figure, path.with_suffix(""), [ending]), f"x.{ending}")

    return draw


def _written(write: Callable[[Path], object], name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


KINDS: Mapping[str, Callable[[Session], bytes]] = {
    "yaml": _yaml,
    "table": _table,
    "report": _report,
    "picture": _picture("png"),
    "vector": _picture("svg"),
}
