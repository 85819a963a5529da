"""The sentences of the brief, in Chinese and English."""

from __future__ import annotations

from zhuanxing.results.words import Language, spoken

__all__ = ["phrase"]

PHRASES: dict[str, tuple[str, str]] = {
    "title": ("{city}：{scenario}简报", '{city}: a brief on "{scenario}"'),
    "made": (
        "模型 {model}，数据 {data}，参数集 {calibration}",
        "Model {model}, data {data}, calibration {calibration}",
    ),
    "does": (
        "到{year}年，“{label}”与基准相比：{effects}。",
        'By {year}, "{label}" changes against the baseline: {effects}.',
    ),
    "costs": (
        "举措资金累计{total}亿元，其中{payer}占{share}；政府债务{debt}。",
        "Levers cost {total} × 100 million CNY in all, {share} of it from {payer}; "
        "government debt {debt}.",
    ),
    "misses": ("{total}项目标中达成{met}项{others}。", "Of {total} aims {met} are met{others}."),
    "misses_missed": ("；未达成：{names}", "; missed: {names}"),
    "misses_open": ("；难以判定：{names}", "; too close to call: {names}"),
    "misses_none": ("{total}项目标全部达成。", "All {total} aims are met."),
    "indicators": ("主要指标", "Indicators"),
    "indicator_columns": (
        "指标|{before}年|基准{year}|方案{year}|差异|80%区间|目标|判定",
        "Indicator|{before}|Baseline {year}|Package {year}|Difference|80 % range|Aim|Verdict",
    ),
    "chart_paths": ("图1 指标路径", "Chart 1: paths"),
    "chart_money": ("图2 投资与资金来源", "Chart 2: investment and who pays"),
    "levers": ("作用最大的举措", "Levers that matter most"),
    "lever_columns": (
        "指标|作用|举措|去掉后失去|80%区间|花费(亿元)",
        "Indicator|Effect|Lever|Lost without it|80 % range|Cost, 100 million CNY",
    ),
    "points": ("（百分点）", " (percentage points)"),
    "range": ("80%区间", "80 % range"),
    "helps": ("有利", "helps"),
    "harms": ("不利", "harms"),
    "what_if": ("如果情况不同（与基准之差）", "If things go otherwise (less baseline)"),
    "what_if_case": ("情况", "Case"),
    "what_if_note": (
        "各行为同一城市在不同情景下与基准的差异。",
        "Each row is the same city in another scenario, less the baseline.",
    ),
    "half": ("公共资金减半", "Half the public money"),
    "trust": ("可信程度", "How far to trust this"),
    "trust_own": (
        "自有统计数据（{file}）覆盖了数据表。",
        "Own figures ({file}) lie over the tables.",
    ),
    "trust_own_idle": (
        "其中 {names} 不改变任何初始值，本次模拟未跟随这些数据；用 zhuanxing calibrate data=… "
        "重新拟合后的模拟会跟随。",
        "Of these {names} change no initial value, so the runs shown do not follow them; runs with "
        "a fit that saw them (zhuanxing calibrate data=...) do.",
    ),
    "trust_bands": (
        "区间来自参数、举措效果与成本及外部条件的抽样。",
        "Ranges come from draws of parameters, of what levers do and cost, and of conditions "
        "outside.",
    ),
    "trust_no_bands": (
        "没有抽样，没有区间：不宜据此排序细小差异。",
        "Nothing was drawn, so there are no ranges: do not rank small differences.",
    ),
    "annex": ("附：全部{count}项举措", "Annex: all {count} levers"),
    "annex_columns": (
        "举措|力度|花费(亿元)|出资方",
        "Lever|Strength|Cost, 100 million CNY|Paid by",
    ),
    "address": ("在页面中打开本方案：", "This package on the page: "),
    "source": (
        "来源：zhuanxing 模型计算；输入数据与假设见 model/data。",
        "Source: zhuanxing model; inputs and assumptions in model/data.",
    ),
}


def phrase(key: str, language: Language, **fields: object) -> str:
    """Return the sentence `key` in `language`, with `fields` filled in."""
    return spoken(PHRASES, key, language, **fields)
