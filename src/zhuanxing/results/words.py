"""The words that belong to the charts themselves, in Chinese and English, and units as people say.

Names of cities, variables, sectors and levers are not here: those come with the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from zhuanxing.config import Language

__all__ = [
    "LANGUAGES", "Language", "compound_unit", "listing", "spoken", "unit", "with_unit", "word",
]  # fmt: skip

LANGUAGES: tuple[Language, ...] = ("zh", "en")

_WORDS: dict[str, tuple[str, str]] = {
    "other_levers": ("其余{count}项举措", "{count} other levers"),
    "interaction": ("举措相互作用", "Interaction of levers"),
    "other_cities": ("其他城市的举措", "Levers of other cities"),
    "sum_over": ("{span}年合计 {total}", "{span}: {total}"),
    "sum_of_all": ("合计", "Sum"),
    "effect_on": ("对{output}的影响", "Effect on {output}"),
    "rank_title": ("{city}：各举措的贡献，{year}年", "{city}: what each lever adds, {year}"),
    "rank_note": (
        "每条：方案中去掉该举措后失去的部分；右侧数字：累计花费（亿元，— 为不花钱）",
        "Bars: what the package loses without the lever; to the right its cost in all, "
        "100 million CNY (— none)",
    ),
    "sheet_aims": ("目标", "Aims"),
    "sheet_other": ("约束", "Limits"),
    "limit_administration": ("行政能力", "Administrative capacity"),
    "limit_none": ("无", "none"),
    "about_calibration": ("参数集", "Calibration"),
    "about_model_hash": ("模型标识", "Model hash"),
    "about_data_hash": ("数据标识", "Data hash"),
    "about_git_revision": ("代码版本", "Git revision"),
    "about_information_year": ("统计截至年份", "Last year of statistics"),
    "sheet_money": ("资金来源", "Money by payer"),
    "sheet_starts": ("期初数据来源", "Sources of the starts"),
    "sheet_about": ("说明", "About"),
    "column_output": ("指标", "Output"),
    "column_unit": ("单位", "Unit"),
    "column_scenario": ("情景", "Scenario"),
    "column_year": ("年份", "Year"),
    "column_limit": ("目标值", "Aim"),
    "column_value": ("数值", "Value"),
    "column_verdict": ("判定", "Verdict"),
    "column_payer": ("出资方", "Payer"),
    "column_sum": ("合计", "Sum"),
    "column_start": ("期初值", "Initial value"),
    "column_origin": ("来源", "Origin"),
    "column_city": ("城市", "City"),
    "column_source": ("来源", "Source"),
    "column_what": ("项目", "Item"),
    "met": ("达成", "met"),
    "missed": ("未达成", "missed"),
    "open": ("难以判定", "too close to call"),
    "origin_observed": ("统计数据", "observed"),
    "origin_carried": ("由邻年推算", "carried from another year"),
    "origin_estimated": ("估计", "estimated"),
    "added_since": ("{year}年以来的变化", "Change since {year}"),
    "aim": ("目标", "Aim"),
    "band": (
        "线：中位数；阴影：{low}–{high} 分位，"
        "含参数、举措效果与成本、外部条件及方程未能解释部分的不确定性",
        "Line: median; shading: {low}–{high} percentiles over draws of parameters, of what levers "
        "do and cost, of conditions outside, and of what the equations do not explain",
    ),
    "better_down": ("越低越好", "lower is better"),
    "better_up": ("越高越好", "higher is better"),
    "axes_cut": ("纵轴不从零开始", "Axes do not start at zero"),
    "built_up": ("建设用地构成", "Built-up land by class"),
    "by_source": ("政策支出（按资金来源）", "Policy spending by source"),
    "capacity": ("装机容量", "Capacity"),
    "compare_title": (
        "{year}年{variable}：{scenario}与{baseline}的差异",
        "{variable} in {year}: {scenario} less {baseline}",
    ),
    "difference": ("差值（{unit}）", "Difference, {unit}"),
    "difference_from": ("相对“{baseline}”的差异（{unit}）", "Difference from {baseline}, {unit}"),
    "energy_title": ("能源、碳排放与电力装机", "Energy, carbon and power capacity"),
    "energy_by_fuel": ("能源（按品种）", "Energy by source"),
    "fan_bands": (
        "线：中位数；阴影：{levels} 分位",
        "Line: median; shading: {levels} percentiles of the runs",
    ),
    "fan_title": ("批量试验的扇形图", "Fan chart of the sweep"),
    "disturbances_note": (
        "各年方程未能解释、由统计数据反推的部分：作用倍数的对数乘以100，近似百分比"
        "（迁移、城镇化、煤电、举债为每年百分比）；虚线之后没有统计数据，按估计的持续性消退",
        "What statistics show and the equations do not explain: 100 times the logarithm of the "
        "factor, about percent (migration, urban share, coal power and borrowing: percent a year); "
        "right of the dashed line there are no statistics, and it fades",
    ),
    "disturbances_shading": ("阴影：抽样区间", "shading: range over draws"),
    "disturbances_title": (
        "{city}：方程未能解释的部分",
        "{city}: what the equations do not explain",
    ),
    "errors_horizon": ("其后{years}年", "years ahead: {years}"),
    "errors_note": (
        "圆点：本模型；竖线：各种简单预测。横轴为误差（含区间宽度，CRPS）与“上次数值不变”之比，小于1为更准",
        "Dots: this model; strokes: naive forecasts. Error, with the width of the interval (CRPS), "
        "relative to that of the last value repeated; below one is better",
    ),
    "errors_title": (
        "样本外预测误差（{first}至{last}年各年末所作预测）",
        "Errors of forecasts made at the end of {first} to {last}",
    ),
    "finance_title": ("投资与政策资金来源", "Investment and the sources of policy money"),
    "heatmap_note": (
        "每格为其中各次运行的平均值，共{runs}次；颜色越深越好；空白格没有运行",
        "Each cell is the mean of its runs, {runs} in all; darker is better; blank cells hold none",
    ),
    "heatmap_title": ("{goal}：随{across}与{upwards}的变化", "{goal} by {across} and {upwards}"),
    "highest": ("最高", "highest"),
    "history": ("历史", "history"),
    "in_year": ("{year}年", "{year}"),
    "interval_line": (
        "横线：{low}–{high} 区间（参数、举措效果与成本、外部条件的不确定性）",
        "Line: {low}–{high} interval (parameters, what levers do and cost, outside conditions)",
    ),
    "less": ("与{baseline}之差\n{unit}", "less {baseline}\n{unit}"),
    "land_title": ("土地利用", "Land use"),
    "lowest": ("最低", "lowest"),
    "made_with": ("模型{model}、数据{data}", "Model {model}, data {data}"),
    "mean_of_cities": ("各城市平均", "mean of the cities"),
    "no_interval": (
        "未抽样，没有区间：差异小于模型误差时不宜据此排序",
        "No draws, no interval: do not rank by differences smaller than the model's error",
    ),
    "no_spending": ("没有政策支出", "no policy spending"),
    "observed": (
        "圆点：统计数据，实心为官方来源，空心为其他来源",
        "Dots: statistics, filled = official, open = other sources",
    ),
    "observed_revised": (
        "灰色圆点：普查修订前口径，与其后不可比",
        "Grey dots: before a census revision, not comparable with later ones",
    ),
    "optimise_met": (
        "基准情景已经达到全部目标：不采取举措也行；要比基准更进一步，可写 {example}。",
        "The baseline meets every aim already: nothing need be done; to go further than it, write "
        "{example}.",
    ),
    "optimise_obstacle": (
        "没有组合能达到全部目标，障碍是：{names}；以下是差距最小的组合。",
        "No package meets every aim; the obstacle is {names}; below, the nearest one.",
    ),
    "optimise_shrinks": (
        "注意：该组合靠缩减实现，低于基准的有：{names}。",
        "Beware: this package works by shrinking {names} below the baseline.",
    ),
    "other": ("其他（含外购电）", "other, incl. bought power"),
    "parallel_note": (
        "共{runs}次运行，画出{drawn}次；深色：最好的{best}次（{goal}{sense}）",
        "{drawn} of {runs} runs drawn; dark: the best {best} ({sense} {goal})",
    ),
    "parallel_title": (
        "“{goal}”最好的运行有何共同之处",
        "What the best runs have in common: {goal}",
    ),
    "paths_title": ("模型路径与统计数据", "Model paths and statistics"),
    "paths_title_bare": ("模型路径", "Model paths"),
    "not_from_zero": ("{what}的纵轴不从零开始", "The axis of {what} does not start at zero"),
    "points": ("百分点", "percentage points"),
    "projection": ("预测", "projection"),
    "reliability_inside": ("落入区间的统计值（%）", "Figures inside, %"),
    "reliability_level": ("横轴：区间名义水平（%）", "Across: level of the interval, %"),
    "reliability_note": (
        "虚线：区间宽度恰当；线在其下方表示区间过窄。括号内为统计值个数",
        "Dashed: intervals as wide as they should be; below it they are too narrow. "
        "In brackets the number of figures",
    ),
    "reliability_title": (
        "预测区间的可靠性（{first}至{last}年各年末所作预测）",
        "Do the intervals hold? Forecasts made at the end of {first} to {last}",
    ),
    "scenario_note": ("情景：{scenarios}", "Scenario: {scenarios}"),
    "scorecard_count": (
        "{scenario}：{total}项中{met}项达成、{open}项难以判定",
        "{scenario}: {met} of {total} met, {open} too close to call",
    ),
    "scorecard_marks": (
        "蓝 ✓ 达成，橙 × 未达成，灰 ≈ 区间跨过目标、难以判定",
        "Blue ✓ met, orange × missed, grey ≈ the interval spans the aim: too close to call",
    ),
    "scorecard_marks_alone": (
        "蓝 ✓ 达成，橙 × 未达成；未抽样，判定不含不确定性",
        "Blue ✓ met, orange × missed; without draws nothing is said of how sure that is",
    ),
    "scorecard_title": ("{city}：{year}年目标对照", "{city} against its aims for {year}"),
    "sensitivity_note": (
        "颜色：Sobol' 总指数，即其他参数均已知时仍会剩下的方差比例",
        "Colour: total Sobol' index, the part of the variance left if all others were known",
    ),
    "sensitivity_title": (
        "哪些参数决定{year}年的结果",
        "Which parameters drive the results of {year}",
    ),
    "share_of_gdp": ("占比（%）", "Share, %"),
    "source": (
        "来源：zhuanxing 模型计算；输入数据与假设见 model/data",
        "Source: zhuanxing model; inputs and assumptions in model/data",
    ),
    "starts": (
        "{total}个期初值中{observed}个来自统计，{carried}个由邻年推算，{estimated}个为估计。",
        "Of {total} initial values {observed} are observed, {carried} carried from another year, "
        "{estimated} estimated.",
    ),
    "structure_title": ("产业结构", "Industrial structure"),
    "stack_of": ("堆叠图：{scenario}", "Stacks show: {scenario}"),
    "total_line": (
        "虚线：{total}，低于堆叠之和时差额为外送能源",
        "Dashed: {total}; where it lies below the stack, the rest is sent elsewhere",
    ),
    "tradeoff_note": (
        "{runs}次运行；橙色：帕累托前沿（{count}次），{first}取{first_sense}、{second}取{second_sense}",
        "{runs} runs; orange: the Pareto front ({count} runs) of {first_sense} {first} and "
        "{second_sense} {second}",
    ),
    "trust_use": (
        "可用来比较方案、找出薄弱环节；不可用作某一年的预报，也不可比较小于区间的差异。",
        "Use it to compare packages and to find weak points; not as a forecast of a year, nor to "
        "tell apart what differs by less than the range.",
    ),
    "tradeoff_title": ("权衡：{first} 与 {second}", "Trade-off: {first} against {second}"),
}

_UNITS: dict[str, tuple[str, str]] = {
    "1e8 CNY": ("亿元", "100 million CNY"),
    "yiCNY": ("亿元", "100 million CNY"),
    "1e8 CNY per km2": ("亿元/平方公里", "100 million CNY per km²"),
    "1e4 persons": ("万人", "10 thousand persons"),
    "wanperson": ("万人", "10 thousand persons"),
    "1e4 tce": ("万吨标准煤", "10 thousand tce"),
    "wantce": ("万吨标准煤", "10 thousand tce"),
    "1e4 t": ("万吨", "10 thousand t"),
    "1e4 t a year": ("万吨/年", "10 thousand t a year"),
    "1e4 m2": ("万平方米", "10 thousand m²"),
    "1e8 kWh": ("亿千瓦时", "100 million kWh"),
    "wantonne": ("万吨", "10 thousand t"),
    "1e4 t CO2": ("万吨CO2", "10 thousand t CO2"),
    "tce per 1e4 CNY": ("吨标准煤/万元", "tce per 10 thousand CNY"),
    "1e4 CNY per person": ("万元/人", "10 thousand CNY per person"),
    "2015 = 1": ("2015年 = 1", "2015 = 1"),
    "firms": ("家", "firms"),
    "years": ("年", "years"),
    "points of 100": ("百分制得分", "points of 100"),
    "1 = in a zone": ("1 = 在示范区内", "1 = in a zone"),
    "1 = well-run city": ("1 = 治理良好城市", "1 = well-run city"),
    "0 none, 1 growing, 2 mature, 3 declining, 4 regenerating": (
        "0 非资源型，1 成长型，2 成熟型，3 衰退型，4 再生型",
        "0 none, 1 growing, 2 mature, 3 declining, 4 regenerating",
    ),
    "share of a normal city's capacity": (
        "占正常城市能力的比例",
        "share of a normal city's capacity",
    ),
    "percent": ("%", "%"),
    "km2": ("平方公里", "km²"),
    "MW": ("兆瓦", "MW"),
    "GWh": ("吉瓦时", "GWh"),
    "ug/m3": ("微克/立方米", "µg/m³"),
    "h": ("小时", "hours"),
    "Dmnl": ("", ""),
    "1": ("", ""),
    "Year": ("年", "year"),
    "dose": ("剂量", "dose"),
    "doses": ("剂量", "doses"),
    "firm": ("家", "firm"),
    "platform": ("个平台", "platform"),
}


def word(key: str, language: Language, **fields: object) -> str:
    """Return the word `key` in `language`, with `fields` filled in."""
    return spoken(_WORDS, key, language, **fields)


def spoken(
    words: Mapping[str, tuple[str, str]], key: str, language: Language, **fields: object
) -> str:
    """Return the one of `words` under `key`, else the one that all share, in `language`."""
    pair = words[key] if key in words else _WORDS[key]
    return pair[LANGUAGES.index(language)].format(**fields)


def unit(token: str, language: Language) -> str:
    """Return the unit `token` as a person says it; a token without an entry stays as it is."""
    pair = _UNITS.get(token)
    return token if pair is None else pair[LANGUAGES.index(language)]


def compound_unit(text: str, language: Language) -> str:
    """Return a product of units as a person says it: 100 million CNY/(year*dose)."""
    if not re.search(r"\W", text):
        return unit(text, language)
    return re.sub(r"\w+", lambda token: unit(token[0], language) or "1", text)


def with_unit(name: str, unit: str, language: Language) -> str:
    """Return a name with its unit in brackets, where it has one."""
    if not unit:
        return name
    return f"{name}（{unit}）" if language == "zh" else f"{name} ({unit})"


def listing(parts: Iterable[object], language: Language) -> str:
    """Return names in one line, parted as the language parts them."""
    return ("、" if language == "zh" else ", ").join(map(str, parts))
