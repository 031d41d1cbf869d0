"""Sites and calendars over HTTP."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from contact_events.config import CalendarChanged, Document, SiteChanged
from contact_runtime.http.bodies import Body, Id
from contact_runtime.http.documents import Name
from router.views import DocumentBody, DocumentView, IsoDate, Seconds, Zone, refused

Region = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$"),
    Field(description="ISO 3166-2", examples=["RU-MOW"]),
]
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)


def _time_of_day(written: str) -> str:
    if not _TIME.fullmatch(written):
        raise refused("time_of_day")
    return written


TimeOfDay = Annotated[str, AfterValidator(_time_of_day), Field(examples=["09:00"])]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


class ReserveBody(Body):
    """When a reserve site opens by rule and closes again: by the waits of these queues."""

    queue_ids: list[Id] = Field(
        min_length=1, max_length=200, description="whose waits count", examples=[["sales"]]
    )
    open_above_s: Seconds = Field(
        gt=0,
        description="opens when the expected wait of one of the queues is above",
        examples=[60],
    )
    close_below_s: Seconds = Field(
        description="closes when none is above, and nothing else keeps it open", examples=[20]
    )
    hold_s: Seconds = Field(default=300.0, description="is open for so long at least")
    open_below_share: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="opens, too, when less than this share was answered within the target",
        examples=[0.7],
    )


class SiteBody(DocumentBody):
    """A place with agents: whether it takes calls, and whose callers are at home there."""

    event: ClassVar[type[Document]] = SiteChanged
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": {"ru": "Москва", "en": "Moscow"},
                    "status": "open",
                    "time_zone": "Europe/Moscow",
                    "lat": 55.7558,
                    "lon": 37.6173,
                    "regions": ["RU-MOW", "RU-MOS"],
                },
                {
                    "name": {"ru": "Партнёр", "en": "Partner"},
                    "time_zone": "Europe/Moscow",
                    "adjust_by_s": 10,
                    "reserve": {"queue_ids": ["sales"], "open_above_s": 60, "close_below_s": 20},
                },
            ]
        }
    )

    name: Name
    status: Literal["open", "draining", "closed", "lost"] = Field(
        default="open",
        description="draining: its agents finish and get nothing new; closed: offers are asked "
        "back, too; lost: as if its line were cut, reserved calls return to the head",
    )
    time_zone: Zone = "UTC"
    lat: float = Field(default=0.0, ge=-90, le=90, description="degrees north", examples=[55.75])
    lon: float = Field(default=0.0, ge=-180, le=180, description="degrees east", examples=[37.6])
    regions: list[Region] = Field(
        default=[], max_length=500, description="whose callers are at home here"
    )
    adjust_by_s: float = Field(
        default=0.0,
        ge=-3600,
        le=3600,
        description="added to the site's expected wait when waits are compared: above 0, calls go "
        "there later",
    )
    reserve: ReserveBody | None = Field(
        default=None, description="closed until this rule, or a queue's step, opens it"
    )
    calendar_id: Id | None = Field(default=None, description="outside its hours the site drains")

    def said(self) -> dict[str, Any]:
        """Return the fields as the event has them."""
        said = super().said()
        said["latitude"], said["longitude"] = said.pop("lat"), said.pop("lon")
        return said

    @classmethod
    def shown(cls, document: Document) -> dict[str, Any]:
        """Return the document's fields as the body has them."""
        shown = super().shown(document)
        shown["lat"], shown["lon"] = shown.pop("latitude", 0.0), shown.pop("longitude", 0.0)
        return shown


class SiteView(SiteBody, DocumentView):
    """A site as ordered. Whether it is open by rule or calendar, too, decisions say."""

    site_id: str


class HoursBody(Body):
    """Open from `opens` until `closes`; that is the next day where it is not later."""

    opens: TimeOfDay = Field(description="local time")
    closes: TimeOfDay = Field(description="local time, up to 24:00", examples=["18:00"])


class SpecialDayBody(Body):
    """A day with hours of its own; none: closed."""

    date: IsoDate = Field(description="in the calendar's time zone")
    hours: list[HoursBody] = Field(default=[], max_length=24, description="none: closed all day")


class CalendarBody(DocumentBody):
    """Opening hours. A special day overrules all, then holidays, then the weekday holds."""

    event: ClassVar[type[Document]] = CalendarChanged
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": {"ru": "Офис", "en": "Office"},
                    "time_zone": "Europe/Moscow",
                    "hours": {day: [{"opens": "09:00", "closes": "18:00"}] for day in WEEK[:5]},
                    "holidays": "RU",
                    "exceptions": [
                        {"date": "2026-12-31", "hours": [{"opens": "09:00", "closes": "14:00"}]}
                    ],
                }
            ]
        }
    )

    name: Name
    time_zone: Zone = "UTC"
    hours: dict[Weekday, list[HoursBody]] = Field(
        default={}, description="of a usual week; a day that is not there is closed"
    )
    holidays: Literal["BY", "RU"] | None = Field(
        default=None,
        description="closed on this country's public holidays; weekends that it works for a day "
        "off elsewhere have Friday's hours",
    )
    exceptions: list[SpecialDayBody] = Field(
        default=[], max_length=1000, description="days that overrule weekday and holiday"
    )

    def said(self) -> dict[str, Any]:
        """Return the fields as the event has them."""
        hours = {str(WEEK.index(day)): _pairs(hours) for day, hours in self.hours.items()}
        special = [{"date": day.date, "hours": _pairs(day.hours)} for day in self.exceptions]
        return {**super().said(), "hours": dict(sorted(hours.items())), "exceptions": special}

    @classmethod
    def shown(cls, document: Document) -> dict[str, Any]:
        """Return the document's fields as the body has them."""
        shown = super().shown(document)
        hours = {WEEK[int(day)]: _hours(of) for day, of in shown.get("hours", {}).items()}
        special = [
            {**day, "hours": _hours(day.get("hours", []))} for day in shown.get("exceptions", [])
        ]
        return {**shown, "hours": hours, "exceptions": special}


class CalendarView(CalendarBody, DocumentView):
    """A calendar as ordered."""

    calendar_id: str


def _pairs(hours: list[HoursBody]) -> list[tuple[str, str]]:
    return [(one.opens, one.closes) for one in hours]


def _hours(pairs: list[list[str]]) -> list[dict[str, str]]:
    return [{"opens": opens, "closes": closes} for opens, closes in pairs]
