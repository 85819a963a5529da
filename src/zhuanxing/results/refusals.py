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
    "{where}: there is no {kind} '{name}'; there are {known}": UNKNOWN + "，有：{known}",
    "{where}: there is no {kind} '{name}'; '{command}' lists them":
        UNKNOWN + "，{command} 列出全部",
    "{where} is {value}, but {expected} is expected": "{where} 为{value}，应为{expected}",
    "{where} is {value}, but {expected} is expected; did you mean {near}?":
        "{where} 为{value}，应为{expected}，是不是 {near}？",
    "{where}: the setting '{name}' is missing": "{where}：缺少设置'{name}'",
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
    "province is empty, expected the English name of a province, as {known}":
        "province 是空的，请写省份的英文名，如 {known}",
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
    "{path}: this kind of file is not written (expected {endings})":
        "{path}：不能写成这种文件（应为 {endings}）",
    "{path}: the result cannot be written, because the name has the character {character}":
        "{path}：无法写入，因为名称含有字符 {character}",
    "{path}: the result cannot be written, because its name is longer than {most} bytes, "
    "or that of a folder than {most_of_folder}":
        "{path}：无法写入，因为文件名超过 {most} 字节，或文件夹名超过 {most_of_folder} 字节",
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
    "{where}: the lever '{lever}' has no start year; give 'levers.all.start' or extend a scenario "
    "that does":
        "{where}：举措'{lever}'没有开始年份，请写 levers.all.start，或 extends 一个写了的情景",
    "{where}: extends runs in a circle ({circle})": "{where}：extends 循环引用（{circle}）",
    "{where}: name_zh, name_en and other keys with values are expected":
        "{where}：应写 name_zh、name_en 和其他键及其值",
    "{where}: no city satisfies all of its 'where'": "{where}：没有城市同时满足 where 的各项",
    "the key '{key}' is written twice": "键'{key}'写了两次",
    "{where}, line {line}: {problem}": "{where} 第{line}行：{problem}",
    "the page has neither assumptions nor ceilings of single payers":
        "页面不能改假设，也没有单个出资方的上限",
    "{command}: the output '{name}' has more than one value a city and year":
        "{command}：指标'{name}'在一个城市一年里不止一个数值",
    "the scenario {scenario} does not use the lever '{lever}' in {city}, so it has no effect to "
    "explain; name a scenario that does":
        "情景 {scenario} 在 {city} 没有采用举措'{lever}'，没有效果可解释；请换一个采用它的情景",
    "the scenario {scenario} does not use the lever '{lever}'":
        "情景 {scenario} 没有采用举措'{lever}'",
    "the scenario {scenario} sets no lever in {cities} that {against} does not set too":
        "情景 {scenario} 在 {cities} 的举措与 {against} 没有不同",
    "the runs have no year {year}, but {first} to {last}":
        "没有{year}年的结果，只有{first}至{last}年",
    "{variable} leaves its domain in {year:g}": "{year:g}年变量 {variable} 超出方程的适用范围",
    "the page has no years in which levers end": "页面不能设举措的结束年份",
    "the file is not a scenario of the page: 'extends' is missing":
        "文件不是情景文件：缺少 extends",
    "'{text}' is not an aim; write for example 'energy_intensity<=-14.5%2020', "
    "'emerging_share>=+3' or 'gdp>=baseline'":
        "'{text}'不是目标；写法如 'energy_intensity<=-14.5%2020'、'emerging_share>=+3'、"
        "'gdp>=baseline'",
    "'{text}' is not a limit; write a level as 95, a change since {year} as +3, in percent as "
    "-14.5%2020, or baseline, baseline+3, baseline-1%":
        "'{text}'不是限值；水平写作 95，{year} 年以来的变化写作 +3，百分比写作 -14.5%2020，"
        "或 baseline、baseline+3、baseline-1%",
    "an aim names the year {year}, but runs cover {first} to {last}":
        "目标写了 {year} 年，但运行只到 {first} 至 {last} 年",
    "minimise or maximise must name an output, as minimise=co2":
        "minimise 或 maximise 要写一个指标，如 minimise=co2",
    "minimise or maximise must name a measure, as in minimise=co2":
        "minimise 或 maximise 要写一个指标，如 minimise=co2",
    "output names one file, but two languages are asked for; name one":
        "output 只是一个文件，却要两种语言，请只写一种",
    "scenario is empty, but one scenario at least is expected": "scenario 是空的，至少要一个情景",
    "the results of {first} and {second} cannot be compared, because their {what} differs "
    "({one} and {other}); run both again with the same settings":
        "{first} 与 {second} 的结果不能比较：两者的 {what} 不同（{one} 与 {other}），"
        "请用相同设置重新运行",
    "{data}: {idle} change no initial value, so runs do not follow them; those with a fit "
    "that saw them do ('zhuanxing calibrate name=own data={data}')":
        "{data}：{idle} 不改变初始值，本次运行不跟随这些数据；"
        "用 'zhuanxing calibrate name=own data={data}' 拟合后的运行会跟随",
    "calibration {name}: made with another model or other data, {changes} changed since; "
    "fit again with 'zhuanxing calibrate name={name}'":
        "参数集 {name}：拟合之后模型或数据有变（{changes}），"
        "请用 'zhuanxing calibrate name={name}' 重新拟合",
    "the result has no year {year}; expected one of {first} to {last}":
        "结果没有 {year} 年，只有 {first} 至 {last} 年",
    "calibration {name}: it holds {stored} draws, but {count} are asked for; make more with "
    "'zhuanxing calibrate name={name} draws={count}'":
        "参数集 {name} 只有 {stored} 次抽样，却要 {count} 次；"
        "用 'zhuanxing calibrate name={name} draws={count}' 增加",
    "discover needs a city and its aim, as in 'city={city} aim=energy_intensity', or a condition":
        "discover 要一个城市及其目标，如 'city={city} aim=energy_intensity'，或一个条件",
    "{key} names {count}, but two are expected": "{key} 写了 {count} 个，应为两个",
    "'{text}' is not a condition; write for example '{output}@{city}>=100'":
        "'{text}'不是条件；写法如 '{output}@{city}>=100'",
    "'{text}': the store has no year {year}, but {first} to {last}":
        "'{text}'：结果库没有 {year} 年，只有 {first} 至 {last} 年",
    "vary names nothing that has a range; write for example 'vary=[assumptions.*,drivers.*]'":
        "vary 没有写有范围的量；写法如 'vary=[assumptions.*,drivers.*]'",
    "vary: '{name}' has no range in model/data; write {name}:low:high":
        "vary：'{name}'在 model/data 中没有范围，请写 {name}:低:高",
    "'{name}' names several inputs; write one, as {one}": "'{name}'指多个量，请写一个，如 {one}",
    "vary: '{word}' gives one number; write name:low:high":
        "vary：'{word}'只有一个数，请写 名称:低:高",
    "vary: '{word}' gives a value twice": "vary：'{word}'有重复的值",
    "vary: '{word}' has its low above its high; write name:low:high":
        "vary：'{word}'的低值大于高值，请写 名称:低:高",
    "vary: '{text}' in '{word}' is not a number; write name:low:high":
        "vary：'{word}'中的'{text}'不是数，请写 名称:低:高",
    "'{where}': {value:g} is outside {low:g} to {high:g}, between which {name} lies":
        "'{where}'：{value:g} 超出 {name} 的范围 {low:g} 到 {high:g}",
    "design.{key} is {runs}, but a Sobol' sequence covers its space evenly only with a power of "
    "two; the nearest is {near}":
        "design.{key} 为 {runs}，但 Sobol' 序列要 2 的幂才均匀，最接近的是 {near}",
    "{what} has {runs:,} runs, but {most:,} are the most; vary fewer factors or take another "
    "design":
        "{what}有 {runs:,} 次运行，最多 {most:,} 次；请减少因素或换一种设计",
    "the assumption '{place}' is {number:g}, outside its range of {low:g} to {high:g} in "
    "assumptions.csv":
        "假设'{place}'为 {number:g}，超出 assumptions.csv 中的范围 {low:g} 到 {high:g}",
    "{where}: year '{year}' and value '{value}' must be numbers":
        "{where}：年份'{year}'和数值'{value}'应为数",
    "{where}: the unit of '{output}' is '{found}', but the model has it in {ours} ({unit}); "
    "convert the value, or leave the unit out":
        "{where}：'{output}'的单位是'{found}'，模型用 {ours}（{unit}）；请换算，或不写单位",
    "a statistic is of {year}, but the runs cover {first} to {last}; set years.end":
        "有 {year} 年的统计数据，但运行只到 {first} 至 {last} 年；请改 years.end",
    "an unforeseen error, {error}: {first}; the traceback is in {path}, please report it":
        "程序出错（{error}：{first}）；详情在 {path}，请反馈",
    # What stands in the fields of others.
    "a whole number of {least} at least": "不小于 {least} 的整数",
    "this design": "该设计",
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
    "calibration": "参数集",
    "model": "模型",
    "data": "数据",
    "year of information": "信息年份",
    "engine": "计算引擎",
    "range of years": "年份范围",
    "none": "无",
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
    "command": "命令",
    "element": "元素",
    "lever, assumption or driver": "举措、假设或外部条件",
    "check": "检验",
    "design": "设计方法",
    "engine": "计算引擎",
    "option": "选项",
    "factor": "因素",
    "uncertain number": "不确定参数",
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
