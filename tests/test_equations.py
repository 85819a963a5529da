"""The model text holds what the tables say, and a driver's annual means are kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhuanxing.equations.constants import assumption_constants
from zhuanxing.equations.lookups import points_of_annual_means
from zhuanxing.errors import ZhuanxingError

ELEMENTS = {"city": ["baotou", "ordos"], "fuel": ["coal", "oil"]}


def rows(*values: tuple[str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=["name", "subscript", "value"])
    return frame.assign(
        unit="Dmnl", basis="for the test", kind="reasoning", low=frame["value"], high=frame["value"]
    )


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.1, 10), min_size=4, max_size=20))
def test_a_driver_keeps_its_annual_means(means: list[float]) -> None:
    years = np.arange(2015.0, 2015 + len(means))
    times, values = points_of_annual_means(years, np.array(means))
    for year, mean in zip(years, means, strict=True):
        middle = year + (np.arange(32) + 0.5) / 32
        assert np.interp(middle, times, values).mean() == pytest.approx(mean, rel=1e-9)


def test_rows_with_subscripts_make_an_array_and_others_fills_the_rest() -> None:
    table = rows(("share", "others", 0.1), ("share", "ordos;coal", 0.7))
    (constant,) = assumption_constants(table, ELEMENTS)
    assert constant.dims == ("city", "fuel")
    assert constant.values.tolist() == [[0.1, 0.1], [0.7, 0.1]]


def test_a_missing_element_is_refused_with_what_to_add() -> None:
    with pytest.raises(ZhuanxingError, match="no value for every element of city"):
        list(assumption_constants(rows(("share", "ordos", 0.7)), ELEMENTS))


def test_a_misspelt_element_is_refused_with_the_nearest() -> None:
    with pytest.raises(ZhuanxingError, match="nearest element is 'ordos'"):
        list(assumption_constants(rows(("share", "ordoss", 0.7)), ELEMENTS))
