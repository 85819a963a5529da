"""Every kind of equation that is easily got wrong has its documented value."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhuanxing.cli.main import main
from zhuanxing.engine import TranslationError, compile_file, compile_text
from zhuanxing.engine.program import Program
from zhuanxing.engine.reading.encodings import decode
from zhuanxing.errors import ZhuanxingError

CASES = Path(__file__).parent / "cases"
MODELS = sorted(path for path in CASES.iterdir() if path.suffix in (".mdl", ".xmile"))
# A path in a comment: "= 1, 2, ?".
EXPECTED = re.compile(r"=((?:\s*(?:[-+\d.e]+|\?),)*\s*(?:[-+\d.e]+|\?))\s*$")
OUTSIDE = "x = GET DIRECT CONSTANTS('../t.csv', ',', 'B2') ~~|\n"
CLOCK = "INITIAL TIME = 0 ~~| FINAL TIME = 3 ~~| TIME STEP = 1 ~~| SAVEPER = 1 ~~|"
PAIRED = ":MACRO: pair(v : w)\npair = v ~~|\nw = 2 * v ~~|\n:END OF MACRO:\n"
SELECTED = (
    "d: a, b ~~|\nv[d] = 2, 3 ~~|\ns[d] = {chosen} ~~|\n"
    "x = VECTOR SELECT(s[d!], v[d!], -1, 0, {error}) ~~|"
)
XMILE = (
    '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">'
    "<sim_specs{method}><start>0</start><stop>3</stop></sim_specs>{dims}"
    "<model><variables>{body}</variables></model></xmile>"
)


def expected(program: Program) -> dict[str, list[float]]:
    """Return the paths that the comments of a model give, NaN where they leave it open."""
    found = {}
    for name, variable in program.variables.items():
        path = EXPECTED.search(variable.comment)
        if path is not None:
            numbers = (part.strip() for part in path[1].split(","))
            found[name] = [np.nan if part == "?" else float(part) for part in numbers]
    return found


@pytest.mark.parametrize("stepped", [False, True], ids=["compiled", "stepped"])
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_every_variable_has_the_path_that_its_comment_gives(path: Path, stepped: bool) -> None:
    program = compile_text(path.read_text(encoding="utf-8"), str(path), path.suffix)
    paths = expected(program)
    assert paths
    times = program.times()
    ours = program.run({}, dict.fromkeys([*paths, "saveper"], "path"), stepped)
    every = round(float(ours["saveper"][0]) / (times[1] - times[0]))
    for name, wanted in paths.items():
        saved = ours[name][::every]
        assert len(saved) == len(wanted), name
        known = ~np.isnan(wanted)
        np.testing.assert_allclose(
            saved[known], np.array(wanted)[known], rtol=1e-9, atol=1e-12, err_msg=name
        )


def refusal(text: str, suffix: str) -> str:
    with pytest.raises(TranslationError) as caught:
        compile_text(text, f"m{suffix}", suffix)
    sentence = str(caught.value)
    assert not re.search(r"Error\b|index out of range|Traceback", sentence), sentence
    return sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1 ~|", ["'x'", "m.mdl:1", "one '~'"]),
        ("y = 1 ~~|\nx = 1 ~ m ~ no end", ["'x'", "m.mdl:2", "'|'"]),
        ("d: a, b ~~|\nx[d] = 1 ~~|\nx[d] = 2 ~~|", ["'x'", "m.mdl:2", "[a]", "twice"]),
        ("x = A FUNCTION OF(y) ~~|\ny = 1 ~~|", ["'x'", "m.mdl:1", "causes only"]),
        ("x = y ~~|\n人 = 1 ~~|", ["'x'", "'y'", "not defined"]),
        ("x = DELAY FIXED(1, 1e12, 0) ~~|", ["'x'", "1,000,000,000,000"]),
        ("x = 1; 2, 3; ~~|", ["'x'", "different lengths"]),
        ("d: a, b ~~|\nx[d,d] = 1 ~~|", ["'x'", "m.mdl:2", "'d' twice"]),
        ("x = " + "(" * 500 + "1" + ")" * 500 + " ~~|", ["'x'", "nested"]),
        ("d: (a3-a1) ~~|\nx[d] = 1 ~~|", ["'d'", "m.mdl:1", "does not go up"]),
        ("x = TIME STEP ~ [1,b] ~|", ["'x'", "limits"]),
        ("d: a, b ~~|\nd: a, c ~~|\nx[d] = 1 ~~|", ["'d'", "m.mdl:2", "line 1"]),
        ("d: a, b ~~|\na = 5 ~~|\nx[d] = a ~~|", ["'a'", "m.mdl:2", "element of the range 'd'"]),
        ("d: a, b ~~|\nd = 5 ~~|", ["'d'", "m.mdl:2", "range has the same name"]),
        ("d: a, d ~~|\nx[d] = 1 ~~|", ["'d'", "m.mdl:1", "its own name"]),
        ("Time = 5 ~~|", ["'time'", "m.mdl:1", "clock"]),
        ("d: a, b ~~|\nx[d] = TABBED ARRAY(1 inf) ~~|", ["'x'", "m.mdl:2", "'inf'"]),
        ("x = MAX(1, 2,) ~~|", ["'x'", "m.mdl:1", "')'"]),
        (PAIRED + "x = pair(1 : y, z) ~~|", ["'x'", "up to 1 result"]),
        (PAIRED + PAIRED + "x = pair(1) ~~|", ["'pair'", "m.mdl:5", "twice"]),
        (
            PAIRED.replace("2 * v", "v * k") + "k = 2 ~~|\nx = pair(1) ~~|",
            ["'w'", "m.mdl:3", "'k$'"],
        ),
        (PAIRED + "x = pair(gone) ~~|", ["m.mdl:5", "'gone' is not defined, did you mean 'final"]),
        (PAIRED + "x = pair(1 : y) ~~|\ny = 2 ~~|", ["'x'", "'y' has an equation"]),
        (PAIRED + "x = pair(1 : y) ~~|\nz = pair(1 : y) ~~|", ["'y'", "2 times"]),
        (SELECTED.format(chosen="0, 0", error=1), ["'x'", "m.mdl:4", "not empty", "time 0"]),
        (SELECTED.format(chosen="1, 1", error=2), ["'x'", "m.mdl:4", "no more than one"]),
        (SELECTED.format(chosen="1, 1", error=4), ["'x'", "m.mdl:4", "error action is 4"]),
    ],
)
def test_what_vensim_does_not_allow_is_refused_by_name_and_line(
    text: str, words: list[str]
) -> None:
    sentence = _refused_or_run(CLOCK.replace("~~| ", "~~|") + text, ".mdl")
    assert all(word in sentence for word in words), sentence


@pytest.mark.parametrize(
    "text",
    [
        "x = " + ",  ".join(["12"] * 60) + " 3y ~~|",
        "f(" + ", ".join(["1.5"] * 61) + ") ~~|",
        "人口" * 40 + " ? = 1 ~~|",
        "x" + " " * 20_000 + "y? = 1 ~~|",
        "x = " + " + ".join(f'"part {number}"' for number in range(60)) + " ~ m ~ no bar",
        "x(GET DIRECT CONSTANTS('t.csv', ',', 'B2')) ~~|",
    ],
)
def test_a_slip_of_the_pen_in_a_long_entry_is_refused_at_once(text: str) -> None:
    assert "m.mdl:2" in refusal(CLOCK + "\n" + text, ".mdl")


def _refused_or_run(text: str, suffix: str) -> str:
    """Return the refusal, whether it comes when the model is read or when it is run."""
    try:
        program = compile_text(text, f"m{suffix}", suffix)
        program.run({}, {"x": "path"})
    except ZhuanxingError as failure:
        return str(failure)
    return "nothing is refused"


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str]:
    """Return a model's text with a few places cut, doubled or replaced, and what it ends in."""
    path = draw(st.sampled_from(MODELS))
    text = path.read_text(encoding="utf-8")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        end = at + draw(st.integers(0, 20))
        odd = st.sampled_from((*"()[]<>=~|,;:!\"'/-*^.9e\n\x00人", "1e999", ":MACRO:", "INTEG("))
        text = text[:at] + draw(odd | st.just(text[at:end] * 2)) + text[end:]
    return text, path.suffix


