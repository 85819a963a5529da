"""Scenarios resolve to lever settings by city, and mistakes in them are refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhuanxing.config import validated
from zhuanxing.errors import ZhuanxingError, nearest
from zhuanxing.inputs import Changes, ModelNames, changed, read_names, resolve, scenario_names

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "scenarios"
NAMES = read_names(ROOT / "model")
ROOT_SCENARIO = """
name_zh: 根
name_en: Root
levers:
  all: {intensity: 0, start: 2021}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of scenarios that holds only a root."""
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    (scenarios / "root.yaml").write_text(ROOT_SCENARIO, encoding="utf-8")
    return scenarios


def write(folder: Path, name: str, body: str) -> None:
    text = f"name_zh: 试\nname_en: Trial\n{body}"
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def column(names: ModelNames, lever: str) -> int:
    return list(names.levers).index(lever)


def some_local_lever() -> tuple[str, list[str], list[str]]:
    """A lever that acts in some cities only, with those cities and the others."""
    index = int(np.argmin(NAMES.targets.sum(axis=0)))
    cities = np.array(list(NAMES.cities))
    inside = NAMES.targets[:, index]
    return list(NAMES.levers)[index], list(cities[inside]), list(cities[~inside])


def some_general_lever() -> str:
    return list(NAMES.levers)[int(np.argmax(NAMES.targets.all(axis=0)))]


@pytest.mark.parametrize("name", scenario_names(SHIPPED))
def test_every_shipped_scenario_is_within_bounds_and_inside_the_targets(name: str) -> None:
    scenario = resolve(SHIPPED, name, NAMES)
    assert scenario.intensity.shape == (len(NAMES.cities), len(NAMES.levers))
    assert np.all((scenario.intensity >= 0) & (scenario.intensity <= 1))
    assert np.all(scenario.intensity[~NAMES.targets] == 0)
    assert np.all(np.isfinite(scenario.start))
    assert scenario.labels["description_zh"] and scenario.labels["description_en"]


def test_the_issue_s_eleven_scenarios_are_there() -> None:
    assert set(scenario_names(SHIPPED)) >= {
        "baseline",
        "plan",
        "coal_reduction",
        "solar_bases",
        "land_conversion",
        "innovation_first",
        "green_industry",
        "tight_finance",
        "full_ambition",
        "delayed_start",
        "supply_shock",
    }


def test_baseline_has_no_lever_and_full_ambition_has_all() -> None:
    assert resolve(SHIPPED, "baseline", NAMES).intensity.max() == 0
    full = resolve(SHIPPED, "full_ambition", NAMES)
    assert np.array_equal(full.intensity, NAMES.targets.astype(float))


def test_the_plan_uses_every_lever_and_a_delay_changes_starts_only() -> None:
    plan = resolve(SHIPPED, "plan", NAMES)
    late = resolve(SHIPPED, "delayed_start", NAMES)
    assert np.all(plan.intensity.max(axis=0) > 0)
    assert np.array_equal(plan.intensity, late.intensity)
    assert np.all(late.start - plan.start == 2)


@pytest.mark.parametrize("name", ["tight_finance", "supply_shock"])
def test_a_shock_leaves_the_levers_of_the_plan_as_they_are(name: str) -> None:
    shock = resolve(SHIPPED, name, NAMES)
    assert np.array_equal(shock.intensity, resolve(SHIPPED, "plan", NAMES).intensity)
    assert shock.assumptions


def test_the_narrower_setting_wins(folder: Path) -> None:
    lever = some_general_lever()
    group = NAMES.levers[lever]["group"]
    city = next(iter(NAMES.cities))
    body = (
        f"extends: root\nlevers:\n  all: 0.2\n  {lever}: 0.6\ngroups:\n  {group}: 0.4\n"
        f"overrides:\n  - where: {{city: {city}}}\n    levers: {{{lever}: 0.8}}\n"
    )
    write(folder, "trial", body)
    scenario = resolve(folder, "trial", NAMES)
    assert scenario.intensity[0, column(NAMES, lever)] == 0.8
    assert np.all(scenario.intensity[1:, column(NAMES, lever)] == 0.6)
    groups = np.array([row["group"] for row in NAMES.levers.values()])
    others = (groups == group) & (np.array(list(NAMES.levers)) != lever)
    assert set(np.unique(scenario.intensity[:, others])) <= {0.0, 0.4}
    assert set(np.unique(scenario.intensity[:, groups != group])) == {0.0, 0.2}


def test_where_keeps_to_the_cities_of_its_zone_and_archetype(folder: Path) -> None:
    lever = some_general_lever()
    zone, archetype = NAMES.attribute("zone_id")[0], NAMES.attribute("archetype")[0]
    where = f"{{zone: {zone}, archetype: [{archetype}]}}"
    write(
        folder,
        "trial",
        f"extends: root\noverrides:\n  - where: {where}\n    levers: {{{lever}: 1}}",
    )
    acts = resolve(folder, "trial", NAMES).intensity[:, column(NAMES, lever)] > 0
    expected = (NAMES.attribute("zone_id") == zone) & (NAMES.attribute("archetype") == archetype)
    assert np.array_equal(acts, expected)


@pytest.mark.parametrize(
    ("body", "wrong", "near"),
    [
        ("extends: rooot", "rooot", "root"),
        ("extend: root", "extend", "extends"),
        ("extends: root\nlevers: {LEVERx: 0.5}", "LEVERx", "LEVER"),
        ("extends: root\ngroups: {GROUPx: 0.5}", "GROUPx", "GROUP"),
        ("extends: root\nlevers: {LEVER: {intensty: 1}}", "intensty", "intensity"),
        ("extends: root\nassumptions: {ASSUMPTIONx: 1}", "ASSUMPTIONx", "ASSUMPTION"),
        ("extends: root\noverrides: [{where: {city: CITYx}, levers: {}}]", "CITYx", "CITY"),
        ("extends: root\noverrides: [{where: {zone: ZONEx}, levers: {}}]", "ZONEx", "ZONE"),
        ("extends: root\noverrides: [{where: {archetype: KINDx}, levers: {}}]", "KINDx", "KIND"),
        ("extends: root\noverrides: [{where: {zones: CITY}, levers: {}}]", "zones", "zone"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(
    folder: Path, body: str, wrong: str, near: str
) -> None:
    words = {
        "LEVER": some_general_lever(),
        "GROUP": NAMES.lever_groups[0],
        "CITY": next(iter(NAMES.cities)),
        "ZONE": str(NAMES.attribute("zone_id")[0]),
        "KIND": str(NAMES.attribute("archetype")[0]),
        "ASSUMPTION": next(iter(NAMES.assumptions)).replace(" ", "_"),
    }
    for word, value in words.items():
        body, wrong, near = (text.replace(word, value) for text in (body, wrong, near))
    write(folder, "trial", body)
    with pytest.raises(ZhuanxingError) as refusal:
        resolve(folder, "trial", NAMES)
    sentence = str(refusal.value)
    assert "scenarios/trial.yaml" in sentence
    assert f"'{wrong}'" in sentence
    assert f"did you mean '{near}'" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1.01", "between 0 and 1"),
        ("-0.1", "between 0 and 1"),
        (".nan", "between 0 and 1"),
        ("strong", "a number is expected"),
        ("true", "a number is expected"),
        ("{start: 21}", "between 2015 and 2050"),
        ("[1]", "a number is expected"),
    ],
)
def test_a_setting_out_of_range_is_refused(folder: Path, value: str, reason: str) -> None:
    write(folder, "trial", f"extends: root\nlevers: {{{some_general_lever()}: {value}}}")
    with pytest.raises(ZhuanxingError, match=reason):
        resolve(folder, "trial", NAMES)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("extends: [", "line"),
        ("name_en: Again", "line 3: the key 'name_en' is written twice"),
        ("levers: 3", "keys and values"),
        ("overrides: {}", "a list"),
        ("extends: root\noverrides: [{levers: {}}]", "where"),
        ("levers: {all: 0.5}", "no start year"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(folder: Path, body: str, reason: str) -> None:
    write(folder, "trial", body)
    with pytest.raises(ZhuanxingError, match=reason) as refusal:
        resolve(folder, "trial", NAMES)
    assert "scenarios/trial.yaml" in str(refusal.value)


def test_extends_in_a_circle_is_refused(folder: Path) -> None:
    write(folder, "one", "extends: two")
    write(folder, "two", "extends: one")
    with pytest.raises(ZhuanxingError, match="one -> two -> one"):
        resolve(folder, "one", NAMES)


def test_an_override_where_its_lever_cannot_act_is_refused(folder: Path) -> None:
    lever, inside, outside = some_local_lever()
    body = f"extends: root\noverrides: [{{where: {{city: {outside[0]}}}, levers: {{{lever}: 1}}}}]"
    write(folder, "trial", body)
    with pytest.raises(ZhuanxingError, match=f"acts only in {inside[0]}"):
        resolve(folder, "trial", NAMES)
    root = resolve(folder, "root", NAMES)
    with pytest.raises(ZhuanxingError, match=f"acts only in {inside[0]}"):
        changed(root, Changes(levers={lever: 1.0}, city=[outside[0]]), NAMES)


def test_an_assumption_is_replaced_under_either_spelling(folder: Path) -> None:
    root = resolve(folder, "root", NAMES)
    name = next(name for name in NAMES.assumptions if " " in name)
    changes = validated(Changes, {"assumptions": {name.replace(" ", "_"): 2.5}}, "", NAMES)
    assert changed(root, changes, NAMES).assumptions == {name: 2.5}
    assert root.assumptions == {}


def test_resolved_arrays_cannot_be_written_to() -> None:
    scenario = resolve(SHIPPED, "plan", NAMES)
    with pytest.raises(ValueError, match="read-only"):
        scenario.intensity[0, 0] = 1.0


@settings(max_examples=50, deadline=None)
@given(
    lever=st.sampled_from(list(NAMES.levers)),
    cities=st.lists(st.sampled_from(list(NAMES.cities)), min_size=1, unique=True),
    intensity=st.floats(0, 1),
)
def test_command_line_levers_act_only_where_selected(
    lever: str, cities: list[str], intensity: float
) -> None:
    plan = resolve(SHIPPED, "plan", NAMES)
    index = column(NAMES, lever)
    selected = np.isin(list(NAMES.cities), cities)
    acting = selected & NAMES.targets[:, index]
    if not acting.any():
        with pytest.raises(ZhuanxingError, match="acts only in"):
            changed(plan, Changes(levers={lever: intensity}, city=cities), NAMES)
        return
    found = changed(plan, Changes(levers={lever: intensity}, city=cities), NAMES)
    expected = plan.intensity.copy()
    expected[acting, index] = intensity
    assert np.array_equal(found.intensity, expected)
    assert np.array_equal(found.start, plan.start)


@given(st.sampled_from(list(NAMES.levers)), st.integers(0, 100))
def test_a_lever_that_lost_one_letter_is_still_found_among_all(name: str, place: int) -> None:
    cut = place % len(name)
    assert nearest(name[:cut] + name[cut + 1 :], NAMES.levers) == name
