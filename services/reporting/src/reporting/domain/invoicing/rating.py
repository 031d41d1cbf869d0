"""What each contact and each agent's day comes to under a rule: the items of a line.

Every item is rounded to the hundredth, half up, and a line is their sum: so each can be checked by
itself, and the parts of a period add up to the whole.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, assert_never

import msgspec

from contact_events.billing import Rule, Takes
from reporting.domain.invoicing.work import AgentDay, Contact, Waited

HUNDREDTH: Final = Decimal("0.01")
MINUTE_S: Final = Decimal(60)
HOUR_MS: Final = Decimal(3_600_000)
NOTHING: Final = Decimal("0.00")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What one contact, or one agent's day (`on`), comes to.

    `measured_ms` is how long it was, `billed_s` what is paid of it, as rounded up.
    """

    subject: str
    on: str | None = None
    measured_ms: int = 0
    billed_s: int = 0
    amount: Decimal = NOTHING


def rounded(amount: Decimal) -> Decimal:
    """Return the amount in hundredths, half up."""
    return amount.quantize(HUNDREDTH, ROUND_HALF_UP)


def fits(takes: Takes, what: Contact | Waited) -> bool:
    """Tell whether a rule takes this."""
    pairs = (
        (takes.project_ids, what.project_id),
        (takes.channels, what.channel),
        (takes.directions, what.direction),
        (takes.queue_ids, what.queue_id),
    )
    return all(not wanted or value in wanted for wanted, value in pairs)


def rule_for(rules: Iterable[Rule], contact: Contact) -> Rule | None:
    """Return the first of these rules, all of one kind, that the contact is billed by."""
    return next((rule for rule in rules if fits(rule.takes, contact) and _due(rule, contact)), None)


def _due(rule: Rule, contact: Contact) -> bool:
    if rule.kind == "per_contact":
        return not rule.outcomes or contact.outcome in rule.outcomes
    return rule.kind == "per_minute" or not set(rule.codes).isdisjoint(contact.codes)


def item_of(rule: Rule, contact: Contact) -> Item | None:
    """Return what the contact comes to; None if there is nothing to pay for."""
    price = Decimal(rule.price)
    if rule.kind != "per_minute":
        return Item(subject=contact.call_id, amount=rounded(price))
    measured_ms = _length_ms(rule, contact)
    if not measured_ms:
        return None
    billed_s = billed(measured_ms, rule.round_up_s, rule.minimum_s)
    amount = rounded(billed_s * price / MINUTE_S)
    return Item(subject=contact.call_id, measured_ms=measured_ms, billed_s=billed_s, amount=amount)


def _length_ms(rule: Rule, contact: Contact) -> int:
    match rule.of:
        case "talk":
            return max(0, contact.talk_ms - contact.hold_ms)
        case "talk_and_hold":
            return contact.talk_ms
        case "handling":
            return contact.talk_ms + contact.wrap_up_ms
        case _:
            assert_never(rule.of)


def billed(measured_ms: int, round_up_s: int, minimum_s: int) -> int:
    """Return the seconds to be paid: whole units of `round_up_s`, at least `minimum_s`."""
    units = -(-measured_ms // (round_up_s * 1_000))
    return max(units * round_up_s, minimum_s)


def agent_items(rule: Rule, days: Iterable[AgentDay]) -> Iterator[Item]:
    """Yield what each agent's day of these teams comes to, by day and agent."""
    lengths: dict[tuple[str, str], int] = {}
    for each in days:
        if each.team_id in rule.team_ids and each.status in rule.statuses:
            key = (each.on.isoformat(), each.agent_id)
            lengths[key] = lengths.get(key, 0) + each.length_ms
    for (on, agent_id), length_ms in sorted(lengths.items()):
        amount = rounded(length_ms * Decimal(rule.price) / HOUR_MS)
        yield Item(subject=agent_id, on=on, measured_ms=length_ms, amount=amount)
