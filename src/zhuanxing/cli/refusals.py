"""Refusals in Chinese, by their English templates: one that is not here stays English.

A planner meets these; what stays is said of equations and of the engine, to those who write them.
"""

from __future__ import annotations

from zhuanxing.errors import Sentence

__all__ = ["in_chinese"]

UNKNOWN = "{where}：没有名为'{name}'的{kind}"
CHINESE = {
    "{where}: there is no {kind} '{name}'": UNKNOWN,
    "{where}: there is no {kind} '{name}'; did you mean {near}?": UNKNOWN + "，是不是 {near}？",
    "{where} is {value}, but {expected} is expected": "{where} 为{value}，应为{expected}",
    "{where} is {value}, but {expected} is expected; did you mean {near}?":
        "{where} 为{value}，应为{expected}，是不是 {near}？",
    "{where}: the setting '{name}' is missing": "{where}：缺少设置'{name}'",
    "there is no command '{name}'; did you mean '{near}'? ('zhuanxing --help' lists them)":
        "没有命令'{name}'，是不是'{near}'？（zhuanxing --help 列出全部命令）",
    "there is no option '{option}'; write settings as key=value, or -m for several runs":
        "没有选项'{option}'；设置写成 key=value，多次运行用 -m",
    "one {key} is expected, but {words} are given": "{key} 只能有一个，却给了 {words}",
    "'{text}' is not a setting; write key=value without signs":
        "'{text}'不是设置；写成 key=value，前面不加符号",
    "'{text}' is not a setting; write key=value, and a list as 'city=[a,b]' in quotes":
        "'{text}'不是设置；写成 key=value，列表写成 'city=[a,b]' 并加引号",
    "'{key}' is not a setting: {where} has no keys of its own":
        "'{key}'不是设置：{where} 之下没有键",
    "'{text}' gives several values; add -m to run each, or write a list in brackets and quotes, "
    "as in 'city=[a,b]'":
        "'{text}'给了多个值；要逐一运行请加 -m，列表写成 'city=[a,b]' 并加引号",
    "several runs would write {path}; put what differs into the name, as in "
    "'output=outputs/${{scenario}}_${{years.end}}.nc'":
        "多次运行会写到同一文件 {path}；请把不同之处写进文件名，"
        "如 'output=outputs/${{scenario}}_${{years.end}}.nc'",
    "{where}: the lever '{lever}' acts only in {cities}; select one of these":
        "{where}：举措'{lever}'只作用于 {cities}，请从中选择",
    "{where}: name a city, a zone or an archetype": "{where}：请写明城市、示范区或类型",
    "draws={draws} needs a calibration to draw from: calibration=default":
        "draws={draws} 需要参数集：calibration=default",
    "there is no calibration '{name}', {hint} ('zhuanxing calibrate name={name}' makes it)":
        "没有参数集'{name}'，可用 zhuanxing calibrate name={name} 生成",
    "the last year of a run is {end}, but it must lie between {first} and {last}, "
    "the years of drivers.csv":
        "末年为 {end}，应在 {first} 到 {last} 之间（drivers.csv 的年份）",
    "{path}: there is no result; make one with 'zhuanxing run'":
        "{path}：没有结果，先用 'zhuanxing run' 生成",
    "{path}: there is no result; make it with 'zhuanxing run scenario={scenario}'":
        "{path}：没有结果，先用 'zhuanxing run scenario={scenario}' 生成",
    "{path}: the file is not a result in netCDF": "{path}：不是 netCDF 结果文件",
    "{path}: a result is written as .nc, .csv or .xlsx":
        "{path}：结果文件只能是 .nc、.csv 或 .xlsx",
    "{path}: a table is written as .xlsx or .csv": "{path}：数据表只能是 .xlsx 或 .csv",
    "{path}: the result cannot be written there, because it is a folder":
        "{path}：无法写入，因为它是文件夹",
    "{path}: the result cannot be written there, because it is not a regular file":
        "{path}：无法写入，因为它不是普通文件",
    "{path}: the result cannot be written, because {parent} is a file":
        "{path}：无法写入，因为 {parent} 是文件",
    "{path}: the result cannot be written, because {parent} is protected":
        "{path}：无法写入，因为 {parent} 不允许写入",
    "{path}: the result cannot be written ({reason})": "{path}：无法写入（{reason}）",
    "{where}: the file cannot be read as YAML ({reason})": "{where}：无法按 YAML 读取（{reason}）",
    "{path} cannot be read: {reason}": "{path}：无法读取（{reason}）",
    "{path} cannot be read ({reason}): the model needs this table":
        "{path}：无法读取（{reason}），模型需要这张表",
    "{path} is empty, expected a line of column names and rows":
        "{path}：文件是空的，应有一行列名和若干行数据",
    "{path} is not UTF-8: save it as CSV UTF-8 (in Excel 'CSV UTF-8')":
        "{path}：编码不是 UTF-8，请另存为'CSV UTF-8'",
    "{path} has column names but no rows": "{path}：只有列名，没有数据",
    "{path}, line 1: the column '{column}' is given twice": "{path} 第1行：列'{column}'出现了两次",
    "{path}, line 1: the column '{column}' is missing{near}": "{path} 第1行：缺少列'{column}'",
    "{path}, line 1: the column '{column}' is not known, the nearest valid name is '{near}'":
        "{path} 第1行：没有名为'{column}'的列，最接近的是'{near}'",
    "{path}, line {line}: {found} cells, expected {expected}, one for each column; a text with a "
    "comma needs quotation marks":
        "{path} 第{line}行：有 {found} 格，应为 {expected} 格；含逗号的文字要加引号",
    "{path}, line {line}: '{cell}' in the column '{column}' is not known, "
    "the nearest is '{near}'":
        "{path} 第{line}行：'{column}'列中的'{cell}'无法识别，最接近的是'{near}'",
    "{path}, line {line}: '{cell}' in the column '{column}' is not {expected}":
        "{path} 第{line}行：'{column}'列中的'{cell}'应为{expected}",
    "{path}, line {line}: {year} is later than {last}, the last year of the statistics that the "
    "tables know (provinces.csv)":
        "{path} 第{line}行：{year} 年晚于数据表的最后一年 {last}（provinces.csv）",
    "{path}, line {line}: '{name}' is given in '{unit}', expected '{expected}'":
        "{path} 第{line}行：'{name}'的单位是'{unit}'，应为'{expected}'",
    "{path}, line {line}: {value:g} is not a {name} in {unit}, expected {low:g} to {high:g}":
        "{path} 第{line}行：{value:g} 不像以 {unit} 计的 {name}，应在 {low:g} 到 {high:g} 之间",
    # What stands in the fields of others.
    "a number between {low:g} and {high:g}": "{low:g} 到 {high:g} 之间的数",
    "{bound} at least": "不小于 {bound} 的数",
    "more than {bound}": "大于 {bound} 的数",
    "{bound} at most": "不大于 {bound} 的数",
    "less than {bound}": "小于 {bound} 的数",
    "a list of {bound} at least": "至少 {bound} 项的列表",
    "{many} or {last}": "{many} 或 {last}",
    "a whole number": "整数",
    "a number": "数",
    "a finite number": "有限的数",
    "a text": "文字",
    "true or false": "true 或 false",
    "a list in [ ]": "方括号中的列表",
    "a table of keys and values": "键与值",
    "a calendar year": "年份",
    "the name of a file or folder": "文件或文件夹名",
    "empty": "空",
    "command line": "命令行",
    "the settings": "设置",
    "the result": "结果",
}  # fmt: skip
KINDS = {
    "city": "城市",
    "zone": "示范区",
    "archetype": "类型",
    "province": "省份",
    "lever": "举措",
    "lever group": "举措组",
    "payer": "出资方",
    "scenario": "情景",
    "output": "指标",
    "variable": "变量",
    "assumption": "假设",
    "driver": "外部条件",
    "setting": "设置",
    "element": "元素",
}


def in_chinese(words: object) -> object:
    """Return words in Chinese, with what stands in their fields, or as they are."""
    if isinstance(words, Sentence) and words.template in CHINESE:
        fields = {
            name: KINDS.get(str(value), value) if name == "kind" else in_chinese(value)
            for name, value in words.fields.items()
        }
        return CHINESE[words.template].format(**fields)
    return CHINESE.get(words, words) if isinstance(words, str) else words
