"""The brief as a Word document and as a PDF, the same bytes for the same brief."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhuanxing.charts.fonts import font_file
from zhuanxing.charts.save import save
from zhuanxing.report.phrases import phrase
from zhuanxing.storage.atomic import written_whole

if TYPE_CHECKING:
    from zhuanxing.report.brief import Brief, Table

__all__ = ["write_docx", "write_pdf"]

FONTS = ("Calibri", "Microsoft YaHei")
WIDTH_CM = 16.0
CODE_CM = 2.2
CODE = "code.png"
# A column is not made wider than so many letters for its longest text.
MOST = 24
WIDE = re.compile(r"[\u2e80-\uffff]")
WORD = re.compile(r"[^\s\u2e80-\uffff]+")
# The first moment that a ZIP archive can name.
EPOCH = (1980, 1, 1, 0, 0, 0)
MARKUP = str.maketrans({c: f"\\{c}" for c in "\\#$*_`<>@[]~"})


def write_docx(brief: Brief, path: Path) -> None:
    """Write the brief for Word, whole or not at all."""
    # Imported here: a brief in PDF needs no Word.
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.0)
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = FONTS[0], Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONTS[1])
    properties = document.core_properties
    properties.title, properties.author = brief.title, "zhuanxing"
    properties.created = properties.modified = datetime.fromisoformat(brief.day)
    document.add_heading(brief.title, level=0)
    document.add_paragraph(f"{brief.day} · {brief.made}")
    for sentence in brief.sentences:
        document.add_paragraph(sentence, style="List Bullet")
    _docx_table(document, brief.indicators)
    with tempfile.TemporaryDirectory() as folder:
        for title, picture in _pictures(brief, Path(folder)):
            document.add_paragraph(title)
            document.add_picture(str(picture), width=Cm(WIDTH_CM))
        if brief.address:
            document.add_paragraph(f"{phrase('address', brief.language)}{brief.address}")
            document.add_picture(str(_code(brief, Path(folder))), width=Cm(CODE_CM))
    for table in (brief.levers, brief.what_if):
        _docx_table(document, table)
    document.add_heading(phrase("trust", brief.language), level=2)
    for line in brief.trust:
        document.add_paragraph(line, style="List Bullet")
    _docx_table(document, brief.annex)
    document.add_paragraph(phrase("source", brief.language))
    with written_whole(path) as temporary:
        document.save(str(temporary))
        _undated(temporary)


def _docx_table(document: Any, table: Table) -> None:
    from docx.shared import Pt

    document.add_heading(table.title, level=2)
    grid = document.add_table(rows=1, cols=len(table.columns), style="Light Grid Accent 1")
    for cell, text in zip(grid.rows[0].cells, table.columns, strict=True):
        cell.text = text
    for row in table.rows:
        for cell, text in zip(grid.add_row().cells, row, strict=True):
            cell.text = text
    for row in grid.rows:
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                for run in paragraph.runs:
                    run.font.size = Pt(8.5)
    if table.note:
        document.add_paragraph(table.note)


def _undated(path: Path) -> None:
    """Write the archive again with one date, in the order of the names."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in sorted(archive.namelist())}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(
                zipfile.ZipInfo(name, EPOCH), content, compress_type=zipfile.ZIP_DEFLATED
            )


def write_pdf(brief: Brief, path: Path) -> None:
    """Write the brief as PDF, whole or not at all."""
    # Imported here: a brief for Word needs no typesetter.
    import typst

    with tempfile.TemporaryDirectory() as folder:
        pictures = list(_pictures(brief, Path(folder)))
        if brief.address:
            _code(brief, Path(folder))
        source = Path(folder) / "brief.typ"
        source.write_text(_typst(brief, pictures), encoding="utf-8")
        with written_whole(path) as temporary:
            content = typst.compile(
                str(source), font_paths=[str(font_file().parent)], ignore_system_fonts=True
            )
            temporary.write_bytes(content)


def _pictures(brief: Brief, folder: Path) -> Iterator[tuple[str, Path]]:
    for place, (title, figure) in enumerate(brief.charts.items(), start=1):
        yield title, save(figure, folder / f"chart{place}", ["png"])[0]


def _code(brief: Brief, folder: Path) -> Path:
    """Write the address as a picture that a telephone reads."""
    # Imported here: most briefs have no address.
    import segno

    path = folder / CODE
    segno.make(brief.address, error="m").save(str(path), scale=8, border=2)
    return path


def _typst(brief: Brief, pictures: list[tuple[str, Path]]) -> str:
    parts = [
        "#set document(date: none)",
        '#set page(paper: "a4", margin: (x: 2.5cm, y: 2cm), numbering: "1")',
        '#set text(font: "Noto Sans SC", size: 10pt, lang: "zh")'
        if brief.language == "zh"
        else '#set text(font: "Noto Sans SC", size: 10pt, lang: "en")',
        "#set table(stroke: 0.4pt + gray, inset: 4pt)",
        "#show heading: set block(above: 1.2em, below: 0.6em)",
        f"= {_plain(brief.title)}",
        f"#text(size: 8pt)[{_plain(brief.day)} · {_plain(brief.made)}]",
        *(f"- {_plain(sentence)}" for sentence in brief.sentences),
        _typst_table(brief.indicators),
        *(
            f'#figure(image("{picture.name}", width: 100%), caption: [{_plain(title)}], '
            "supplement: none, numbering: none)"
            for title, picture in pictures
        ),
        *_typst_code(brief),
        _typst_table(brief.levers),
        _typst_table(brief.what_if),
        f"== {_plain(phrase('trust', brief.language))}",
        *(f"- {_plain(line)}" for line in brief.trust),
        _typst_table(brief.annex),
        f"#text(size: 8pt)[{_plain(phrase('source', brief.language))}]",
    ]
    return "\n\n".join(parts)


def _typst_code(brief: Brief) -> list[str]:
    if not brief.address:
        return []
    words = _plain(f"{phrase('address', brief.language)}{brief.address}")
    return [
        f'#grid(columns: ({CODE_CM}cm, 1fr), gutter: 4mm, image("{CODE}", width: {CODE_CM}cm), '
        f"align(horizon)[#text(size: 8pt)[{words}]])"
    ]


def _typst_table(table: Table) -> str:
    """Return a table whose columns share the width of the page by what stands in them."""
    widths = ", ".join(f"{width}fr" for width in _widths(table))
    head = ", ".join(f"[*{_plain(text)}*]" for text in table.columns)
    cells = "\n".join(", ".join(f"[{_plain(text)}]" for text in row) + "," for row in table.rows)
    return (
        f"== {_plain(table.title)}\n\n#text(size: 7.5pt)[#table(columns: ({widths}), "
        f"table.header({head}),\n{cells}\n)]\n\n{_plain(table.note)}"
    )


def _widths(table: Table) -> list[int]:
    """Return a weight a column: its longest text up to MOST, but no less than its longest word.

    A Chinese character is as wide as two others, and a line may break after each.
    """
    found = []
    for place, head in enumerate(table.columns):
        texts = [row[place] for row in table.rows]
        words = [word for text in (head, *texts) for word in WORD.findall(text)]
        longest = max((len(word) for word in words), default=1)
        wanted = max((len(text) + len(WIDE.findall(text)) for text in texts), default=1)
        found.append(max(longest, min(wanted, MOST)) + 2)
    return found


def _plain(text: str) -> str:
    """Return text that the typesetter takes as it stands."""
    escaped = text.translate(MARKUP)
    return f"\\{escaped}" if escaped[:1] in ("=", "-", "+", "/") else escaped
