"""Dimensional analysis names each kind of inconsistency, and accepts what is sound."""

from __future__ import annotations

import pytest

from zhuanxing.analyses.check.unit_text import UnitTextError, parse_unit
from zhuanxing.analyses.check.units import unit_problems
from zhuanxing.engine.reading.parser import parse

TOKENS = ("yiCNY", "wanperson", "km2", "MW", "GWh", "h", "Year", "ug", "m3")

SOUND = """city: north, south ~~|
base capital[city] = 10 ~ yiCNY ~ Start. |
life = 8 ~ Year ~ Service life. |
saving share = 0.2 ~ Dmnl [0,1] ~ Saved share of output. |
productivity = 0.3 ~ 1/Year ~ Output a unit of capital. |
reference capital = 10 ~ yiCNY ~ Scale. |
hours = 1200 ~ h/Year ~ Full-load hours. |
solar = 3 ~ MW ~ Capacity. |
gigawatt hour = 0.001 ~ GWh/(MW*h) ~ Conversion. |
generation = solar * hours * gigawatt hour ~ GWh/Year ~ Electricity. |
damping((0,1),(1,0.8),(2,0.5)) ~ Dmnl ~ Saturation. |
capital[city] = INTEG(investment[city] - wear[city], base capital[city]) ~ yiCNY ~ Stock. |
output[city] = productivity * capital[city] * damping(capital[city] / reference capital)
    ~ yiCNY/Year ~ Output. |
investment[city] = MAX(saving share * output[city], 0) ~ yiCNY/Year ~ Investment. |
wear[city] = IF THEN ELSE(Time > 2015, capital[city] / life, 0) ~ yiCNY/Year ~ Wear. |
expected[city] = SMOOTHI(output[city], life, output[city]) ~ yiCNY/Year ~ Expected output. |
total = SUM(capital[city!]) ~ yiCNY ~ Total. |
side = SQRT(total * total) ~ yiCNY ~ Root. |
returns to scale[city] = EXP(0.3 * LN(capital[city] / reference capital)) ~ Dmnl ~ Returns. |
left over[city] = XIDZ(output[city], capital[city], 0) ~ 1/Year ~ Ratio. |
INITIAL TIME = 2015 ~ Year ~ Start. |
FINAL TIME = 2017 ~ Year ~ End. |
TIME STEP = 0.125 ~ Year ~ Step. |
SAVEPER = TIME STEP ~ Year ~ Saved step. |
"""


def problems_of(text: str) -> list[tuple[str, str]]:
    """Variable and message of every unit problem of a Vensim text."""
    parsed = parse(text, "model.mdl", ".mdl")
    return [(p.variable, p.message) for p in unit_problems(parsed, TOKENS)]


def test_consistent_model_has_no_unit_problem() -> None:
    assert problems_of(SOUND) == []


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("life + solar ~ Year ~ c", "sum of Year and MW"),
        ("life + 1 ~ Year ~ c", "sum of Year and Dmnl"),
        ("MIN(life, solar) ~ Year ~ c", "MIN of Year and MW"),
        ("IF THEN ELSE(life > 3, solar, life) ~ MW ~ c", "branches of MW and Year"),
        ("IF THEN ELSE(life > solar, 1, 0) ~ Dmnl ~ c", "comparison of Year and MW"),
        ("IF THEN ELSE(life, 1, 0) ~ Dmnl ~ c", "condition is Year, needs Dmnl"),
        ("solar * life ~ MW ~ c", "is MW*Year, declared MW"),
        ("solar / life ~ MW*Year ~ c", "is MW/Year, declared MW*Year"),
        ("EXP(life) ~ Dmnl ~ c", "argument of EXP is Year, needs Dmnl"),
        ("LN(solar) ~ Dmnl ~ c", "argument of LN is MW, needs Dmnl"),
        ("saving share ^ life ~ Dmnl ~ c", "exponent is Year, needs Dmnl"),
        ("POWER(solar, saving share) ~ MW ~ c", "power of MW with an exponent not a whole number"),
        ("SQRT(solar) ~ MW ~ c", "is MW^1/2, declared MW"),
        ("INTEG(solar, 0) ~ MW ~ c", "rate of the stock is MW, needs MW/Year"),
        ("INTEG(solar / life, life) ~ MW ~ c", "initial value of the stock is Year, needs MW"),
        ("SMOOTH(solar, solar) ~ MW ~ c", "delay time is MW, needs Year"),
        (
            "DELAY1I(solar, life, life) ~ MW ~ c",
            "delayed input and its initial value of MW and Year",
        ),
        ("damping(solar) ~ Dmnl ~ c", "look-up argument is MW, needs Dmnl or Year"),
        (
            "WITH LOOKUP(solar, ((0,1),(1,2))) ~ MW ~ c",
            "look-up argument is MW, needs Dmnl or Year",
        ),
        ("XIDZ(solar, life, life) ~ MW/Year ~ c", "fallback of XIDZ is Year, needs MW/Year"),
        ("SUM(capital[city!]) ~ MW ~ c", "is yiCNY, declared MW"),
        ("STEP(solar, solar) ~ MW ~ c", "time of STEP is MW, needs Year"),
        ("- (life - solar) ~ Year ~ c", "sum of Year and MW"),
        ("life ~ ~ c", "has no unit"),
        ("life ~ Year ~", "has no comment"),
        ("solar ~ MWatt ~ c", "unit 'MWatt' uses 'MWatt', nearest known is 'MW'"),
    ],
)
def test_each_inconsistency_is_named(equation: str, expected: str) -> None:
    text = SOUND.replace("INITIAL TIME", f"probe = {equation} |\nINITIAL TIME")
    assert ("probe", expected) in problems_of(text)


@pytest.mark.parametrize(
    "equation",
    [
        "solar ^ 2 ~ MW^2 ~ c",
        "1 / life ~ 1/Year ~ c",
        "MODULO(Time, 1) ~ Year ~ c",
        "solar * (1 - saving share) ~ MW ~ c",
        "IF THEN ELSE(life > 3 :AND: solar > 2, 1, 0) ~ Dmnl ~ c",
        "DELAY3(solar, life) ~ MW ~ c",
        "INTEG(0, 5) ~ MW ~ c",
        "VMAX(capital[city!]) * RAMP(1 / life, 2015, 2016) ~ yiCNY ~ c",
    ],
)
def test_sound_equations_are_accepted(equation: str) -> None:
    text = SOUND.replace("INITIAL TIME", f"probe = {equation} |\nINITIAL TIME")
    assert problems_of(text) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1/Year", "1/Year"),
        ("ug/m3", "ug/m3"),
        ("yiCNY/(wanperson*Year)", "yiCNY/(Year*wanperson)"),
        ("yiCNY/wanperson/Year", "yiCNY/(Year*wanperson)"),
        ("MW^2*h/h", "MW^2"),
        ("Dmnl", "Dmnl"),
        ("km2/km2", "Dmnl"),
    ],
)
def test_unit_texts_are_read(text: str, shown: str) -> None:
    assert str(parse_unit(text, TOKENS)) == shown


@pytest.mark.parametrize("text", ["yiCNY//Year", "(MW", "MW^life", "MW Year", "MW)", "$", "*"])
def test_broken_unit_texts_are_refused(text: str) -> None:
    with pytest.raises(UnitTextError, match="unit"):
        parse_unit(text, TOKENS)
