"""The tab of aims: what is to be reached, and packages that reach it at the least of an output."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import panel as pn
import xarray as xr

from zhuanxing.app.panes import packages
from zhuanxing.app.state import State
from zhuanxing.app.words import say
from zhuanxing.results.aims import Aim

if TYPE_CHECKING:
    from zhuanxing.app.page import Session

__all__ = ["Aims"]


class Aims:
    """Fields for aims, a button, and the packages that were found."""

    def __init__(self, session: Session) -> None:
        self._session = session
        language, engine = session.language, session.engine
        self._text = pn.widgets.TextAreaInput(
            name=say("aims_text", language), rows=5, sizing_mode="stretch_width",
            value="\n".join(
                _written(aim, engine.plain[aim.variable].label(language))
                for aim in session.aims().values()
            ),
        )  # fmt: skip
        outputs = {engine.plain[n].label(language): n for n in session.settings.outputs}
        self._lowest = pn.widgets.Select(
            name=say("aims_lowest", language), options=outputs, value=session.settings.tradeoff,
            width=220,
        )  # fmt: skip
        button = pn.widgets.Button(
            name=say("aims_button", language), button_type="primary", css_classes=["find"]
        )
        button.on_click(lambda event: self._ask())
        self._answer = pn.pane.HTML("", sizing_mode="stretch_width")
        self._takes = pn.FlexBox(gap="6px")
        self.layout = pn.Column(
            self._text, pn.FlexBox(self._lowest, button, align_items="end"), self._answer,
            self._takes,
        )  # fmt: skip

    def _ask(self) -> None:
        session, state = self._session, self._session.state
        aims = [line.strip() for line in str(self._text.value).splitlines() if line.strip()]
        lowest = str(self._lowest.value)
        self._takes.objects = []
        self._answer.object = f'<small role="status">{say("computing", session.language)}</small>'
        session.run_later(
            lambda model: (state, session.engine.packages(model, state, aims, lowest)),
            self._show,
            asked=True,
        )

    def stop_waiting(self) -> None:
        """Say no longer that an answer is coming."""
        self._answer.object = ""

    def _show(self, found: tuple[State, xr.Dataset]) -> None:
        session = self._session
        state, answer = found
        self._answer.object = packages(answer, session.language)
        self._takes.objects = [self._take(state, answer, int(p)) for p in answer["package"].values]

    def _take(self, state: State, answer: xr.Dataset, number: int) -> Any:
        session = self._session
        button = pn.widgets.Button(
            name=say("aims_take", session.language, number=number), css_classes=[f"take-{number}"]
        )
        strengths = answer["intensity"].sel(package=number)
        levers = {
            str(n): round(float(strengths.sel(lever=n)), 3) for n in strengths["lever"].values
        }
        plain = replace(state, levers={}, groups={})
        changed = {n: s for n, s in levers.items() if s != session.engine.strength(plain, n)}
        button.on_click(lambda event: session.take(replace(plain, levers=changed)))
        return button


def _written(aim: Aim, output: str) -> str:
    """Return an aim as zhuanxing.analyses.optimise.goals reads it."""
    sign = ">=" if aim.direction == "at_least" else "<="
    if aim.measure == "change":
        return f"{output}{sign}{aim.value:+g}%{aim.base_year}"
    return f"{output}{sign}{aim.value:g}"
