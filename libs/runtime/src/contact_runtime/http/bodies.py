"""What may stand in a request: strict bodies, identifiers and telephone numbers."""

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

MOST_TEXT = 4_000
_SEPARATORS = str.maketrans("", "", " -.()")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOST_WRITTEN = 32


def e164(written: str) -> str:
    """Return a telephone number as E.164: `+`, country, number, ASCII digits only.

    Spaces, hyphens, dots and brackets are dropped. Digits of other scripts look alike and
    would name the same caller twice, so they are refused, never translated.

    Raises:
        ValueError: it is not such a number; the number itself is not repeated, being personal.
    """
    if written.isascii() and len(written) <= _MOST_WRITTEN:
        number = written.translate(_SEPARATORS)
        if _E164.fullmatch(number):
            return number
    raise ValueError("not an E.164 number: + and 7 to 15 digits 0-9")


def _phone(written: str) -> str:
    try:
        return e164(written)
    except ValueError as refused:
        raise PydanticCustomError("e164", str(refused)) from None


Phone = Annotated[
    str,
    AfterValidator(_phone),
    Field(
        max_length=_MOST_WRITTEN,
        description="E.164; spaces, hyphens, dots and brackets are dropped",
        examples=["+74951234567"],
    ),
]
ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
Id = Annotated[
    str,
    StringConstraints(pattern=rf"^{ID_PATTERN.pattern}$"),
    Field(description="letters, digits and . _ : ~ -, at most 128"),
]
Moment = Annotated[
    AwareDatetime,
    Field(strict=False, description="ISO 8601 with a zone", examples=["2026-03-02T09:00:00+03:00"]),
]


def _holds_control(value: Any) -> bool:
    if isinstance(value, str):
        return not value.isprintable() and _CONTROL.search(value) is not None
    if isinstance(value, dict):
        return any(_holds_control(k) or _holds_control(v) for k, v in value.items())
    if isinstance(value, list):
        return any(_holds_control(item) for item in value)
    return False


class Body(BaseModel):
    """The base of every request body: unknown fields and lax types are refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        str_max_length=MOST_TEXT,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_control_characters(cls, data: Any) -> Any:
        """Refuse what PostgreSQL cannot keep (NUL) and what no form ever holds."""
        if _holds_control(data):
            raise PydanticCustomError("control_character", "text holds a control character")
        return data


class View(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(frozen=True)
