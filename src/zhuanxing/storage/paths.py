"""Where the model, the scenarios and the configuration are: here, or beside the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zhuanxing.errors import ZhuanxingError

__all__ = ["Places", "find_places"]


@dataclass(frozen=True)
class Places:
    """Folders of one model: `root` holds model/ and scenarios/; `conf` may be the package's.

    `own` is true when `root` is what the user named or stands in.
    """

    root: Path
    conf: Path
    own: bool

    @property
    def model(self) -> Path:
        """Return the folder of sector files and data."""
        return self.root / "model"

    @property
    def origin(self) -> str:
        """Return the file of sectors that names all others, as the model is called in messages."""
        return str(self.model.resolve() / "sectors" / "model.mdl")

    @property
    def scenarios(self) -> Path:
        """Return the folder of scenario files."""
        return self.root / "scenarios"


def find_places(root: Path | None = None) -> Places:
    """Return the places of the model in `root`, by default the working directory.

    Without model/ in the working directory the model that came with the package is used: the
    repository of an editable install, else the copy inside the installed package. Raises
    ZhuanxingError if `root` is given and holds no model/, or if none is found.
    """
    shipped = _shipped()
    if root is not None and not (root / "model").is_dir():
        raise ZhuanxingError(f"{root}: this folder holds no model/, which a model's root must")
    own = root or (Path.cwd() if Path("model").is_dir() else None)
    chosen = own or shipped
    if chosen is None:
        raise ZhuanxingError(
            f"{Path.cwd()}: there is no model/ here and none came with the package; "
            "change to a clone of the repository"
        )
    conf = chosen / "conf"
    if not conf.is_dir() and shipped is not None:
        conf = shipped / "conf"
    return Places(chosen, conf, own is not None)


def _shipped() -> Path | None:
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "shipped", package.parents[1])
    return next((place for place in candidates if (place / "model").is_dir()), None)
