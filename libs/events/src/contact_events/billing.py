"""`billing`: what clients agreed to be measured and paid by, and what they were invoiced.

Documents are whole, with a revision. Money and shares are decimal numbers as text, since they must
come out the same in every language.
"""

from typing import Final, Literal

import msgspec

from contact_events.calls import Channel, Text
from contact_events.registry import Event, event
from contact_events.topics import BILLING

ServiceLevel = Literal["answered_only", "positive", "ignore", "short_abandons_excluded", "negative"]
Duration = Literal["talk", "talk_and_hold", "handling"]
RuleKind = Literal["per_minute", "per_contact", "per_result", "per_agent_hour", "service_level"]
Status = Literal["Ready", "Reserved", "Talking", "Hold", "WrapUp", "NotReady"]
Severity = Literal["notice", "urgent"]
"""Whether somebody has to know, or to do something now."""

PAID: Final[tuple[Status, ...]] = ("Ready", "Reserved", "Talking", "Hold", "WrapUp")


class BillingDocument(Event, frozen=True, kw_only=True):
    """A document as it is after revision `revision`; one that is deactivated stays for the past."""

    document_id: str
    revision: int
    changed_by: str
    deactivated: bool = False


@event("definition.changed", version=1, topic=BILLING, key="document_id")
class DefinitionChanged(BillingDocument, frozen=True):
    """What a client is measured by: which service level, within how long, and what is short.

    Without `client_id` it is for everybody. `target` is the share promised, 0 to 1. This revision
    counts from the day `valid_from` on (ISO 8601); None: always.
    """

    definition_id: str
    name: Text
    client_id: str | None = None
    service_level: ServiceLevel = "negative"
    threshold_s: int = 20
    short_abandon_s: int = 5
    target: str = "0.8"
    repeat_within_days: int = 7
    agent_hour_cost: str | None = None
    valid_from: str | None = None


class Takes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which contacts a rule takes: those that fit all that is said; nothing said fits any."""

    project_ids: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    directions: tuple[Literal["inbound", "outbound"], ...] = ()
    queue_ids: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is paid for, and how much. Of rules of one kind each contact is the first's that fits.

    `per_minute`: the time `of` each contact, rounded up to `round_up_s`, at least `minimum_s`.
    `per_contact`: each contact, or each with one of `outcomes`. `per_result`: each contact that was
    given one of the wrap-up `codes`. `per_agent_hour`: the time that agents of `team_ids` were in
    `statuses`. `service_level`: of the span's other lines `bonus_percent` more at `bonus_from` or
    above, `penalty_percent` less below `penalty_below`, by this definition.
    """

    rule_id: str
    kind: RuleKind
    price: str = "0"
    takes: Takes = Takes()
    of: Duration = "talk"
    round_up_s: int = 1
    minimum_s: int = 0
    outcomes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    team_ids: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = PAID
    definition_id: str | None = None
    bonus_from: str | None = None
    bonus_percent: str = "0"
    penalty_below: str | None = None
    penalty_percent: str = "0"


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rules that hold from the day `valid_from` on, until the next terms do."""

    valid_from: str
    rules: tuple[Rule, ...]


@event("tariff.changed", version=1, topic=BILLING, key="document_id")
class TariffChanged(BillingDocument, frozen=True):
    """What a client pays: terms by the day from which they hold, days being of `time_zone`.

    It is of these projects; of all the client's where there are none. `minimum` is the least that
    an invoice comes to.
    """

    tariff_id: str
    name: Text
    client_id: str
    currency: str
    terms: tuple[Terms, ...]
    project_ids: tuple[str, ...] = ()
    time_zone: str = "Europe/Moscow"
    minimum: str = "0"


@event("alert_rule.changed", version=1, topic=BILLING, key="document_id")
class AlertRuleChanged(BillingDocument, frozen=True):
    """When the board raises an alert: a measure beyond `threshold` for `for_s`.

    It is cleared once the measure is back at `clear_at`; `urgent` needs a hand now. Without
    `queue_id` or `site_id` it is of everything that the client, or the centre, has.
    """

    alert_rule_id: str
    name: Text
    measure: str
    threshold: float
    clear_at: float
    client_id: str | None = None
    queue_id: str | None = None
    site_id: str | None = None
    raised_when: Literal["above", "below"] = "above"
    for_s: float = 0.0
    severity: Severity = "urgent"


@event("invoice.issued", version=1, topic=BILLING, key="document_id")
class InvoiceIssued(Event, frozen=True):
    """An invoice was issued: days from `begins_on` up to and without `ends_on`.

    `sha256` is that of its bytes, which never change. It may take the place of another.
    """

    document_id: str
    invoice_id: str
    client_id: str
    tariff_id: str
    tariff_revision: int
    begins_on: str
    ends_on: str
    currency: str
    total: str
    sha256: str
    issued_by: str
    replaces: str | None = None
