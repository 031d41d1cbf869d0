"""What integrators are told of an alert: which rule, what was measured of whom, against what."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from contact_events.alerts import AlertCleared, AlertRaised
from contact_events.billing import Severity
from contact_events.envelope import Envelope
from contact_runtime.http.bodies import View
from contact_runtime.webhooks.notices import Notice
from contact_runtime.webhooks.telling import TAKEN, Payload

TypeName = Literal["alert.raised", "alert.cleared"]


class Named(View):
    """The rule's name, in the two languages of the centre."""

    ru: str = Field(examples=["Долго ждут"])
    en: str = Field(examples=["Long waits"])


class OfAlert(View):
    """The alert: `alert_id` is the same when it is raised and when it is over.

    A lower `sequence` than one seen of the same rule is older: pass it over.
    """

    alert_id: str = Field(examples=["9a6f1c0d2e3b4f5a"])
    alert_rule_id: str = Field(examples=["long-waits"])
    sequence: int = Field(examples=[1])
    client: str | None = Field(description="null: the rule is the operator's", examples=["acme"])


class Raised(OfAlert):
    """The rule as it was, and what was measured."""

    revision: int = Field(description="of the rule", examples=[1])
    name: Named
    severity: Severity
    measure: str = Field(description="as in the rule", examples=["longest_wait_s"])
    value: float = Field(description="what was measured", examples=[151.0])
    raised_when: Literal["above", "below"]
    threshold: float = Field(examples=[120.0])
    for_s: float = Field(description="it was beyond the threshold for so long", examples=[30.0])
    clear_at: float = Field(description="it is over once the measure is here", examples=[60.0])
    queue_id: str | None = Field(description="null: of no queue alone", examples=["acme-sales"])
    site_id: str | None = Field(description="null: of no site alone", examples=["saransk"])


class Cleared(OfAlert):
    """Why it is over: the measure is back, or people have changed the rule."""

    reason: Literal["back", "rule_changed"]
    value: float | None = Field(
        description="what was measured; null: nothing, or it was not looked at", examples=[48.0]
    )


class RaisedPayload(Payload):
    """An alert was raised."""

    type: Literal["alert.raised"]
    data: Raised


class ClearedPayload(Payload):
    """An alert is over."""

    type: Literal["alert.cleared"]
    data: Cleared


def notice_of(envelope: Envelope) -> Notice | None:
    """Return what integrators are told of a fact; None if they are told nothing of its kind."""
    told = _told(envelope)
    if told is None:
        return None
    name, data = told
    return Notice(
        id=envelope.id,
        type=name,
        at=envelope.time,
        client=envelope.client,
        data=data.model_dump(mode="json"),
    )


def _told(envelope: Envelope) -> tuple[TypeName, View] | None:
    match envelope.data:
        case AlertRaised() as fact:
            return "alert.raised", Raised(
                **_of_alert(envelope, fact),
                revision=fact.revision,
                name=Named(ru=fact.name.ru, en=fact.name.en),
                severity=fact.severity,
                measure=fact.measure,
                value=fact.value,
                raised_when=fact.raised_when,
                threshold=fact.threshold,
                for_s=fact.for_s,
                clear_at=fact.clear_at,
                queue_id=fact.queue_id,
                site_id=fact.site_id,
            )
        case AlertCleared() as fact:
            return "alert.cleared", Cleared(
                **_of_alert(envelope, fact), reason=fact.reason, value=fact.value
            )
        case _:
            return None


def _of_alert(envelope: Envelope, fact: AlertRaised | AlertCleared) -> dict[str, object]:
    return {
        "alert_id": fact.alert_id,
        "alert_rule_id": fact.alert_rule_id,
        "sequence": envelope.sequence,
        "client": envelope.client,
    }


outgoing = APIRouter()
"""For the OpenAPI document only: what this service sends, and what it expects as the answer."""


@outgoing.post("alert.raised", status_code=204, responses=TAKEN)
def alert_raised(body: RaisedPayload) -> None:
    """A measure has been beyond the threshold of a rule for as long as the rule says."""


@outgoing.post("alert.cleared", status_code=204, responses=TAKEN)
def alert_cleared(body: ClearedPayload) -> None:
    """An alert is over: the measure is back, or people have changed its rule."""
