"""Doses, budgets, worlds, evaluation and the audit of the plan."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import zhuanxing
from zhuanxing.analyses.audit import REPRESENTED, unknown_names
from zhuanxing.analyses.check.evaluation import concordance
from zhuanxing.analyses.check.lever_effects import correlations
from zhuanxing.data.tables import read_tables
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.annual import PATH
from zhuanxing.results.binding import bound_years

# 1e8 CNY of central money that the zones won from 2017 to March 2020, by the ministry's account.
DOCUMENTED = 50.0


def test_no_lever_is_free(model: zhuanxing.Model) -> None:
    levers = read_tables(model.places.model).levers
    free = (levers["dose_cost"] == 0) & (levers["administrative_effort"] == 0)
    assert not free.any()


def test_every_lever_has_a_dose_where_it_acts(model: zhuanxing.Model) -> None:
    full = np.asarray(model.program.run({}, {"full dose": PATH})["full dose"])[0]
    assert (full.sum(0) > 0).all()
    assert not full[~model.names.targets].any()


def test_what_works_do_falls_with_what_has_been_done(plan: xr.Dataset) -> None:
    dose = plan["lever_dose"]
    assert (dose.diff("year") >= -1e-9).sel(lever="urban_renewal").all()


def test_half_the_public_money_halves_public_spending_and_says_what_bound(
    model: zhuanxing.Model, plan: xr.Dataset
) -> None:
    half = model.run("plan", budget=0.5)
    fall = 1 - float(half["public_lever_spending"].sum() / plan["public_lever_spending"].sum())
    assert 0.40 < fall < 0.55
    done = [run["lever_dose"].sel(lever="public_services", year=2025).sum() for run in (half, plan)]
    assert done[0] < 0.8 * done[1]
    assert (half["binding_limit"].sel(year=2025) == "local").mean() > 0.5
    told = list(bound_years(half.sel(city=["liupanshui"]), "zh"))
    assert told[-1][1:3] == (2025, "地方财政")


def test_a_payer_keeps_to_its_ceiling_in_its_city(model: zhuanxing.Model, plan: xr.Dataset) -> None:
    held = model.run("plan", budget={"local": {"baotou": 2.0}})
    spent = held["lever_spending"].sel(funding_source="local", year=2025)
    assert float(spent.sel(city="baotou")) == pytest.approx(2.0, rel=1e-3)
    paid = [
        float(run["payer_share_paid"].sel(city="baotou", funding_source="local", year=2025))
        for run in (held, plan)
    ]
    assert paid[0] < 0.8 * paid[1]
    before = plan["lever_spending"].sel(funding_source="local", year=2025)
    assert float(spent.sel(city="ordos")) == pytest.approx(
        float(before.sel(city="ordos")), rel=0.02
    )


def test_an_unknown_payer_is_refused_with_the_nearest(model: zhuanxing.Model) -> None:
    with pytest.raises(ZhuanxingError, match="did you mean 'local'"):
        model.run("plan", budget={"locl": 200})


def test_history_spends_the_central_money_that_is_documented(model: zhuanxing.Model) -> None:
    history = model.run("history", outputs=["lever_spending"])
    years = history["lever_spending"].sel(funding_source="central", year=slice(2017, 2020))
    assert DOCUMENTED / 2 < float(years.sum()) < DOCUMENTED * 2


def test_a_title_is_given_on_a_day(plan: xr.Dataset) -> None:
    titles = plan["lever_dose"].sel(lever="innovative_city", city="zibo")
    assert float(titles.sel(year=2021)) == 0 and float(titles.sel(year=2023)) > 0


def test_a_city_that_takes_no_part_is_not_scored(model: zhuanxing.Model) -> None:
    baseline = model.run("baseline", outputs=["evaluation_score"])["evaluation_score"]
    assert float(baseline.sel(city="hebi", year=2025)) == 0
    admitted = model.run("plan", outputs=["evaluation_score"], levers={"provincial_zones": 1.0})
    assert float(admitted["evaluation_score"].sel(city="hebi", year=2025)) > 40


def test_concordance_counts_pairs_of_one_year_that_are_ordered_alike() -> None:
    scores = xr.DataArray([[3.0], [2.0], [1.0]], {"city": list("abc"), "year": [2018]})
    grades = pd.DataFrame({"unit_id": list("abc"), "year": 2018, "grade": [4, 3, 3]})
    assert concordance(scores, grades) == (1.0, 2)
    assert concordance(-scores, grades) == (0.0, 2)


def test_levers_that_do_the_same_correlate_fully() -> None:
    base = xr.Dataset({"a": (("city", "year"), np.ones((3, 1)))})
    effect = xr.DataArray(
        [[0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.2, -0.3, 0.2]], dims=("run", "city")
    )
    runs = base + effect.expand_dims(year=1).assign_coords(run=["x", "y", "z"])
    table = correlations(base, runs, ())
    assert float(table.sel(run="x", other="y")) == pytest.approx(1)
    assert abs(float(table.sel(run="x", other="z"))) < 0.95


def test_every_clause_of_the_plan_is_on_the_audit_and_names_what_exists(
    model: zhuanxing.Model,
) -> None:
    clauses = read_tables(model.places.model).clauses
    assert len(clauses) == 115 and set(clauses["article"]) == set(range(2, 16))
    assert (clauses["coverage"] == REPRESENTED).sum() >= 80
    carried = clauses[clauses["coverage"] == REPRESENTED]
    assert ((carried["levers"] != "") | (carried["variables"] != "")).all()
    assert (clauses.loc[clauses["coverage"] == "outside", "comment"] != "").all()
    assert not list(unknown_names(model))