@settings(max_examples=300)
@given(damaged())
def test_a_damaged_model_is_read_or_refused_in_a_sentence(model: tuple[str, str]) -> None:
    text, suffix = model
    try:
        compile_text(text, f"m{suffix}", suffix)
    except ZhuanxingError as failure:
        assert not re.search(r"\w+Error\b|index out of range|NoneType", str(failure))


AUX = '<aux name="x"><eqn>{}</eqn></aux>'
GRAPH = '<aux name="x"><eqn>TIME</eqn><gf><xscale min="0" max="{end}"/><ypts>{y}</ypts></gf></aux>'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<stock name="x"><eqn>0</eqn><conveyor><len>2</len></conveyor></stock>', ["conveyor"]),
        ('<stock name="x"><eqn>0</eqn><queue/></stock>', ["queue"]),
        ('<stock name="x"><eqn>0</eqn><oven/></stock>', ["oven"]),
        (AUX.format(1) + '<aux name="X"><eqn>2</eqn></aux>', ["'x'", "capitals"]),
        (AUX.format(1) + '<module name="far" resource="far.stmx"/>', ["'far'", "cannot be read"]),
        (AUX.format(1) + '<module name="far" resource="../m.stmx"/>', ["'far'", "data_root"]),
        (AUX.format(1) + '<module name="far" resource="http://a.b/c"/>', ["'far'", "elsewhere"]),
        (AUX.format("NEGBINOMIAL(1, 0.5)"), ["'x'", "NEGBINOMIAL"]),
        (AUX.format(1) + '<module name="gone"/>', ["'gone'"]),
        (AUX.format("y[1]") + '<aux name="y"><eqn>1</eqn></aux>', ["'x'", "0 subscripts"]),
        (AUX.format(1) + '<aux name="TIME"><eqn>5</eqn></aux>', ["'time'", "clock"]),
        (AUX.format(1) + '<module name="m"><connect to="m.z" from="x"/></module>', ["'m'"]),
        (AUX.format("DERIVN(TIME, 1)"), ["'x'", "DERIVN"]),
        (GRAPH.format(end="nan", y="1,2"), ["'x'", "'nan'"]),
        (GRAPH.format(end="1", y="1_0,2"), ["'x'", "'1_0'"]),
        ("", ["no variables"]),
        ('<stock name="x"><eqn>0</eqn><inflow>gone</inflow></stock>', ["'x'", "'gone'"]),
    ],
)
def test_what_is_not_known_of_xmile_is_refused_by_name(body: str, words: list[str]) -> None:
    sentence = refusal(XMILE.format(method="", dims="", body=body), ".xmile")
    assert all(word in sentence for word in words), sentence


