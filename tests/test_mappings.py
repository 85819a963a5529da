"""Mappings written out element by element have the meaning of Vensim's manual.

PySD misreads them (it takes the images for elements of the range), so expected numbers are by hand.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from zhuanxing.engine import TranslationError, compile_text

CONTROL = "INITIAL TIME = 0 ~~| FINAL TIME = 1 ~~| TIME STEP = 1 ~~| SAVEPER = 1 ~~|"
RANGES = """{UTF-8}
worker: w1, w2, w3 -> (product: p3, p1, p2), (place: coast, hills, rest) ~~|
product: p1, p2, p3 ~~|
place: c1, c2, h1, h2, h3, h4, h5 ~~|
coast: c1, c2 ~~|
hills: h1, h2, h3 ~~|
rest: (h4-h5) ~~|
skill[worker] = 1.5, 2.5, 4 ~~|
"""


def value(equation: str, name: str) -> object:
    program = compile_text(RANGES + equation + CONTROL, "map.mdl")
    return program.run({}, {name: "path"})[name][-1].tolist()


def test_elements_stand_for_their_images_in_any_order() -> None:
    # w1 -> p3, w2 -> p1, w3 -> p2: so p1 is w2's, p2 is w3's and p3 is w1's.
    assert value("q[product] = skill[worker] + 0 ~~|\n", "q") == [2.5, 4.0, 1.5]


def test_an_element_may_stand_for_a_whole_subrange() -> None:
    expected = [3.0, 3.0, 5.0, 5.0, 5.0, 8.0, 8.0]
    assert value("q[place] = skill[worker] * 2 ~~|\n", "q") == expected
    # So it may for the elements of a subrange alone, and for a series of elements.
    assert value("q[hills] = skill[worker] * 2 ~~|\n", "q") == [5.0, 5.0, 5.0]
    series = "grade: g1, g2, g3 -> (shade: (s1-s3)) ~~|\nshade: (s1-s3) ~~|\n"
    assert value(series + "q[shade] = grade ~~|\n", "q") == [1.0, 2.0, 3.0]


def test_a_stock_and_a_second_range_follow_the_mapping_too() -> None:
    text = (
        "tool: t1, t2 ~~|\n"
        "rate[worker,tool] = 1, 2; 3, 4; 5, 6; ~~|\n"
        "q[tool,product] = INTEG(rate[worker,tool], skill[worker]) ~~|\n"
    )
    # Row t1 after one step: w2, w3, w1 start at 2.5, 4, 1.5 and gain 3, 5, 1; row t2 4, 6, 2.
    assert value(text, "q") == [[5.5, 9.0, 2.5], [6.5, 10.0, 3.5]]


def test_the_number_of_an_element_is_that_of_the_range_on_the_right() -> None:
    assert value("n[product] = worker * 10 ~~|\n", "n") == [20.0, 30.0, 10.0]


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (
            "(product: p3, p1)",
            ["map.mdl:1", "'worker' to 'product'", "lists 2", "expected 3"],
        ),
        ("(product: p3, p1, p9)", ["map.mdl:1", "'p9'", "'worker'", "'product'"]),
    ],
    ids=["too few", "unknown"],
)
def test_a_mapping_that_does_not_fit_is_refused(images: str, words: list[str]) -> None:
    text = f"worker: w1, w2, w3 -> {images} ~~|\nproduct: p1, p2, p3 ~~|\nx[product] = 1 ~~|\n"
    with pytest.raises(TranslationError) as refusal:
        compile_text(text + CONTROL, "map.mdl")
    assert all(word in str(refusal.value) for word in words), refusal.value


FUELS = """plant: steam, peaker, wind -> fuel of plant ~~|
fuel: gas, wind power, oil ~~|
fuel of plant: gas, gas, wind power -> plant ~~|
price[fuel] = 2, 3, 5 ~~|
burnt[plant] = 10, 20, 40 ~~|
"""


def test_a_part_of_a_range_may_name_an_element_more_than_once_to_map_it() -> None:
    assert value(FUELS + "paid[plant] = burnt[plant] * price[fuel of plant] ~~|\n", "paid") == [
        20.0, 40.0, 120.0,
    ]  # fmt: skip
    by_fuel = (
        "used[fuel of plant] :EXCEPT: [gas] = burnt[plant] ~~|\n"
        "used[gas] = burnt[steam] + burnt[peaker] ~~|\n"
        "used[fuel] :EXCEPT: [fuel of plant] = 0 ~~|\n"
    )
    assert value(FUELS + by_fuel, "used") == [30.0, 40.0, 0.0]


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        ("used[fuel of plant] = burnt[plant] ~~|", "[gas] is defined twice"),
        ("all = SUM(price[fuel of plant!]) ~~|", "'fuel of plant', which names an element more"),
        ("other: o1, o2, o1 ~~|\nq[other] = 1 ~~|", "'other' names 'o1' twice"),
    ],
)
def test_what_a_repeated_element_leaves_open_is_refused(equation: str, words: str) -> None:
    with pytest.raises(TranslationError, match=re.escape(words)):
        compile_text(RANGES + FUELS + equation + CONTROL, "map.mdl")


PASSES = """pass: (n1-n4) ~~|
next: (n2-n4) -> last ~~|
last: (n1-n3) -> next ~~|
hour: h1, h2 ~~|
need[hour] = 10, 30 ~~|
offer[hour,n1] = need[hour] / 2 ~~|
offer[hour,next] = offer[hour,last] * (1 + gap[last]) + change[next] ~~|
change[pass] :EXCEPT: [n3] = 0 ~~|
change[n3] = IF THEN ELSE(gap[n2] > 0, 1, 0) ~~|
gap[pass] = SUM(need[hour!]) / SUM(offer[hour!,pass]) - 1 ~~|
kept[hour] = INTEG(offer[hour,n4], offer[hour,n2]) ~~|
early = SUM(offer[h1,last!]) ~~|
"""


def test_what_passes_read_of_the_pass_before_is_found_pass_by_pass() -> None:
    # Along the passes alone: over the hours the variables stay arrays.
    offers = value(PASSES, "offer")
    assert offers == [[5.0, 10.0, 10.0, 10.0], [15.0, 30.0, 30.0, 30.0]]
    program = compile_text(RANGES + PASSES + CONTROL, "map.mdl")
    assert program.built.nodes["offer[n3]"].dims == ("hour",)
    run = program.run({}, {"kept": "path", "early": "path", "gap": "path"})
    assert run["kept"].tolist() == [[10.0, 30.0], [20.0, 60.0]]
    assert run["early"][0] == 25.0
    assert run["gap"][0].tolist() == [1.0, 0.0, 0.0, 0.0]
    many = program.run_many({"need": np.array([[10.0, 30.0], [2.0, 2.0]])}, {"gap": "path"})
    np.testing.assert_allclose(many["gap"][:, 0], [[1, 0, 0, 0]] * 2)


def test_a_variable_that_is_taken_apart_is_set_in_all_its_parts() -> None:
    text = (
        "d: a, b ~~|\nx[a] = 1 ~~|\nx[b] = y + 1 ~~|\ny = x[a] * 2 ~~|\n"
        "s[a] = INTEG(1, 5) ~~|\ns[b] = INTEG(1, z) ~~|\nz = INITIAL(s[a]) + 1 ~~|\n"
    )
    program = compile_text("{UTF-8}\n" + text + CONTROL, "m.mdl")
    run = program.run({"x": [10.0, 20.0], "s": [7.0, 8.0]}, dict.fromkeys("xysz", "path"))
    assert run["x"].tolist() == [[10.0, 20.0]] * 2
    assert run["y"].tolist() == [20.0, 20.0]
    assert run["s"].tolist() == [[7.0, 8.0], [8.0, 9.0]]  # a stock's number is its initial value
    assert run["z"].tolist() == [8.0, 8.0]
    many = program.run_many({"s": np.array([[7.0, 8.0], [1.0, 2.0]])}, dict.fromkeys("sz", "path"))
    assert many["s"][1].tolist() == [[1.0, 2.0], [2.0, 3.0]]
    assert many["z"][:, 0].tolist() == [8.0, 2.0]
