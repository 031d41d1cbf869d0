"""`alerts`: what the board raised by rule, and when it was over."""

from typing import Literal

from contact_events.billing import Severity
from contact_events.calls import Text
from contact_events.registry import Event, event
from contact_events.topics import ALERTS


@event("alert.raised", version=1, topic=ALERTS, key="alert_rule_id")
class AlertRaised(Event, frozen=True, kw_only=True):
    """A measure has been beyond the threshold of a rule for as long as the rule says.

    It names the rule as it was, so that who is told needs no other document. `value` is the
    measure's; without `queue_id` and `site_id` it is of all that the client, or the centre, has.
    """

    alert_id: str
    alert_rule_id: str
    revision: int
    name: Text
    measure: str
    value: float
    threshold: float
    clear_at: float
    raised_when: Literal["above", "below"]
    for_s: float
    severity: Severity
    client_id: str | None = None
    queue_id: str | None = None
    site_id: str | None = None


@event("alert.cleared", version=1, topic=ALERTS, key="alert_rule_id")
class AlertCleared(Event, frozen=True, kw_only=True):
    """An alert is over.

    `back`: the measure is back beyond `clear_at`, or there is nothing to measure (`value` is None).
    `rule_changed`: people have changed the rule or taken it out of use; it is judged anew.
    """

    alert_id: str
    alert_rule_id: str
    reason: Literal["back", "rule_changed"]
    value: float | None = None
