"""Types of settings that many commands share: names of the model, lists, languages, files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Ge
from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from zhuanxing.errors import Sentence, ZhuanxingError

__all__ = [
    "Archetype", "Assignments", "Assumption", "City", "Count", "Device", "Driver", "File",
    "FreeKeys", "Group", "Language", "Lever", "Named", "Output", "Payer", "Province",
    "ScenarioName", "Seed", "Several", "Share", "Year", "Zone", "between", "refused",
]  # fmt: skip

T = TypeVar("T")
FIRST_YEAR, LAST_YEAR = 1900, 2200
# Of a file or folder, in bytes: more is an error of the system whatever is asked of it.
LONGEST_NAME = 255
# What `validated` knows such a refusal by.
UNKNOWN_NAME = "unknown_name"
NOT_TEXT = (Mapping, list, tuple)


@dataclass(frozen=True)
class Named:
    """Marks a text that must be a name of the model: an id, or a Chinese or English name of it.

    `kind` is one of ModelNames.of; `also` are words beside its names. The value becomes the id;
    without names to look in (in a test, say) it is taken as it stands.
    """

    kind: str
    also: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_before_validator_function(self._found, handler(source))

    def _found(self, value: Any, info: ValidationInfo) -> Any:
        names = info.context
        if names is None or value in (None, *self.also) or isinstance(value, NOT_TEXT):
            return value
        known = names.of(self.kind)
        found = known.get(str(value))
        if found is None:
            raise refused(known.refusal(str(value), ""))
        return found


def refused(refusal: ZhuanxingError) -> PydanticCustomError:
    """Return the refusal of an unknown name as checks raise it; its place is added later."""
    return PydanticCustomError(UNKNOWN_NAME, "unknown", {"refusal": refusal})


City = Annotated[str, Named("city")]
Zone = Annotated[str, Named("zone")]
Archetype = Annotated[str, Named("archetype")]
Province = Annotated[str, Named("province")]
Lever = Annotated[str, Named("lever")]
Group = Annotated[str, Named("lever group")]
Payer = Annotated[str, Named("payer")]
ScenarioName = Annotated[str, Named("scenario")]
Output = Annotated[str, Named("output")]
Assumption = Annotated[str, Named("assumption")]
Driver = Annotated[str, Named("driver")]


def _several(value: Any) -> Any:
    """Return one value as a list of it; names written twice count once."""
    many = list(value) if isinstance(value, list | tuple) else [value]
    return (
        many if any(isinstance(one, Mapping | list) for one in many) else list(dict.fromkeys(many))
    )


# One value, or a list of them in brackets.
Several = Annotated[tuple[T, ...], BeforeValidator(_several)]


def _file(value: Any) -> Any:
    if value is None or value == "":
        raise ValueError("the name of a file or folder")
    path = Path(str(value))
    longest = max((len(part.encode(errors="surrogatepass")) for part in path.parts), default=0)
    if "\0" in str(value) or longest > LONGEST_NAME:
        raise ValueError(f"a name that a file can have, with {LONGEST_NAME} bytes at most")
    return path


File = Annotated[Path, BeforeValidator(_file)]


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | Mapping | list) else str(value)


Text = Annotated[str, BeforeValidator(_text)]


@dataclass(frozen=True)
class FreeKeys:
    """Marks a list of NAME=VALUE that the command line writes key by key, as set.NAME=VALUE.

    The names are those of some other model, so that neither their spelling nor their letters are
    known.
    """


Assignments = Annotated[tuple[str, ...], BeforeValidator(_several), FreeKeys()]


def _year(value: Any) -> Any:
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not (FIRST_YEAR <= value <= LAST_YEAR)
    ):
        raise ValueError("a calendar year")
    return value


Year = Annotated[int, BeforeValidator(_year)]
Count = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0)]


def between(low: float, high: float) -> AfterValidator:
    """Return the check that a number lies between two, which its refusal names."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(Sentence("a number between {low:g} and {high:g}", low=low, high=high))
        return value

    return AfterValidator(check)


Share = Annotated[float, between(0, 1)]
Language = Literal["zh", "en"]
Device = Literal["auto", "cpu", "gpu"]
