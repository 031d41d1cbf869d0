"""What stands on a live board: the shape of each part, as every reader of the stream gets it.

`docs/board.asyncapi.json` and the console's types are generated from here.
"""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from contact_events.agents import AgentStatus
from contact_events.billing import Severity

STATUSES: tuple[AgentStatus, ...] = ("Ready", "Reserved", "Talking", "Hold", "WrapUp", "NotReady")

DayState = Literal["running", "ended", "idle"]
SiteState = Literal["open", "draining", "closed", "lost"]
MeasureName = Literal[
    "waiting",
    "longest_wait_s",
    "expected_wait_s",
    "in_talk",
    "service_level",
    "abandoned_share",
    "agents_ready",
    "agents_signed_in",
    "calls_per_minute",
    "asa_s",
]
"""Figures of the board: now, or since the day began."""
Share = Annotated[float, Meta(ge=0, le=1)]
Calls = Annotated[int, Meta(description="calls")]
Moment = Annotated[str | None, Meta(description="business time, ISO 8601; null when nobody waits")]


class Bilingual(TypedDict):
    """A name in Russian and in English."""

    ru: str
    en: str


class AgentCounts(TypedDict):
    """Agents in each state; who is signed out is in none of them."""

    Ready: int
    Reserved: int
    Talking: int
    Hold: int
    WrapUp: int
    NotReady: int


class Day(TypedDict):
    """Whether the day is running, has ended, or has not begun."""

    state: DayState


class SiteFigures(TypedDict):
    """One site now, and what it has done since the day began."""

    site_id: str
    name: Bilingual
    lat: float
    lon: float
    status: SiteState
    agents: AgentCounts
    waiting: Annotated[int, Meta(description="calls that wait and have their home here")]
    in_talk: Calls
    answered: Annotated[int, Meta(description="calls of this site's callers, wherever answered")]
    answered_away: Annotated[int, Meta(description="of them, those that another site answered")]


class Figures(TypedDict):
    """What has become of the calls since the day began."""

    offered: Calls
    answered: Calls
    abandoned: Calls
    short_abandoned: Annotated[int, Meta(description="of the abandoned, those within 5 s")]
    in_service_level: Annotated[int, Meta(description="of the answered, those within 20 s")]
    service_level: Annotated[Share | None, Meta(description="null when nothing was offered")]


class QueueFigures(Figures):
    """One queue now, and what has become of its calls since the day began."""

    queue_id: str
    name: Bilingual
    client: str | None
    waiting: Calls
    longest_wait_since: Moment
    expected_wait_s: Annotated[
        float | None,
        Meta(description="for who comes now, business seconds; null while nobody works there"),
    ]
    in_talk: Calls


AwayFlow = TypedDict("AwayFlow", {"from": str, "to": str, "calls": Calls})
AwayFlow.__doc__ = """Calls of one site's callers that another answered in the last 15 minutes."""


class OverdueStay(TypedDict):
    """An agent who is not ready for longer than planned, or than the reason allows."""

    agent_id: str
    site_id: str
    team_id: str | None
    reason: str
    overdue_at: Annotated[str, Meta(description="business time, ISO 8601")]


class Totals(Figures):
    """All that the reader may see, together."""

    waiting: Calls
    longest_wait_since: Moment
    in_talk: Calls
    contained: Calls
    failed: Calls
    calls_per_minute: Annotated[int, Meta(description="arrivals in the last business minute")]
    asa_s: Annotated[
        float | None,
        Meta(description="average speed of answer, business seconds; null: nothing was answered"),
    ]
    agents: AgentCounts


class Alert(TypedDict):
    """An alert that is raised now, and the rule that raised it."""

    alert_id: str
    alert_rule_id: str
    name: Bilingual
    measure: MeasureName
    value: Annotated[float, Meta(description="when it was raised")]
    threshold: float
    raised_when: Literal["above", "below"]
    severity: Annotated[Severity, Meta(description="urgent: it needs a hand now")]
    raised_at: Annotated[str, Meta(description="business time, ISO 8601")]
    queue_id: str | None
    site_id: str | None


class View(TypedDict):
    """The parts of the board."""

    alerts: Annotated[list[Alert], Meta(description="urgent ones first, then the oldest")]

    day: Day
    drawn: Annotated[
        list[str], Meta(description="what of the input was drawn: not in the recorded day")
    ]
    sites: list[SiteFigures]
    queues: list[QueueFigures]
    away: list[AwayFlow]
    overdue: Annotated[
        list[OverdueStay], Meta(description="the longest first; empty for a client's token")
    ]
    totals: Totals


class Changes(TypedDict, total=False):
    """The parts of the board that have changed."""

    alerts: list[Alert]
    day: Day
    drawn: list[str]
    sites: list[SiteFigures]
    queues: list[QueueFigures]
    away: list[AwayFlow]
    overdue: list[OverdueStay]
    totals: Totals


class Ages(TypedDict):
    """How long ago each kind of figure was last known to be true, machine seconds.

    `calls`: everything counted in calls. `agents`: agents by state. `expected_waits`: what the
    router says; it grows while the router of any queue is silent.
    """

    calls: float
    agents: float
    expected_waits: float


class Head(TypedDict):
    """What every message begins with."""

    at: Annotated[str, Meta(description="business time of the figures, ISO 8601")]
    scale: Annotated[float, Meta(description="business seconds in one machine second")]
    ages_s: Ages
    position: Annotated[
        dict[str, int],
        Meta(
            description="the next offset of each topic/partition; a change tells those that moved",
            examples=[{"call-arrived/0": 4107}],
        ),
    ]


class Snapshot(Head, View):
    """The whole board."""


class Change(Head, Changes):
    """What has changed: parts that are missing have not.

    `sites` and `queues` hold the entries that changed, each whole; of `away` also those that are
    no more, with 0 calls. Other parts are whole.
    """
