"""The yearly evaluation beside published grades, and how often it ends a status."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from zhuanxing.analyses.check.finding import Finding

__all__ = ["concordance", "concordance_finding", "loss_finding"]


def concordance(scores: xr.DataArray, grades: pd.DataFrame) -> tuple[float, int]:
    """Return the share of pairs of cities that the score orders as their grades, and their number.

    Pairs are those of one year with different grades; equal scores count half (Harrell's C).
    `scores` has dims city and year; `grades` the columns unit_id, year, grade.
    """
    right, pairs = 0.0, 0
    for year, part in grades.groupby("year"):
        if year not in scores["year"].values:
            continue
        graded = [
            (float(scores.sel(city=city, year=year)), int(grade))
            for city, grade in zip(part["unit_id"], part["grade"], strict=True)
        ]
        for place, (score, grade) in enumerate(graded):
            for other, lower in graded[:place]:
                if grade != lower:
                    pairs += 1
                    product = (score - other) * (grade - lower)
                    right += 0.5 if product == 0 else float(product > 0)
    return (right / pairs if pairs else float("nan")), pairs


def concordance_finding(scores: xr.DataArray, grades: pd.DataFrame, least: float) -> Finding:
    """The score [year, city] orders cities as the published grades do, which nothing was fitted to.

    `grades` has a row a city and year; `least` is the share of pairs that are to agree.
    """
    found, pairs = concordance(scores, grades)
    what = "评估得分与公布等级一致 the score agrees with published grades"
    result = f"{found:.2f} of {pairs} pairs"
    return Finding("evaluation", what, result, f">= {least:g}", found >= least)


def loss_finding(status: xr.DataArray, first: int, low: float, high: float) -> Finding:
    """The status is lost in a share of city-years between `low` and `high`.

    `status` has dims run, city and year: one while the city is in a zone. City-years are those
    from `first` on; a loss counts in the year in which it happens.
    """
    before = status.shift(year=1).sel(year=slice(first, None))
    held = before > 0.5
    lost = held & (status.sel(year=slice(first, None)) < 0.5)
    share = float(lost.sum() / held.sum())
    what = "示范区资格丧失的频率 how often the status is lost"
    result = f"{share:.1%} of {int(held.sum())} city-years"
    return Finding("evaluation", what, result, f"{low:.0%} to {high:.0%}", low <= share <= high)
