"""What the router shows and takes over HTTP: documents as people order them."""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from contact_events import calls
from contact_events.config import QueueChanged, SiteChanged
from contact_runtime.http.bodies import Body, Id, View

Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Region = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$"),
    Field(description="ISO 3166-2", examples=["RU-MOW"]),
]
Level = Annotated[int, Field(ge=0, le=100)]
LONGEST_S = 86_400.0
_ZONES = available_timezones()


def _zone(name: str) -> str:
    if name not in _ZONES:
        raise PydanticCustomError("time_zone", "not a name of the IANA time zone database")
    return name


class Text(Body):
    """What people read, in the two languages of the centre."""

    ru: Words
    en: Words

    def plain(self) -> calls.Text:
        """Return it as the events carry it."""
        return calls.Text(self.ru, self.en)


class SiteBody(Body):
    """A place with agents: whether it takes calls, and whose callers are at home there."""

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
                }
            ]
        }
    )

    name: Text
    status: Literal["open", "draining", "closed"] = "open"
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    lat: float = Field(default=0.0, ge=-90, le=90)
    lon: float = Field(default=0.0, ge=-180, le=180)
    regions: list[Region] = Field(default=[], max_length=500)

    def plain(self, site_id: str, changed_by: str) -> SiteChanged:
        """Return it as the events carry it; its revision is given when it is written."""
        return SiteChanged(
            document_id=f"site:{site_id}",
            revision=0,
            changed_by=changed_by,
            site_id=site_id,
            name=self.name.plain(),
            status=self.status,
            time_zone=self.time_zone,
            latitude=self.lat,
            longitude=self.lon,
            regions=tuple(self.regions),
        )


class QueueBody(Body):
    """A queue: who may answer, how long an offer rings, and what becomes of long waits."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "client_id": "acme",
                    "name": {"ru": "Продажи", "en": "Sales"},
                    "skills": {"sales": 1},
                    "max_wait_s": 600,
                    "overflow_to": "general",
                }
            ]
        }
    )

    client_id: Id | None = None
    name: Text
    skills: dict[Id, Level] = Field(default={}, max_length=50, description="to minimum level")
    priority: int = Field(default=0, ge=-1000, le=1000, description="higher goes first")
    service_target_s: float = Field(default=20.0, gt=0, le=LONGEST_S)
    max_wait_s: float | None = Field(
        default=None, ge=1, le=LONGEST_S, description="then to `overflow_to`, or the end"
    )
    ring_s: float = Field(default=20.0, ge=1, le=600)
    overflow_to: Id | None = None

    @field_validator("skills")
    @classmethod
    def _in_order(cls, skills: dict[str, int]) -> dict[str, int]:
        return dict(sorted(skills.items()))

    def plain(self, queue_id: str, changed_by: str) -> QueueChanged:
        """Return it as the events carry it; its revision is given when it is written."""
        return QueueChanged(
            document_id=f"queue:{queue_id}",
            revision=0,
            changed_by=changed_by,
            queue_id=queue_id,
            name=self.name.plain(),
            client_id=self.client_id,
            skills=self.skills,
            priority=self.priority,
            service_target_s=self.service_target_s,
            max_wait_s=self.max_wait_s,
            ring_s=self.ring_s,
            overflow_to=self.overflow_to,
        )


class SiteView(View):
    """A site as ordered."""

    site_id: str
    revision: int
    changed_by: str
    name: dict[str, str]
    status: str
    time_zone: str
    lat: float
    lon: float
    regions: list[str]

    @classmethod
    def of(cls, site: SiteChanged) -> "SiteView":
        """Return the site as HTTP shows it."""
        return cls(
            site_id=site.site_id,
            revision=site.revision,
            changed_by=site.changed_by,
            name={"ru": site.name.ru, "en": site.name.en},
            status=site.status,
            time_zone=site.time_zone,
            lat=site.latitude,
            lon=site.longitude,
            regions=list(site.regions),
        )


class QueueView(View):
    """A queue as ordered."""

    queue_id: str
    revision: int
    changed_by: str
    client_id: str | None
    name: dict[str, str]
    skills: dict[str, int]
    priority: int
    service_target_s: float
    max_wait_s: float | None
    ring_s: float
    overflow_to: str | None

    @classmethod
    def of(cls, queue: QueueChanged) -> "QueueView":
        """Return the queue as HTTP shows it."""
        return cls(
            queue_id=queue.queue_id,
            revision=queue.revision,
            changed_by=queue.changed_by,
            client_id=queue.client_id,
            name={"ru": queue.name.ru, "en": queue.name.en},
            skills=queue.skills,
            priority=queue.priority,
            service_target_s=queue.service_target_s,
            max_wait_s=queue.max_wait_s,
            ring_s=queue.ring_s,
            overflow_to=queue.overflow_to,
        )


class LeadershipView(View):
    """Who leads the pool as this replica has folded; `number` is of their last decision."""

    pool: str
    epoch: int
    owner: str
    number: int
    leads: bool = Field(description="whether it is this replica")
    caught_up: bool
    read_to: dict[str, int] = Field(description="next offset to be read of each topic")
