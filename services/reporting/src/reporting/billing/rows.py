"""The rows that billing keeps, in the order of their locks; no rebuild touches them."""

from contact_runtime.administration.documents import Revision
from contact_runtime.rows import Kind
from reporting.domain.agreements import Agreement, AlertRule, Tariff

ALERT_RULE: Kind[Revision[AlertRule] | None] = Kind(
    "alert_rule", Revision[AlertRule] | None, lambda rule_id: None
)
"""By rule id."""

DEFINITION: Kind[Revision[Agreement] | None] = Kind(
    "definition", Revision[Agreement] | None, lambda definition_id: None
)
"""By definition id."""

TARIFF: Kind[Revision[Tariff] | None] = Kind(
    "tariff", Revision[Tariff] | None, lambda tariff_id: None
)
"""By tariff id."""
