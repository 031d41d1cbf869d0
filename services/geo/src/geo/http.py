"""Places over HTTP: where the numbers behind a prefix are."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from contact_events.locations import Precision
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import View
from geo.domain.numbering import locate

REFUSALS: dict[type[Exception], int] = {}

routes = APIRouter(prefix="/v1")

Reads = Annotated[Principal, Depends(require("places:read"))]
Prefix = Annotated[
    str,
    Path(
        pattern=r"^\+[1-9][0-9]{0,6}$",
        description="`+` and at most seven digits: a whole number has no place in an address",
        examples=["+7495123"],
    ),
]


class PlaceView(View):
    """A place; `candidates` are the regions that an ambiguous prefix leaves open."""

    prefix: str
    precision: Precision
    country: str | None
    region: str | None
    candidates: list[str]
    source: str


@routes.get("/places/{prefix}")
async def get_place(prefix: Prefix, principal: Reads) -> PlaceView:
    """Show where numbers that begin so were given out: region, country, ambiguous or unknown."""
    place = locate(prefix)
    return PlaceView(
        prefix=prefix,
        precision=place.precision,
        country=place.country,
        region=place.region,
        candidates=list(place.candidates),
        source=place.source,
    )