BELT = (
    '<stock name="x"><eqn>{start}</eqn><inflow>i</inflow><outflow>o</outflow><outflow>l</outflow>'
    "<conveyor{kind}>{parts}</conveyor></stock>"
    '<flow name="i"{spread}><eqn>{inflow}</eqn></flow><flow name="o"/>'
    '<flow name="l"{zone}><leak>{leak}</leak>{whole}</flow>'
)
PLAIN_BELT = {
    "start": "8", "kind": "", "parts": "<len>2</len>", "spread": "", "inflow": "3", "zone": "",
    "leak": "0.5", "whole": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "method", "words"),
    [
        ({"kind": ' discrete="true"'}, "", ["'x'", "discrete"]),
        ({"spread": ' spreadflow="even"'}, "", ["'x'", "'even'"]),
        ({"whole": "<leak_integers/>"}, "", ["'x'", "whole numbers"]),
        ({"zone": ' leak_start="0.8" leak_end="0.2"'}, "", ["'l'", "zone"]),
        ({"parts": ""}, "", ["'x'", "transit time"]),
        ({"parts": "<len>0</len>"}, "", ["'x'", "above 0"]),
        ({"parts": "<len>1e12</len>"}, "", ["'x'", "1,000,000"]),
        ({"parts": "<len>1 + 9 * STEP(1, 1)</len>"}, "", ["'x'", "length of the run", "time 2"]),
        ({"parts": "<len>2</len><speed>2</speed>"}, "", ["'x'", "'speed'"]),
        ({}, ' method="RK4"', ["'x'", "Euler"]),
        ({"inflow": "MEAN(x)"}, "", ["'i'", "slats"]),
        ({"inflow": "x[2]"}, "", ["'i'", "0 subscripts"]),
    ],
)
def test_what_is_not_known_of_conveyors_is_refused(
    changed: dict[str, str], method: str, words: list[str]
) -> None:
    body = BELT.format(**{**PLAIN_BELT, **changed})
    sentence = _refused_or_run(XMILE.format(method=method, dims="", body=body), ".xmile")
    assert all(word in sentence for word in words), sentence


