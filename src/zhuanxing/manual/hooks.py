"""What mkdocs calls: the reference, and what stands beside docs/, join the manual."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from zhuanxing.manual.pages import pages
from zhuanxing.model import load

# Files of the repository's root that are pages of the manual too.
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages and those of the root, whose links start there."""
    root = Path(config.config_file_path).parent
    for name in BESIDE:
        text = (root / name).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, name.lower(), content=text))
    for path, text in pages(load()).items():
        files.append(File.generated(config, path, content=text))
    return files
