"""Refusals in Chinese: what a planner meets most is said in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from zhuanxing.cli.main import main
from zhuanxing.results.refusals import CHINESE

SOURCE = Path(__file__).parents[1] / "src" / "zhuanxing"
OWN = "城市,年份,指标,数值\n{row}\n"


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_chinese_refusal_belongs_to_a_sentence_and_knows_its_fields() -> None:
    said = {
        node.value
        for path in SOURCE.rglob("*.py")
        if path.stem != "refusals"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for english, chinese in CHINESE.items():
        assert english in said, english
        assert fields(chinese) <= fields(english), chinese


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["scenario=plam"], "没有名为'plam'的情景，是不是 'plan'"),
        (["levers.solar_bse=1"], "没有名为'solar_bse'的举措"),
        (["levers.solar_base=1.8"], "应为0 到 1 之间的数"),
        (["city=唐上"], "'唐山' (tangshan)"),
        (["senario=plan"], "没有名为'senario'的设置"),
        (["budget.local=-5"], "budget.local 为'-5'，应为不小于 0"),
        (["assumptions.credit_shock=x"], "credit_shock 为'x'，应为数"),
        (["engine=fast"], "compiled 或 reference"),
        (["calibration=defalt"], "没有参数集'defalt'"),
        (["data=none.csv"], "none.csv：无法读取"),
        (["data=own.csv"], "own.csv 第2行：'unit_id'列中的'唐上'无法识别"),
        (["scenario=baseline,plan"], "要逐一运行请加 -m"),
    ],
)
def test_what_a_planner_gets_wrong_is_refused_in_chinese(
    workplace: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    Path("own.csv").write_text(OWN.format(row="唐上,2020,gdp,1"), encoding="utf-8")
    assert main(["run", *words, "language=zh"]) == 2
    refused = capsys.readouterr().err
    assert reason in refused and refused.count("\n") == 1
    assert not re.search(r"\b(there is|expected|cannot)\b", refused)
