"""Queues and skills over HTTP."""

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field, JsonValue, field_validator

from contact_events.config import Document, QueueChanged, Selection, SkillChanged
from contact_runtime.http.bodies import Body, Id
from contact_runtime.http.documents import Name, Words
from router.views import LONGEST_S, DocumentBody, DocumentView, Level, Seconds

_STEPS: list[JsonValue] = [
    {"name": "home", "reach": "home"},
    {
        "name": "when away is 15 s better",
        "reach": "any",
        "wait_improved_s": 15,
    },
    {"name": "anywhere", "after_s": 30, "reach": "any"},
    {"name": "lower level", "after_s": 60, "reach": "any", "skills": {"sales": 1}},
    {"name": "partner", "after_s": 90, "raise_priority": 10, "open_site_id": "partner"},
    {"name": "general", "after_s": 240, "move_to": "queue", "queue_id": "general"},
]
"""A search that widens: what a queue's example shows."""


class StepBody(Body):
    """One step of the search. Steps are taken in order and add up; see the fields."""

    name: Words = Field(description="shown in every decision's `why`; unique in the queue")
    after_s: Seconds = Field(
        default=0.0, description="seconds waited in this stay until the step is reached; 0: at once"
    )
    reach: Literal["home", "sites", "any"] | None = Field(
        default=None,
        description="where it looks: at the caller's home, at `site_ids`, anywhere; of several "
        "sites home comes first, if the policy says so; "
        "null: nowhere, the step only raises, opens or moves",
    )
    site_ids: list[Id] = Field(default=[], max_length=200, description='with `reach` "sites"')
    skills: dict[Id, Level] | None = Field(
        default=None,
        max_length=50,
        description="levels asked for from here on instead of the queue's own (a ring)",
        examples=[{"sales": 1}],
    )
    wait_improved_s: Seconds | None = Field(
        default=None,
        description="searched only while the expected wait at home exceeds that of the step's "
        "sites by more than these seconds (`adjust_by_s` of a site counted)",
        examples=[15],
    )
    raise_priority: int = Field(
        default=0, ge=-1000, le=1000, description="added to the call's priority from here on"
    )
    open_site_id: Id | None = Field(default=None, description="the reserve site it opens")
    move_to: Literal["queue", "callback", "voicemail"] | None = Field(
        default=None, description='sends the call away; "queue": to `queue_id`, time kept'
    )
    queue_id: Id | None = Field(default=None, description='with `move_to` "queue"')

    @field_validator("skills")
    @classmethod
    def _in_order(cls, skills: dict[str, int] | None) -> dict[str, int] | None:
        return None if skills is None else dict(sorted(skills.items()))


class QueueBody(DocumentBody):
    """A queue: who may answer, how the search widens, and what becomes of long waits."""

    event: ClassVar[type[Document]] = QueueChanged
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "client_id": "acme",
                    "name": {"ru": "Продажи", "en": "Sales"},
                    "skills": {"sales": 2},
                    "service_target_s": 20,
                    "max_wait_s": 600,
                    "overflow_to": "general",
                    "steps": _STEPS,
                    "calendar_id": "office",
                }
            ]
        }
    )

    client_id: Id | None = Field(default=None, description="whose calls wait here; null: anybody's")
    name: Name
    skills: dict[Id, Level] = Field(
        default={}, max_length=50, description="skills an agent must have, to minimum level"
    )
    priority: int = Field(default=0, ge=-1000, le=1000, description="higher goes first")
    service_target_s: float = Field(
        default=20.0, gt=0, le=LONGEST_S, description="answered within these seconds is in target"
    )
    max_wait_s: float | None = Field(
        default=None, ge=1, le=LONGEST_S, description="then to `beyond`; null: no limit"
    )
    ring_s: float = Field(default=20.0, ge=1, le=600, description="how long an offer rings")
    overflow_to: Id | None = Field(
        default=None, description='the queue beyond `max_wait_s`, with `beyond` "queue"'
    )
    beyond: Literal["queue", "callback", "voicemail", "end"] = Field(
        default="queue",
        description='where calls go beyond `max_wait_s`; "queue" without `overflow_to` is the end',
    )
    return_transfers_s: float | None = Field(
        default=None,
        ge=1,
        le=LONGEST_S,
        description="a call that an agent transferred here, and nobody took within so many "
        "seconds, goes back to that agent, and a consultation ends; null: it stays in the queue",
    )
    when_deleted: Literal["overflow", "drain"] = Field(
        default="overflow",
        description="what becomes of those who wait when the queue is deleted: they go to "
        "`beyond` at once, or are served to the last",
    )
    steps: list[StepBody] = Field(
        default=[],
        max_length=50,
        description="how the search widens; without any: anywhere at once",
    )
    selection: Selection | None = Field(
        default=None, description="among free agents; null: the policy's"
    )
    preferred_agent_s: Seconds = Field(
        default=0.0,
        description="how long a call waits for its preferred agent (named by the flow, or the last "
        "one who spoke with this caller) before anybody may have it",
    )
    team_ids: list[Id] = Field(
        default=[], max_length=200, description="teams that may answer; none: all"
    )
    calendar_id: Id | None = Field(
        default=None, description="outside its hours calls are refused at the front door"
    )

    @field_validator("skills")
    @classmethod
    def _in_order(cls, skills: dict[str, int]) -> dict[str, int]:
        return dict(sorted(skills.items()))


class QueueView(QueueBody, DocumentView):
    """A queue as ordered."""

    queue_id: str


class SkillBody(DocumentBody):
    """A skill that queues ask for and agents have, at a level from 0 to 100."""

    event: ClassVar[type[Document]] = SkillChanged
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": {"ru": "Продажи", "en": "Sales"}}]}
    )

    name: Name


class SkillView(SkillBody, DocumentView):
    """A skill as ordered."""

    skill_id: str
