"""Files of what is on the page, down and up: table, report, picture and scenario."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from contextvars import copy_context
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import xarray as xr

from zhuanxing.app.state import from_yaml
from zhuanxing.app.words import say

if TYPE_CHECKING:
    from zhuanxing.app.page import Session

__all__ = ["Files"]

ENDINGS = {"table": "xlsx", "report": "docx", "picture": "png", "vector": "svg", "yaml": "yaml"}
WIDE = {"sizing_mode": "stretch_width"}


class Files:
    """Buttons for files, and a field for one from elsewhere."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._language = language = session.language
        self._buttons = {kind: self._button(kind) for kind in KINDS}
        upload = pn.widgets.FileInput(accept=".yaml,.yml", multiple=False, **WIDE)
        upload.param.watch(lambda event: self._take(event.new), "value")
        self.layout = pn.Column(
            pn.pane.HTML(f"<b>{say('save', language)}</b>"),
            pn.FlexBox(*self._buttons.values(), **WIDE),
            pn.pane.HTML(f"<b>{say('upload', language)}</b>"),
            upload,
            pn.pane.HTML(f"<small>{say('share', language)}</small>", **WIDE),
            **WIDE,
        )

    def _button(self, kind: str) -> Any:
        async def made() -> BytesIO:
            return await self._made(kind)

        return pn.widgets.FileDownload(
            callback=made, filename=self._name(kind), button_type="default",
            label=f"{say(f'save_{kind}', self._language)} .{ENDINGS[kind]}", embed=False, auto=True,
            css_classes=[f"save-{kind}"], width=150, margin=(0, 4, 4, 0),
        )  # fmt: skip

    def _name(self, kind: str) -> str:
        return f"zhuanxing_{self._session.state.city}.{ENDINGS[kind]}"

    async def _made(self, kind: str) -> BytesIO:
        """Return a file, made in a thread: a report takes seconds, in which the page answers."""
        session = self._session
        self._buttons[kind].filename = self._name(kind)
        session.note(say("making", self._language))
        work = session.engine.files.submit(copy_context().run, KINDS[kind], session)
        content = await asyncio.wrap_future(work)
        session.note("")
        return BytesIO(content)

    def _take(self, content: bytes | None) -> None:
        session = self._session
        text = (content or b"").decode("utf-8", "replace")
        session.take(from_yaml(text, session.state, session.engine.model))


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
        engine.patient(lambda: True), engine.scenario(session.state), against,
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
