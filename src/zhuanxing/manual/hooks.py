"""What mkdocs calls: the pages of the reference join those of docs/ when the manual is built."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from zhuanxing.manual.pages import pages
from zhuanxing.model import load


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for path, text in pages(load()).items():
        files.append(File.generated(config, path, content=text))
    return files
