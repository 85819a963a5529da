"""Open the planner's desk in a browser.

在浏览器中打开推演页面。
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from zhuanxing.app.settings import AppSettings
from zhuanxing.cli.asking import aims_of_model
from zhuanxing.cli.chosen import model_of
from zhuanxing.cli.command import Command, Context
from zhuanxing.errors import ZhuanxingError

SECTION = "ask"


def run(settings: AppSettings, context: Context) -> int:
    """Warm the model, print the address and serve until interrupted."""
    from zhuanxing.app.engine import warm
    from zhuanxing.engine import load_ahead

    load_ahead(context.places.origin, "run")
    model = model_of(settings, context)
    with ThreadPoolExecutor(1) as pool:
        warming = pool.submit(warm, model, aims_of_model(context.places), settings)
        from zhuanxing.app.serve import serve  # Panel takes a second, while the model runs

        engine = warming.result()
    address = f"http://{settings.host}:{settings.port}"
    print(
        f"{address}  " + {"zh": "（Ctrl-C 结束）", "en": "(Ctrl-C ends it)"}[context.language],
        flush=True,
    )
    try:
        serve(engine, settings)
    except OSError as error:
        raise ZhuanxingError(f"{address}: the page cannot be served ({error.strerror})") from error
    return 0


COMMAND = Command(AppSettings, run, examples=("", "port=8000", "calibration=default"))
