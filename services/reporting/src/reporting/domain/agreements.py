"""What was agreed with clients, as documents say it: definitions, tariffs, rules of alerts.

Money and shares are decimal numbers as text; days are ISO 8601.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from contact_events.billing import Rule, RuleKind, ServiceLevel, Severity, Takes, Terms
from contact_events.calls import Text
from reporting.domain.measures.definition import Definition


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What a definition document says. Without a client it is for everybody.

    It counts from the day `valid_from` on, or always.
    """

    name: Text
    client_id: str | None = None
    service_level: ServiceLevel = "negative"
    threshold_s: int = 20
    short_abandon_s: int = 5
    target: str = "0.8"
    repeat_within_days: int = 7
    agent_hour_cost: str | None = None
    valid_from: str | None = None
    deactivated: bool = False

    def definition(self, definition_id: str, revision: int) -> Definition:
        """Return what measures are computed by."""
        cost = self.agent_hour_cost
        return Definition(
            name=definition_id,
            version=revision,
            service_level=self.service_level,
            threshold_s=self.threshold_s,
            short_abandon_s=self.short_abandon_s,
            target=float(self.target),
            repeat_within_days=self.repeat_within_days,
            agent_hour_cost=None if cost is None else float(cost),
        )


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """What a tariff document says: what a client pays, by the day from which terms hold."""

    name: Text
    client_id: str
    currency: str
    terms: tuple[Terms, ...]
    project_ids: tuple[str, ...] = ()
    time_zone: str = "Europe/Moscow"
    minimum: str = "0"
    deactivated: bool = False


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a document of alerts says: a measure beyond a threshold for so long."""

    name: Text
    measure: str
    threshold: float
    clear_at: float
    client_id: str | None = None
    queue_id: str | None = None
    site_id: str | None = None
    raised_when: str = "above"
    for_s: float = 0.0
    severity: Severity = "urgent"
    deactivated: bool = False


Place = tuple[str | int, ...]
FaultFound = tuple[Place, str, str]
"""Where, the code, and what is wrong."""

_MEANT_FOR: Final[dict[str, frozenset[RuleKind]]] = {
    "of": frozenset({"per_minute"}),
    "round_up_s": frozenset({"per_minute"}),
    "minimum_s": frozenset({"per_minute"}),
    "outcomes": frozenset({"per_contact"}),
    "codes": frozenset({"per_result"}),
    "team_ids": frozenset({"per_agent_hour"}),
    "statuses": frozenset({"per_agent_hour"}),
    "definition_id": frozenset({"service_level"}),
    "bonus_from": frozenset({"service_level"}),
    "bonus_percent": frozenset({"service_level"}),
    "penalty_below": frozenset({"service_level"}),
    "penalty_percent": frozenset({"service_level"}),
    "price": frozenset({"per_minute", "per_contact", "per_result", "per_agent_hour"}),
}
_NEEDED: Final[dict[RuleKind, tuple[str, ...]]] = {
    "per_minute": ("price",),
    "per_contact": ("price",),
    "per_result": ("price", "codes"),
    "per_agent_hour": ("price", "team_ids"),
    "service_level": ("definition_id",),
}
_UNSAID: Final = Rule(rule_id="unsaid", kind="per_minute")


def faults_of_terms(terms: Iterable[Terms]) -> Iterator[FaultFound]:
    """Yield what makes no sense in the terms of a tariff."""
    before = ""
    for number, each in enumerate(terms):
        place: Place = ("terms", number)
        if each.valid_from <= before:
            yield (*place, "valid_from"), "terms_out_of_order", f"not after {before}"
        before = each.valid_from
        named: set[str] = set()
        for at, rule in enumerate(each.rules):
            if rule.rule_id in named:
                yield (*place, "rules", at, "rule_id"), "repeated", f"{rule.rule_id} stands twice"
            named.add(rule.rule_id)
            yield from _faults_of_rule((*place, "rules", at), rule)


def _faults_of_rule(place: Place, rule: Rule) -> Iterator[FaultFound]:
    for field, kinds in _MEANT_FOR.items():
        said = getattr(rule, field) != getattr(_UNSAID, field)
        if said and rule.kind not in kinds:
            yield (*place, field), "useless_beside", f"a {rule.kind} rule has none"
        if not said and field in _NEEDED[rule.kind]:
            yield (*place, field), "missing_beside", f"a {rule.kind} rule needs it"
    if rule.kind == "per_agent_hour" and rule.takes != Takes():
        yield (*place, "takes"), "useless_beside", "an agent's time is of no contact"
    if rule.kind == "service_level":
        yield from _faults_of_level(place, rule)


def _faults_of_level(place: Place, rule: Rule) -> Iterator[FaultFound]:
    for limit, percent in (("bonus_from", "bonus_percent"), ("penalty_below", "penalty_percent")):
        paid = Decimal(getattr(rule, percent)) != 0
        if paid and getattr(rule, limit) is None:
            yield (*place, limit), "missing_beside", f"{percent} needs it"
        if not paid and getattr(rule, limit) is not None:
            yield (*place, percent), "missing_beside", f"{limit} needs it"
    bonus, penalty = rule.bonus_from, rule.penalty_below
    if bonus is not None and penalty is not None and Decimal(bonus) < Decimal(penalty):
        yield (*place, "bonus_from"), "bonus_below_penalty", "both would be due at once"


def definition_ids(terms: Iterable[Terms]) -> Iterator[tuple[Place, str]]:
    """Yield each definition that a rule names, and where."""
    for number, each in enumerate(terms):
        for at, rule in enumerate(each.rules):
            if rule.definition_id is not None:
                yield ("terms", number, "rules", at, "definition_id"), rule.definition_id


def wrong_clearance(raised_when: str, threshold: float, clear_at: float) -> bool:
    """Tell whether an alert that was just raised would be cleared at once, or never make sense."""
    return clear_at > threshold if raised_when == "above" else clear_at < threshold
