"""The server of the page: one process for all visitors."""

from __future__ import annotations

import gc
import logging
from typing import Any

import panel as pn

from zhuanxing.app.engine import Engine
from zhuanxing.app.page import make_page
from zhuanxing.app.settings import AppSettings
from zhuanxing.charts.fonts import font_file

__all__ = ["serve"]


def serve(engine: Engine, settings: AppSettings, *, blocking: bool = True) -> Any:
    """Serve the page until interrupted; without `blocking` return the server, started.

    Scripts and styles come from this server alone.
    """
    # Bokeh warns of every visitor who leaves.
    logging.getLogger("bokeh").setLevel(logging.ERROR)
    logging.getLogger("tornado").setLevel(logging.ERROR)
    pn.extension(raw_css=[], notifications=False)
    # What has been loaded stays: looking for garbage in it would hold up whoever is there for half
    # a second whenever somebody leaves.
    gc.freeze()
    where = f"{settings.host}:{settings.port}"
    origins = [where, f"localhost:{settings.port}"]
    return pn.serve(
        {"/": make_page(engine, settings)},
        address=settings.host, port=settings.port, show=False, threaded=not blocking, start=True,
        websocket_origin=origins, static_dirs={"fonts": str(font_file().parent)},
        unused_session_lifetime=30_000, check_unused_sessions=10_000,
    )  # fmt: skip