@settings(max_examples=60)
@given(
    exponential=st.booleans(),
    times=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    leak=st.integers(0, 12),
    zone=st.tuples(st.integers(0, 4), st.integers(4, 8)),
    limits=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_what_enters_a_conveyor_lies_on_it_flows_out_or_leaks(
    exponential: bool, times: tuple[int, int], leak: int, zone: tuple[int, int],
    limits: tuple[int, int],
) -> None:  # fmt: skip
    parts = (
        f"<len>IF TIME &lt; 4 THEN {times[0] / 4} ELSE {times[1] / 4}</len><capacity>{limits[0]}"
    )
    parts += f"</capacity><in_limit>{limits[1]}</in_limit><arrest>TIME = 6</arrest>"
    body = BELT.format(
        start="20", kind=f' exponential_leak="{str(exponential).lower()}"', parts=parts, spread="",
        inflow="15 - TIME", zone=f' leak_start="{zone[0] / 8}" leak_end="{zone[1] / 8}"',
        leak=f"{leak / 10} * TIME / 8", whole="",
    )  # fmt: skip
    clock = "<sim_specs><start>0</start><stop>8</stop><dt>0.25</dt></sim_specs>"
    text = f"<xmile>{clock}<model><variables>{body}</variables></model></xmile>"
    program = compile_text(text, "m.xmile", ".xmile")
    paths = program.run({}, dict.fromkeys("xiol", "path"), stepped=True)
    entered, gone = paths["i"], paths["o"] + paths["l"]
    assert min(path.min() for path in paths.values()) >= 0.0
    np.testing.assert_allclose(np.diff(paths["x"]), 0.25 * (entered - gone)[:-1], atol=1e-12)
    assert (entered <= limits[1] + 1e-12).all()


def test_conveyors_are_the_same_stepped_by_numpy_alone_and_many_at_once() -> None:
    path = CASES / "conveyors.xmile"
    program = compile_text(path.read_text("utf-8"), str(path), ".xmile")
    names = [*expected(program)]
    one = program.run({}, dict.fromkeys(names, "path"))
    stepped = program.run({}, dict.fromkeys(names, "path"), stepped=True)
    many = program.run_many({"in quicker": [7.0, 10.0]}, dict.fromkeys(names, "path"))
    for name in names:
        np.testing.assert_allclose(stepped[name], one[name], rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(many[name][1], one[name], rtol=1e-12, err_msg=name)


def test_a_flow_inside_an_element_is_refused_and_not_left_out() -> None:
    dims = '<dimensions><dim name="d"><elem name="a"/></dim></dimensions>'
    body = (
        '<stock name="x"><dimensions><dim name="d"/></dimensions><element subscript="a">'
        '<eqn>1</eqn><inflow>f</inflow></element></stock><flow name="f"><eqn>1</eqn></flow>'
    )
    assert "'x'" in refusal(XMILE.format(method="", dims=dims, body=body), ".xmile")
    same = dims.replace('"a"', '"d"')
    assert "name of a dimension" in refusal(
        XMILE.format(method="", dims=same, body=AUX.format(1)), ".xmile"
    )
    size = dims.replace('"><elem name="a"/></dim>', '" size="9999999999"/>')
    assert "1 to 1,000,000" in refusal(XMILE.format(method="", dims=size, body=body), ".xmile")


@pytest.mark.parametrize(
    ("dims", "body", "words"),
    [
        ("", AUX.format("SUM(v[1:2] * v[2:3])"), ["'x'", "different slices"]),
        ("", AUX.format("v[3:1]"), ["'x'", "ends before it begins"]),
        ("", AUX.format("v[gone]"), ["'x'", "'gone'"]),
        (
            "<macro name='f'><parm>q</parm><eqn>q</eqn><sim_specs/></macro>",
            "",
            ["'f'", "by itself"],
        ),
        ("<macro name='f' filter='flow'><eqn>1</eqn></macro>", "", ["'f'", "option filter"]),
        ("<macro name='f'><eqn>1</eqn></macro><macro name='f'><eqn>2</eqn></macro>", "", ["'f'"]),
        ("<model name='s'><sim_specs><dt>0.5</dt></sim_specs><variables/></model>", "", ["clock"]),
    ],
)
def test_arrays_macros_and_submodels_that_are_not_understood_are_refused(
    dims: str, body: str, words: list[str]
) -> None:
    array = '<aux name="v"><dimensions><dim name="d"/></dimensions><eqn>1</eqn></aux>'
    dims += '<dimensions><dim name="d" size="3"/></dimensions>'
    sentence = refusal(XMILE.format(method="", dims=dims, body=array + body), ".xmile")
    assert all(word in sentence for word in words), sentence


def test_parts_of_an_xmile_model_lie_in_other_files(tmp_path: Path) -> None:
    whole = "<xmile>{}<model{}><variables>{}</variables></model></xmile>"
    clock = "<sim_specs><start>0</start><stop>1</stop></sim_specs>"
    header = '<header><includes><include resource="parts/*.xml"/></includes></header>'
    module = '<module name="far" resource="deep/far.xmile"><connect to="far.in" from="x"/></module>'
    body = module + AUX.format("TWICE(3)") + '<aux name="y"><eqn>far.out + far.x</eqn></aux>'
    near = '<aux name="in"><eqn>0</eqn></aux><aux name="out"><eqn>in * 10</eqn></aux>'
    (tmp_path / "parts").mkdir()
    (tmp_path / "deep").mkdir()
    (tmp_path / "m.xmile").write_text(whole.format(header + clock, "", body))
    (tmp_path / "deep" / "far.xmile").write_text(whole.format("", "", near + AUX.format(100)))
    macro = tmp_path / "parts" / "twice.xml"
    macro.write_text('<xmile><macro name="TWICE"><parm>q</parm><eqn>2 * q</eqn></macro></xmile>')
    assert compile_file(tmp_path / "m.xmile").run({}, {"y": "path"})["y"].tolist() == [160, 160]
    macro.write_text('<xmile><macro name="TWICE"><parm>q</parm><eqn>5 * q</eqn></macro></xmile>')
    assert compile_file(tmp_path / "m.xmile").run({}, {"y": "path"})["y"].tolist() == [250, 250]
    (tmp_path / "deep" / "far.xmile").write_text(whole.format("", "", near + AUX.format("gone")))
    with pytest.raises(TranslationError, match=r"'far\.x' \(deep/far\.xmile:1\): 'gone'"):
        compile_file(tmp_path / "m.xmile")


DRAWN = {
    "POISSON(12)": (3.0, 3.0**0.5),  # of 12 a year, in a quarter
    "BINOMIAL(5, 0.3)": (1.5, 1.05**0.5),
    "BETA(2, 3)": (0.4, 0.2),
    "GAMMA(2, 3)": (6.0, 18.0**0.5),
    "LOGISTIC(1, 2)": (1.0, 2.0 * np.pi / 3.0**0.5),
    "PARETO(5, 2)": (2.5, (5.0 / 12.0) ** 0.5),
    "TRIANGULAR(1, 2, 6)": (3.0, (7.0 / 6.0) ** 0.5),
    "WEIBULL(1, 2)": (2.0, 2.0),
    "LOGNORMAL(3, 1)": (3.0, 1.0),
    "MONTECARLO(80)": (0.2, 0.4),
    "UNIFORM(0, 12, NAN, 3, 9)": (6.0, 3.0**0.5),
    "POISSON(12, 5, 3, 3)": (3.0, 0.0),
}


def test_numbers_drawn_have_the_mean_and_deviation_of_their_distribution() -> None:
    clock = "<sim_specs><start>0</start><stop>500</stop><dt>0.25</dt></sim_specs>"
    body = "".join(f'<aux name="x{i}"><eqn>{text}</eqn></aux>' for i, text in enumerate(DRAWN))
    text = f"<xmile>{clock}<model><variables>{body}</variables></model></xmile>"
    program = compile_text(text, "m.xmile", ".xmile")
    paths = program.run({}, {f"x{i}": "path" for i in range(len(DRAWN))})
    for i, (mean, deviation) in enumerate(DRAWN.values()):
        count = len(paths[f"x{i}"])
        assert abs(paths[f"x{i}"].mean() - mean) <= 5.0 * deviation / count**0.5, i
        assert paths[f"x{i}"].std() == pytest.approx(deviation, rel=0.1), i
    places = [i for i, text in enumerate(DRAWN) if text.startswith(("POISSON", "BINOMIAL"))]
    assert all((paths[f"x{i}"] == np.round(paths[f"x{i}"])).all() for i in places)


# Of Vensim's, stretched by 2 and then shifted by 1, except where there is neither.
VENSIM_DRAWN = {
    "RANDOM TRIANGULAR(0, 9, 1, 2, 6, 0)": (3.0, (7.0 / 6.0) ** 0.5),
    "RANDOM BETA(-9, 9, 2, 2, 1, 2, 0)": (2.0, 0.2**0.5),
    "RANDOM GAMMA(0, 99, 4, 1, 2, 0)": (9.0, 4.0),
    "RANDOM WEIBULL(0, 99, 1, 1, 2, 0)": (3.0, 2.0),
    "RANDOM POISSON(0, 999, 4, 1, 2, 0)": (9.0, 4.0),
    "RANDOM BINOMIAL(0, 99, 0.25, 12, 1, 2, 0)": (7.0, 3.0),
    "RANDOM NEGATIVE BINOMIAL(0, 999, 0.5, 8, 1, 2, 0)": (33.0, 8.0),
    "RANDOM POISSON(5, 5.5, 4, 1, 2, 0)": (5.0, 0.0),
}


def test_random_functions_of_vensim_stretch_shift_and_cut_their_distributions() -> None:
    text = "".join(f"x{i}[d] = {call} ~~|\n" for i, call in enumerate(VENSIM_DRAWN))
    program = compile_text(f"d: (a1-a500) ~~|\n{text}{CLOCK}")
    paths = program.run({}, {f"x{i}": "path" for i in range(len(VENSIM_DRAWN))})
    for i, (mean, deviation) in enumerate(VENSIM_DRAWN.values()):
        drawn = paths[f"x{i}"]
        assert abs(drawn.mean() - mean) <= 5.0 * deviation / drawn.size**0.5, i
        assert drawn.std() == pytest.approx(deviation, rel=0.15), i
    assert {*np.unique(paths["x4"] % 2)} == {1.0}


def test_a_method_that_is_not_there_and_a_torn_file_are_refused() -> None:
    whole = XMILE.format(method=' method="gear"', dims="", body=AUX.format(1))
    assert "gear" in refusal(whole, ".xmile")
    assert "not well-formed" in refusal(whole[:-20], ".xmile")
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + whole
    assert "document type" in refusal(bomb, ".xmile")


CHINESE = "{HEAD}\n人口 = INTEG(人口 * 0.05, 100) ~人~ 人口 |\n" + CLOCK


@pytest.mark.parametrize(
    ("head", "codec", "mark", "guessed"),
    [
        ("UTF-8", "utf-8", b"", False),
        ("UTF-8", "utf-8", codecs.BOM_UTF8, False),
        ("UTF-16", "utf-16-le", codecs.BOM_UTF16_LE, False),
        ("UTF-16", "utf-16-be", b"", False),
        ("GB18030", "gb18030", b"", False),
        ("UTF-8", "gbk", b"", True),
        ("GB18030", "utf-8", b"", True),
        ("rot13", "big5", b"", True),
    ],
)
def test_chinese_names_are_read_in_whatever_encoding(
    head: str, codec: str, mark: bytes, guessed: bool
) -> None:
    content = mark + CHINESE.replace("HEAD", head).encode(codec)
    text, note = decode(content, "m.mdl")
    assert (note is not None) == guessed
    path = compile_text(text, "m.mdl").run({}, {"人口": "path"})["人口"]
    assert path[-1] == pytest.approx(115.7625)


def test_a_western_file_of_old_keeps_its_accents() -> None:
    text, note = decode("café = 1 ~ été ~|".encode("cp1252"), "m.mdl")
    assert "café = 1 ~ été" in text and note is not None


def test_no_other_variable_is_taken_for_one_that_is_not_defined(tmp_path: Path) -> None:
    text, _ = decode(("入 = 5 ~~|\nx = 2 * 人 ~~|\n" + CLOCK).encode("gbk"), "m.mdl")
    assert "'人' is not defined" in refusal(text, ".mdl")


def test_settings_below_the_sketch_count_whatever_the_line_ends() -> None:
    text = (
        "s = INTEG(-s, 1) ~~|\n" + CLOCK + "\n\\\\\\---/// Sketch\nV300 x\n*View 1\n$192\n"
        "///---\\\\\\\n:L<%^E!@\n15:0,0,0,5,0,0\n"
    )
    for ends in ("\n", "\r\n", "\r"):
        path = compile_text(text.replace("\n", ends)).run({}, {"s": "path"})["s"]
        assert path[1] == pytest.approx(0.375)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1 / (Time - 2) ~~|\n", ["'x'", "inf", "time 2"]),
        ("x = 1 ~~|\nSAVEPER = -1 ~~|\n", ["SAVEPER", "-1"]),
        ("x = 1 ~~|\nFINAL TIME = -1 ~~|\n", ["FINAL TIME is -1", "before INITIAL TIME 0"]),
        (
            "x = GET DIRECT CONSTANTS('../t.csv', ',', 'B2') ~~|\n",
            ["'x'", "outside", "data_root"],
        ),
    ],
)
def test_nonsense_is_refused_and_nothing_written(
    text: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "t.csv").write_text("time,v\n0,4\n")
    given = {part.split("=")[0].strip() for part in text.split("|")}
    clock = [part + "|" for part in CLOCK.split("|") if part.split("=")[0].strip() not in given]
    (folder / "m.mdl").write_text(text + "".join(clock))
    output = folder / "o.csv"
    assert main(["simulate", str(folder / "m.mdl"), f"output={output}"]) == 2
    sentence = capsys.readouterr().err
    assert all(word in sentence for word in words), sentence
    assert not output.exists()


