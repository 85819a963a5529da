"""Who moves whom: frozen variables, link scores and paths, on models small enough to know."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import zhuanxing
from zhuanxing.analyses.explain.graph import abridged, between, widest_path
from zhuanxing.analyses.explain.loops import loops_that_matter
from zhuanxing.analyses.explain.shares import cancelling, part
from zhuanxing.analyses.explain.tree import tree
from zhuanxing.analyses.optimise.goals import Goal, parse_goal
from zhuanxing.analyses.optimise.search import Problem, alternative, best, rounded
from zhuanxing.engine import compile_text
from zhuanxing.engine.causes import FrozenRuns, causes, stocks
from zhuanxing.engine.link_scores import link_scores
from zhuanxing.errors import ZhuanxingError

TEXT = """{UTF-8}
city: here, there ~~|
birth rate[city] = 0.1 ~~|
births[city] = birth rate[city]*people[city] ~~|
deaths[city] = 0.02*people[city] ~~|
people[city] = INTEG(births[city]-deaths[city], 100) ~~|
food[city] = 3*births[city]+2*people[city] ~~|
INITIAL TIME = 2015 ~~|
FINAL TIME = 2020 ~~|
TIME STEP = 0.125 ~~|
SAVEPER = TIME STEP ~~|
"""

SHIFT = """{UTF-8}
city: here, there ~~|
use: field, town ~~|
built[city] = 0.1*land[city,field] ~~|
land[city,field] = INTEG(-built[city], 90) ~~|
land[city,town] = INTEG(built[city], 10) ~~|
INITIAL TIME = 2015 ~~|
FINAL TIME = 2018 ~~|
TIME STEP = 0.125 ~~|
SAVEPER = TIME STEP ~~|
"""


@pytest.fixture(scope="module")
def program() -> Any:
    return compile_text(TEXT)


def test_causes_reach_through_stocks(program: Any) -> None:
    graph = causes(program)
    assert graph["people"] >= {"births", "deaths"}
    assert graph["food"] == {"births", "people"}
    assert stocks(program) == {"people"}
    assert between(graph, "birth rate", "food") == {"births", "people", "food", "deaths"}


def test_the_tree_of_an_output_names_each_variable_at_its_fewest_steps(
    model: zhuanxing.Model,
) -> None:
    found = tree(model, "coal_consumption", 3)
    graph = causes(model.program)
    start = model.outputs.table.loc["coal_consumption", "variable"]
    reached = [{start}]
    for _ in range(3):
        onward = {cause for name in reached[-1] for cause in graph.get(name, ())}
        reached.append(onward - set().union(*reached))
    for steps, names in enumerate(reached[1:], start=1):
        rows = found[(found["side"] == "cause") & (found["depth"] == steps)]
        assert sorted(rows["variable"]) == sorted(names) and names
    # The line above an indented one that is less indented is next to it.
    above: dict[int, str] = {}
    for row in found[found["side"] == "cause"].itertuples():
        assert row.depth == 1 or row.variable in graph[above[row.depth - 1]]
        above[row.depth] = row.variable


def test_a_frozen_variable_keeps_to_the_path_of_the_first_run(program: Any) -> None:
    rates = np.array([[0.1, 0.1], [0.2, 0.2], [0.2, 0.2], [0.2, 0.2]])
    frozen = FrozenRuns(
        program, {"birth rate": rates[:2]}, ["births", "people"],
        {"births": "year_end", "people": "year_end", "food": "year_end"},
    )  # fmt: skip
    mask = np.array([[False, False], [False, False], [True, False], [False, True]])
    found = frozen.run({"birth rate": rates}, mask)
    plain = program.run_many({"birth rate": rates}, {"people": "year_end", "food": "year_end"})
    for name in ("people", "food"):
        np.testing.assert_allclose(found[name][:2], plain[name][:2], rtol=1e-12)
    np.testing.assert_allclose(found["births"][2], found["births"][0], rtol=1e-12)
    np.testing.assert_allclose(found["food"][2], found["food"][0], rtol=1e-12)
    np.testing.assert_allclose(found["people"][3], found["people"][0], rtol=1e-12)
    assert (found["food"][3] > found["food"][0]).all(), "births still move food directly"


def test_frozen_runs_may_begin_where_they_differ(program: Any) -> None:
    rates, outputs = np.array([[0.1, 0.1], [0.2, 0.2], [0.2, 0.2]]), {"people": "year_end"}
    past = program.past({}, outputs, 2018)
    frozen = FrozenRuns(program, {"birth rate": rates[:2]}, ["births"], outputs, past.steps)
    found = frozen.run({"birth rate": rates}, np.array([[False], [False], [True]]), past)["people"]
    whole = program.run_many({"birth rate": rates}, outputs, after=past)["people"]
    np.testing.assert_allclose(found[:2, -2:], whole[:2, -2:], rtol=1e-14)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-14)


def test_link_scores_are_the_parts_of_a_change_that_causes_bring(program: Any) -> None:
    times, scores, states = link_scores(program, {}, "here")
    assert list(times) == [2015, 2016, 2017, 2018, 2019]
    assert states == {"@people"}
    for links in scores:
        assert links["@people"]["births"] == pytest.approx(0.1 / 0.08)
        assert links["@people"]["deaths"] == pytest.approx(-0.02 / 0.08)
        assert links["births"]["people"] == pytest.approx(1.0)
        assert links["food"]["births"] == pytest.approx(0.3 / 2.3)


def test_a_shift_within_a_variable_is_a_change_of_it() -> None:
    program = compile_text(SHIFT)
    _, scores, _ = link_scores(program, {}, "here")
    for links in scores:
        assert abs(links["@land"]["built"]) == pytest.approx(1.0), "their sum stands still"
        assert links["built"]["land"] == pytest.approx(1.0)


def test_a_long_chain_shows_at_most_seven_variables_that_people_know() -> None:
    chain = [f"v{place}" for place in range(40)]
    assert abridged(chain[:7], set()) == chain[:7]
    assert abridged(chain, {"v3", "v9", "v20"}) == ["v3", "v9", "v20"]
    assert len(abridged(chain, set(chain))) == 7
    assert abridged(chain, {"v3"})[0] == "v0", "one variable is no chain to follow"


def test_shares_of_paths_that_cancel_are_said_in_times_the_net_effect() -> None:
    shares = {"a": 24.4, "b": -23.4}
    effect: Any = SimpleNamespace(paths=(("a", "b"),), shares=shares)
    assert [part(one, "en") for one in shares.values()] == ["24.4 times", "−23.4 times"]
    assert "24.4倍" in cancelling(effect, "zh")
    effect.shares = {"a": 0.63, "b": -0.3}
    assert [part(one, "zh") for one in effect.shares.values()] == ["63%", "−30%"]
    assert cancelling(effect, "zh") == ""


def test_loops_have_their_sign_and_their_share(program: Any, monkeypatch: Any) -> None:
    from zhuanxing.analyses.explain import loops

    glossary = SimpleNamespace(chinese=lambda name: name)
    monkeypatch.setattr(loops, "read_glossary", lambda model: glossary)
    monkeypatch.setattr(loops, "ADJUSTMENT", 1)  # this model has no loop of more variables
    model: Any = SimpleNamespace(
        program=program, inputs=lambda scenario: {}, places=SimpleNamespace(model=None), outputs=[]
    )
    scenario: Any = SimpleNamespace(name="x")
    found = loops_that_matter(model, scenario, city="here")
    assert list(found["sign"].values) == ["R", "B"]
    np.testing.assert_allclose(found["share"].isel(year=0), [1.25 / 1.5, -0.25 / 1.5])
    assert "births" in str(found["chain"].values[0])


def test_the_widest_path_is_as_strong_as_its_weakest_link() -> None:
    readers = {"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}
    assert widest_path(readers, "a", "d", {"b": 0.4, "c": 0.9, "d": 1.0}) == ("a", "c", "d")
    assert widest_path(readers, "a", "d", {"d": 1.0}) is None


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("gdp>=95", 95.0), ("gdp<=+3", 103.0), ("gdp<=-2", 98.0), ("gdp<=-14.5%2020", 85.5),
        ("gdp>=baseline", 120.0), ("gdp>=baseline-1%", 118.8), ("gdp>=baseline+3", 123.0),
    ],
)  # fmt: skip
def test_an_aim_is_a_limit_in_the_last_year(text: str, limit: float) -> None:
    known = {2020: 100.0, 2025: 120.0}
    goal = parse_goal(text, ["gdp"], lambda output, year: known[year], 2020, 2025)
    assert goal.limit == pytest.approx(limit)
    assert goal.at_least == (">=" in text)
    assert goal.gap(limit) == 0
    for wrong in ("gdp=3", "gpd>=3", "gdp>=much"):
        with pytest.raises(ZhuanxingError):
            parse_goal(wrong, ["gdp"], lambda output, year: known[year], 2020, 2025)


class Made:
    """Two outputs of four levers: debt rises with all, the aim with three of them."""

    outputs = (SimpleNamespace(name="debt"), SimpleNamespace(name="clean"))
    cost = np.array([1.0, 2.0, 1.05, 0.5])
    gain = np.array([1.0, 0.5, 1.0, 0.0])

    def with_slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slopes = np.stack([self.cost + 0.1 * x, self.gain])
        return np.array([10 + self.cost @ x + 0.05 * x @ x, self.gain @ x]), slopes

    def values(self, x: np.ndarray) -> np.ndarray:
        return self.with_slopes(x)[0]


def problem(limit: float) -> Problem:
    response: Any = Made()
    goal = Goal(f"clean>={limit:g}", "clean", True, limit)
    return Problem(response, [goal], 0, 1.0, np.array([10.0, 1.0]))


def test_the_best_package_takes_the_cheapest_levers_and_leaves_idle_ones() -> None:
    found = best(problem(0.75), [np.full(4, 0.5), np.zeros(4)])
    assert found.reached
    assert found.x[0] > 0.5 and found.x[1] < 1e-3 and found.x[3] < 1e-3
    assert found.values[1] == pytest.approx(0.75, abs=1e-4)


def test_an_alternative_costs_little_more_and_uses_other_levers() -> None:
    asked = problem(0.75)
    first = best(asked, [np.zeros(4)])
    other = alternative(asked, first, first.x, 0.02)
    assert other is not None and other.reached
    assert other.values[0] <= first.values[0] + 0.02 * 10 + 1e-6
    assert other.x[2] > first.x[2] + 0.2


def test_rounding_mends_what_it_breaks() -> None:
    asked = problem(0.72)
    found = rounded(asked, best(asked, [np.zeros(4)]), 0.1)
    assert found.reached
    np.testing.assert_allclose(found.x * 10, np.round(found.x * 10), atol=1e-9)


def test_aims_out_of_reach_give_the_nearest_package() -> None:
    found = best(problem(9.0), [np.zeros(4)])
    assert not found.reached
    assert found.values[1] == pytest.approx(2.5, abs=1e-3)
