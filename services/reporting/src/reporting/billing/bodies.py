"""What administrators send and are shown: definitions, tariffs, rules of alerts."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from contact_events.billing import PAID, Duration, RuleKind, ServiceLevel, Severity, Status
from contact_events.calls import Channel
from contact_runtime.administration.bodies import DocumentBody, DocumentView
from contact_runtime.http.bodies import Body, Id
from contact_runtime.http.documents import Name
from reporting.domain.agreements import Agreement, AlertRule, Tariff
from reporting.domain.shown import MeasureName

_NUMBER = r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?"
_SHARE = r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$"

Money = Annotated[
    str, Field(pattern=rf"^{_NUMBER}$", description="decimal, as text", examples=["12.50"])
]
Percent = Annotated[
    str, Field(pattern=r"^(100|[1-9]?[0-9])(\.[0-9]{1,4})?$", description="of the other lines")
]
Share = Annotated[str, Field(pattern=_SHARE, description="0 to 1, as text", examples=["0.8"])]
Threshold = Literal[5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300]


def _day(written: str) -> str:
    date.fromisoformat(written)
    return written


Day = Annotated[
    str,
    AfterValidator(_day),
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-03-01"]),
]
Deactivated = Annotated[bool, Field(description="stays for the past, and is used no more")]
Ids = Annotated[list[Id], Field(max_length=200)]


class DefinitionBody(DocumentBody):
    """What a client is measured by."""

    content = Agreement

    name: Name
    client_id: Id | None = Field(default=None, description="null: for everybody", examples=["acme"])
    service_level: ServiceLevel = Field(
        default="negative", description="one of the five; see docs/measures.md"
    )
    threshold_s: Threshold = Field(default=20, description="answered in time within so many")
    short_abandon_s: Threshold = Field(default=5, description="giving up before is short")
    target: Share = "0.8"
    repeat_within_days: int = Field(
        default=7, ge=1, le=365, description="who comes back within was not helped at first"
    )
    agent_hour_cost: Money | None = Field(default=None, description="what an agent's hour costs")
    valid_from: Day | None = Field(
        default=None, description="the day from which this revision counts; null: always"
    )
    deactivated: Deactivated = False


class TakesBody(Body):
    """Which contacts a rule takes; what is empty fits any."""

    project_ids: Ids = Field(default_factory=list)
    channels: list[Channel] = Field(default_factory=list, max_length=6)
    directions: list[Literal["inbound", "outbound"]] = Field(default_factory=list, max_length=2)
    queue_ids: Ids = Field(default_factory=list, description="the queue it came to first")


class RuleBody(Body):
    """What is paid for. Of the rules of one kind, a contact is the first's that takes it."""

    rule_id: Id = Field(examples=["talk"])
    kind: RuleKind
    price: Money = Field(default="0", description="a minute, a contact, an agent's hour")
    takes: TakesBody = Field(default_factory=TakesBody)
    of: Duration = Field(default="talk", description="per_minute: which time")
    round_up_s: int = Field(default=1, ge=1, le=3600, description="per_minute: to whole ..")
    minimum_s: int = Field(default=0, ge=0, le=3600, description="per_minute: at least, if any")
    outcomes: list[Id] = Field(
        default_factory=list,
        max_length=20,
        description="per_contact: those with one of these outcomes; empty: all",
        examples=[["contained"]],
    )
    codes: Ids = Field(default_factory=list, description="per_result: any of these wrap-up codes")
    team_ids: Ids = Field(default_factory=list, description="per_agent_hour: agents of these teams")
    statuses: list[Status] = Field(
        default=list(PAID), min_length=1, max_length=6, description="per_agent_hour: time in these"
    )
    definition_id: Id | None = Field(
        default=None, description="service_level: one of `/v1/definitions`"
    )
    bonus_from: Share | None = None
    bonus_percent: Percent = "0"
    penalty_below: Share | None = None
    penalty_percent: Percent = "0"


class TermsBody(Body):
    """The rules that hold from a day on, until the next terms do."""

    valid_from: Day
    rules: list[RuleBody] = Field(min_length=1, max_length=100)


class TariffBody(DocumentBody):
    """What a client pays."""

    content = Tariff

    name: Name
    client_id: Id = Field(examples=["acme"])
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["RUB"])
    terms: list[TermsBody] = Field(min_length=1, max_length=100, description="by `valid_from`")
    project_ids: Ids = Field(default_factory=list, description="empty: all of the client's")
    time_zone: str = Field(
        default="Europe/Moscow", max_length=64, description="whose midnight begins a day"
    )
    minimum: Money = Field(default="0", description="an invoice comes to so much at least")
    deactivated: Deactivated = False


class AlertRuleBody(DocumentBody):
    """When the board raises an alert."""

    content = AlertRule

    name: Name
    measure: MeasureName = Field(description="of a queue, a site, or of all")
    threshold: float
    clear_at: float = Field(description="cleared once the measure is back here: hysteresis")
    client_id: Id | None = Field(default=None, description="null: the operator's")
    queue_id: Id | None = None
    site_id: Id | None = None
    raised_when: Literal["above", "below"] = "above"
    for_s: float = Field(default=0.0, ge=0, le=86_400, description="after so long beyond it")
    severity: Severity = Field(default="urgent", description="urgent: it needs a hand now")
    deactivated: Deactivated = False


class DefinitionView(DefinitionBody, DocumentView):
    """A definition."""

    definition_id: Id


class TariffView(TariffBody, DocumentView):
    """A tariff."""

    tariff_id: Id


class AlertRuleView(AlertRuleBody, DocumentView):
    """A rule of alerts."""

    alert_rule_id: Id