def test_data_above_the_model_are_read_where_the_user_allows_it(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "t.csv").write_text("time,v\n0,4\n")
    program = compile_text(OUTSIDE + CLOCK, str(folder / "m.mdl"), data_root=tmp_path)
    assert program.run({}, {"x": "path"})["x"][0] == 4.0


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("x = GET DIRECT CONSTANTS('T.CSV', ',', 'B2') ~~|\n", ""),
        ("x = GET DIRECT CONSTANTS('?in', ',', 'B2') ~~|\n", "30:?in=t.csv\n"),
        ("x = GET DIRECT CONSTANTS('?t.csv', ',', 'B2') ~~|\n", "30:?t.csv=Z:\\home\\t.csv\n"),
        ("x = GET DIRECT CONSTANTS(f, ',', 'B2') ~~|\nf :IS: 't.csv' ~~|\n", ""),
    ],
)
def test_a_file_is_found_by_alias_by_a_text_and_in_other_capitals(
    text: str, settings: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("time,v\n0,4\n")
    below = f"\n\\\\\\---/// Sketch\n///---\\\\\\\n:L<%^E!@\n{settings}"
    program = compile_text(text + CLOCK + below, str(tmp_path / "m.mdl"))
    assert program.run({}, {"x": "path"})["x"][0] == 4.0
