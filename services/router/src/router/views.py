"""What all documents share over HTTP, and who leads."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from zoneinfo import available_timezones

import msgspec
from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from contact_events.config import Document
from contact_runtime.http.bodies import Body, View
from router.orders import Revision
from router.references import CODES

LONGEST_S = 86_400.0
_ZONES = available_timezones()

Seconds = Annotated[float, Field(ge=0, le=LONGEST_S)]
Level = Annotated[int, Field(ge=0, le=100)]


def refused(code: str) -> PydanticCustomError:
    """Return the fault of shape that has this code."""
    return PydanticCustomError(code, CODES[code])


def _zone(name: str) -> str:
    if name not in _ZONES:
        raise refused("time_zone")
    return name


def _iso_date(written: str) -> str:
    try:
        if date.fromisoformat(written).isoformat() == written:
            return written
    except ValueError:
        pass
    raise refused("date")


Zone = Annotated[
    str,
    AfterValidator(_zone),
    Field(description="of the IANA time zone database", examples=["Europe/Moscow"]),
]
IsoDate = Annotated[str, AfterValidator(_iso_date), Field(examples=["2026-12-31"])]


class DocumentBody(Body):
    """A whole document as people order it."""

    event: ClassVar[type[Document]]

    def said(self) -> dict[str, Any]:
        """Return the fields as the event has them."""
        return self.model_dump()

    def plain(self, kind: str, name: str, changed_by: str) -> Document:
        """Return it as the events carry it; its revision is given when it is written."""
        head = {"document_id": f"{kind}:{name}", f"{kind}_id": name}
        head |= {"changed_by": changed_by}
        return msgspec.convert({**self.said(), **head, "revision": 0}, type=self.event)

    @classmethod
    def shown(cls, document: Document) -> dict[str, Any]:
        """Return the document's fields as the body has them."""
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
        return found


class DocumentView(View):
    """What is known of a document beside what it says. `ETag` is the revision in quotes."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    revision: int = Field(description="1 for the first, one more with each change", examples=[3])
    changed_by: str = Field(description="the subject of the token that ordered it")
    changed_at: datetime = Field(description="business time of this revision")
    deleted: bool = Field(default=False, description="deleted documents keep what they said")


def moments(revision: Revision) -> dict[str, Any]:
    """Return what a view shows beside the document's own fields."""
    return {"changed_at": revision.at, "deleted": revision.document.deleted}


class LeadershipView(View):
    """Who leads the pool as this replica has folded; `number` is of their last decision."""

    pool: str
    epoch: int
    owner: str
    number: int
    leads: bool = Field(description="whether it is this replica")
    caught_up: bool
    read_to: dict[str, int] = Field(description="next offset to be read of each topic")
