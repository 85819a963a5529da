"""The words of the page, in Chinese and English."""

from __future__ import annotations

from zhuanxing.errors import ZhuanxingError, unforeseen
from zhuanxing.results.refusals import in_chinese
from zhuanxing.results.words import Language, spoken

__all__ = ["failure", "say"]

WORDS: dict[str, tuple[str, str]] = {
    "title": ("转型：政策推演", "Zhuanxing: try a policy"),
    "city": ("城市", "City"),
    "scenario": ("方案", "Package"),
    "output": ("指标", "Output"),
    "undo": ("撤销", "Undo"),
    "redo": ("重做", "Redo"),
    "reset": ("恢复方案", "Reset"),
    "levers": ("举措", "Levers"),
    "levers_note": (
        "只改变本市；其他城市按所选方案。",
        "Changes act in this city; the others follow the package.",
    ),
    "scale": ("整体力度（占方案）", "Strength of the whole package"),
    "budget": ("举措的公共资金（占可用）", "Public money for levers"),
    "as_package": ("按方案", "as in the package"),
    "towards_full": ("趋向全力", "towards full strength"),
    "search": ("搜索举措", "Search a lever"),
    "paid_by": ("出资：{payers}", "Paid by {payers}"),
    "spent": ("到{year}年花费 {cost} 亿元", "costs {cost} (100 million CNY) by {year}"),
    "start": ("开始年份", "First year"),
    "keep": ("收藏", "Keep"),
    "changes": ("（{count}处改动）", " ({count} changes)"),
    "only_in": ("不适用于本市，只作用于：{cities}", "Not for this city; acts only in: {cities}"),
    "tab_levers": ("贡献", "Levers"),
    "tab_payers": ("谁出钱", "Who pays"),
    "tab_why": ("为什么", "Why"),
    "tab_cities": ("各城市", "Cities"),
    "tab_tradeoff": ("权衡", "Trade-off"),
    "tab_aims": ("目标", "Aims"),
    "tab_trust": ("可信度", "Trust"),
    "mine": ("我的方案", "my package"),
    "observed": ("统计数据", "statistics"),
    "difference": ("与{baseline}之差（{unit}）", "less {baseline} ({unit})"),
    "tiles_head": (
        "{year}年的数值；其下为与{baseline}之差及80%区间",
        "Values in {year}; below them the difference from {baseline} and its 80 % range",
    ),
    "points": ("百分点", "points"),
    "interval": ("{low} … {high}", "{low} … {high}"),
    "no_interval": ("无区间（未校准）", "no range (not fitted)"),
    "waiting_interval": ("区间计算中…", "range is coming…"),
    "aim": ("目标 {sign}{value}", "aim {sign}{value}"),
    "aims_text": ("目标（每行一个，指标可用中文名）", "Aims, one a line"),
    "aims_lowest": ("使之最低", "At the least of"),
    "aims_button": ("找方案（约一分钟）", "Find packages (about a minute)"),
    "aims_take": ("采用组合{number}", "Take package {number}"),
    "aims_levers": ("举措数", "levers"),
    "package": ("组合", "package"),
    "baseline": ("基准", "baseline"),
    "better": ("变好", "better"),
    "worse": ("变差", "worse"),
    "computing": ("计算中…", "computing…"),
    "why_computing": (
        "推演中…首次需先编译，要几分钟",
        "computing… the first time compiles, which takes some minutes",
    ),
    "left_out": (
        "{year}年：去掉该举措失去的部分；合计为方案与{baseline}之差",
        "In {year}: what is lost without the lever; the sum is the package less {baseline}",
    ),
    "left_out_ends": ("；横线为80%区间", "; lines are 80 % ranges"),
    "rest": ("其余举措", "other levers"),
    "interaction": ("相互作用", "interaction"),
    "others": ("其他城市", "other cities"),
    "total": ("合计", "sum"),
    "cost": ("花费", "cost"),
    "payers_title": (
        "{city}：{first}–{last}年合计 {sum} 亿元",
        "{city}, {first}–{last}: {sum} in all (100 million CNY)",
    ),
    "no_money": ("没有举措资金", "no money is spent on levers"),
    "why_lever": ("举措", "Lever"),
    "why_button": ("解释（需几秒）", "Explain (some seconds)"),
    "why_total": (
        "“{lever}”使{city}{year}年的{output}改变 {effect}",
        "{lever} changes {output} of {city} in {year} by {effect}",
    ),
    "why_note": (
        "方框：变量及其变化；下方百分比：把该变量固定在没有此举措时的路径上，效果失去多少。",
        "Boxes: variables and how they change; below, what part of the effect is lost when the "
        "variable keeps to its path without the lever.",
    ),
    "why_none": ("没有可见的效果", "no effect to be seen"),
    "carries": ("承载 {share}", "carries {share}"),
    "takes_back": ("抵消 {share}", "takes back {share}"),
    "cities_title": ("{year}年{output}与{baseline}之差", "{output} in {year} less {baseline}"),
    "tradeoff_title": (
        "方案力度从0到100%：{gaps}",
        "Package from nothing to full strength: {gaps}",
    ),
    "trust_title": ("{city}的结果可信到什么程度", "How far to trust the results for {city}"),
    "trust_error": (
        "模型{year}年的结果与统计相差：{errors}。",
        "The model misses the statistics of {year} by: {errors}.",
    ),
    "trust_calibration": ("参数集：{name}", "Parameter set: {name}"),
    "trust_none": ("没有校准参数集，因此没有区间。", "No calibration, and so no ranges."),
    "other_model": (
        "该链接由另一版模型生成（{theirs}，现为{ours}），结果可能不同。",
        "This address was made with another model ({theirs}, now {ours}); results may differ.",
    ),
    "failed": ("无法完成：{reason}", "This cannot be done: {reason}"),
    "no_range": ("区间无法计算", "no range: it failed"),
    "making": ("正在生成文件…", "the file is being made…"),
    "save": ("导出", "Export"),
    "save_yaml": ("情景文件", "Scenario file"),
    "save_table": ("数据表", "Table"),
    "save_report": ("报告", "Report"),
    "save_picture": ("图片", "Picture"),
    "save_vector": ("图片", "Picture"),
    "upload": ("载入情景文件", "Load a scenario file"),
    "share": ("网址栏中的链接即当前设置", "The address in the address bar holds these settings"),
}


def failure(error: BaseException, language: Language) -> str:
    """Return in one sentence why something cannot be done, and where its traceback is kept."""
    foreseen = error if isinstance(error, ZhuanxingError) else unforeseen(error)
    words = foreseen.args[0]
    return say("failed", language, reason=in_chinese(words) if language == "zh" else words)


def say(key: str, language: Language, **fields: object) -> str:
    """Return the words `key` in `language`, with `fields` filled in."""
    return spoken(WORDS, key, language, **fields)
