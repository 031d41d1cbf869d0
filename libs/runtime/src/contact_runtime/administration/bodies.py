"""What administrators send and are shown of a document, beside what is of its kind alone."""

from datetime import datetime
from typing import Any, ClassVar, Self

import msgspec
from pydantic import ConfigDict, Field

from contact_runtime.http.bodies import Body, View


def plain(value: Any) -> Any:
    """Return the value as plain data with every field, those that have their defaults, too."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, tuple) else value


class DocumentBody(Body):
    """A whole document as people order it."""

    content: ClassVar[Any]

    def said(self, last: Any) -> Any:
        """Return what the document says then; `last` is what it said until now, if anything."""
        return msgspec.convert(self.model_dump(), type=self.content)

    @classmethod
    def fields(cls, said: Any) -> dict[str, Any]:
        """Return the fields of what a document says, as the body has them."""
        found: dict[str, Any] = plain(said)
        return found

    @classmethod
    def of(cls, said: Any) -> Self:
        """Return the body that says this."""
        return cls.model_validate(cls.fields(said))


class DocumentView(View):
    """What is known of a document beside what it says. `ETag` is the revision in quotes."""

    model_config = ConfigDict(extra="ignore")

    revision: int = Field(description="1 for the first, one more with each change", examples=[3])
    changed_by: str = Field(description="the subject of the token that ordered it")
    changed_at: datetime = Field(description="business time of this revision")
