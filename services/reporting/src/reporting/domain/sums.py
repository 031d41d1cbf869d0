"""What one call adds to each quarter of an hour: one function for each family of sums.

An interval is the sum, over calls, of what each call adds to it. Consultations are no caller's
contact: they add to what their agents did, and to nothing else.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from reporting.domain.counts import (
    THRESHOLDS_S,
    AgentCounts,
    ContactCounts,
    StepCounts,
    WaitCounts,
    summed,
)
from reporting.domain.facts import JOINED, CallFacts, Stay, milliseconds
from reporting.domain.keys import AgentKey, ContactKey, PlaceKey, QueueKey, StepKey
from reporting.domain.measured import (
    RECOVERIES,
    Wait,
    answered_stay,
    hold_ms,
    home_of,
    offer_of,
    outcome_of,
    self_service_over,
    talk_ms,
    told_ms,
    waits_of,
    wrap_up_ms,
)
from reporting.domain.quarters import interval_of

K = TypeVar("K", QueueKey, PlaceKey)

Quarters = Mapping[datetime, WaitCounts]
"""What became of one wait, by the quarter of an hour in which it did."""

ANSWERED_IN = tuple((t * 1_000, f"answered_in_{t}") for t in THRESHOLDS_S)
ABANDONED_IN = tuple((t * 1_000, f"abandoned_in_{t}") for t in THRESHOLDS_S)


def queue_sums(facts: CallFacts) -> Mapping[QueueKey, WaitCounts]:
    """Return what this call adds to the queues it waited in."""
    return _by_queue(facts, _counted(facts))


def _by_queue(
    facts: CallFacts, waits: Iterable[tuple[Wait, Quarters]]
) -> Mapping[QueueKey, WaitCounts]:
    cells: dict[QueueKey, WaitCounts] = {}
    whose = (facts.client_id or "", facts.project_id or "", _channel(facts))
    for wait, quarters in waits:
        queue_id = wait.first.queue_id or ""
        for start, counts in quarters.items():
            _put(cells, QueueKey(start, queue_id, *whose), counts)
    return cells


def _by_place(
    facts: CallFacts, waits: Iterable[tuple[Wait, Quarters]]
) -> Mapping[PlaceKey, WaitCounts]:
    cells: dict[PlaceKey, WaitCounts] = {}
    whose = (facts.client_id or "", facts.project_id or "", facts.region or "")
    home = home_of(facts) or ""
    for wait, quarters in waits:
        offer = offer_of(facts, wait.last)
        answered_at = offer.site_id if offer else ""
        for start, counts in quarters.items():
            _put(cells, PlaceKey(start, *whose, home, answered_at), counts)
    return cells


def _put(cells: dict[K, WaitCounts], key: K, counts: WaitCounts) -> None:
    known = cells.get(key)
    cells[key] = counts if known is None else summed(known, counts)


def _counted(facts: CallFacts) -> list[tuple[Wait, Quarters]]:
    """Return the waits that count, of callers in queues, with what became of them."""
    if facts.internal:
        return []
    waits = (wait for wait in waits_of(facts) if wait.first.queue_id is not None)
    return [(wait, _quarters(facts, wait)) for wait in waits]


def _channel(facts: CallFacts) -> str:
    return facts.arrival.channel if facts.arrival else ""


def _quarters(facts: CallFacts, wait: Wait) -> Quarters:
    quarters: defaultdict[datetime, WaitCounts] = defaultdict(WaitCounts)
    began = quarters[interval_of(wait.first.began_at)]
    began.offered = 1
    began.transfers_in = int(wait.first.reason == "transfer")
    _add_offers(facts, wait, quarters)
    outcome = outcome_of(facts, wait.last)
    if outcome == "answered" and wait.last.connected_at is not None:
        there = quarters[interval_of(wait.last.connected_at)]
        _add_answer(facts, wait, there, wait.last.connected_at)
        _add_transfers_out(facts, wait, quarters)
    elif outcome is not None and wait.last.over_at is not None:
        there = quarters[interval_of(wait.last.over_at)]
        _add_end(facts, wait, there, outcome)
    return quarters


def _add_offers(facts: CallFacts, wait: Wait, quarters: defaultdict[datetime, WaitCounts]) -> None:
    attempts = range(wait.first.attempt, wait.last.attempt + 1)
    for offer in facts.offers.values():
        if offer.attempt in attempts:
            quarters[interval_of(offer.at)].offers += 1
    for settled in facts.settled.values():
        if settled.attempt in attempts and settled.outcome in ("rang_out", "agent"):
            there = quarters[interval_of(settled.at)]
            there.rang_out += settled.outcome == "rang_out"
            there.rejected += settled.outcome == "agent"


def _add_answer(facts: CallFacts, wait: Wait, there: WaitCounts, at: datetime) -> None:
    waited_ms = milliseconds(wait.first.began_at, at)
    offer = offer_of(facts, wait.last)
    there.answered = 1
    there.wait_to_answer_ms = waited_ms
    there.home_answered = int(offer is not None and offer.site_id == home_of(facts))
    for talk in wait.talks:
        there.talk_ms += talk_ms(talk)
        there.hold_ms += hold_ms(facts, talk.reservation_id)
        there.wrap_up_ms += wrap_up_ms(facts, talk.reservation_id)
    for limit_ms, name in ANSWERED_IN:
        if waited_ms <= limit_ms:
            setattr(there, name, 1)
    if (told := told_ms(wait.first)) is not None:
        there.compare(waited_ms - told)


def _add_transfers_out(
    facts: CallFacts, wait: Wait, quarters: defaultdict[datetime, WaitCounts]
) -> None:
    for joined in wait.joined:
        quarters[interval_of(joined.began_at)].transfers_out += 1
    after = facts.stays.index(wait.talks[-1]) + 1
    if after < len(facts.stays) and facts.stays[after].reason == "transfer":
        quarters[interval_of(facts.stays[after].began_at)].transfers_out += 1


def _add_end(facts: CallFacts, wait: Wait, there: WaitCounts, outcome: str) -> None:
    if outcome == "abandoned" and wait.last.over_at is not None:
        waited_ms = milliseconds(wait.first.began_at, wait.last.over_at)
        there.abandoned = 1
        there.wait_to_abandon_ms = waited_ms
        for limit_ms, name in ABANDONED_IN:
            if waited_ms < limit_ms:
                setattr(there, name, 1)
    elif outcome == "failed":
        there.failed = 1
    else:
        end = facts.end
        last = wait.last is facts.stays[-1]
        there.overflowed = 1
        there.callbacks = int(last and end is not None and end.reason == "callback")


def contact_sums(facts: CallFacts) -> Mapping[ContactKey, ContactCounts]:
    """Return what this call adds to its project's contacts."""
    cells: defaultdict[ContactKey, ContactCounts] = defaultdict(ContactCounts)
    if facts.internal:
        return cells
    whose = (facts.client_id or "", facts.project_id or "", _channel(facts))
    for at, what in _happened(facts):
        there = cells[ContactKey(interval_of(at), *whose)]
        setattr(there, what, getattr(there, what) + 1)
    over = self_service_over(facts)
    if facts.arrival is not None and over is not None:
        there = cells[ContactKey(interval_of(over), *whose)]
        there.self_service_ms += milliseconds(facts.arrival.at, over)
    return cells


def _happened(facts: CallFacts) -> Iterator[tuple[datetime, str]]:
    """Yield when a contact had which part in its project's counts."""
    if facts.arrival is not None:
        yield facts.arrival.at, "arrived"
    if facts.stays:
        yield facts.stays[0].began_at, "queued"
    answer = answered_stay(facts)
    if answer is not None and answer.connected_at is not None:
        yield answer.connected_at, "answered"
    yield from ((at, "consultations") for at in facts.consults.values())
    lost = (stay for stay in facts.stays if stay.reason in RECOVERIES)
    yield from ((stay.began_at, "recoveries") for stay in lost)
    if facts.end is not None:
        yield facts.end.at, "ended"
        yield facts.end.at, facts.end.type


def step_sums(facts: CallFacts) -> Mapping[StepKey, StepCounts]:
    """Return what this call adds to the flow steps it came to."""
    cells: defaultdict[StepKey, StepCounts] = defaultdict(StepCounts)
    whose = (facts.client_id or "", facts.project_id or "")

    def cell(at: datetime, step: Any) -> StepCounts:
        named = (step.flow_id, step.step, step.choice or "")
        return cells[StepKey(interval_of(at), *whose, *named)]

    for step in facts.steps:
        cell(step.at, step).entered += 1
    over = self_service_over(facts)
    if facts.steps and over is not None:
        there = cell(over, facts.steps[-1])
        if facts.stays:
            there.queued += 1
        elif facts.end is not None:
            there.contained += facts.end.type == "contained"
            there.abandoned += facts.end.type == "abandoned_in_flow"
    return cells


def agent_sums(facts: CallFacts) -> Mapping[AgentKey, AgentCounts]:
    """Return what this call adds to the agents it was offered to or who spoke in it."""
    cells: defaultdict[AgentKey, AgentCounts] = defaultdict(AgentCounts)

    def cell(at: datetime, agent_id: str, reservation_id: str | None) -> AgentCounts:
        offer = facts.offers.get(reservation_id or "")
        return cells[AgentKey(interval_of(at), agent_id, offer.site_id if offer else "")]

    for reservation_id, settled in facts.settled.items():
        there = cell(settled.at, settled.agent_id, reservation_id)
        there.offered += 1
        there.answered += settled.outcome == "answered"
        there.rejected += settled.outcome == "agent"
        there.rang_out += settled.outcome == "rang_out"
    for number, stay in enumerate(facts.stays):
        if stay.connected_at is not None:
            agent_id = stay.joined_agent_id or ""
            there = cell(stay.connected_at, agent_id, stay.reservation_id)
            _add_talk(facts, stay, there)
            after = facts.stays[number + 1] if number + 1 < len(facts.stays) else None
            if after is not None and after.reason in ("transfer", JOINED):
                cell(after.began_at, agent_id, stay.reservation_id).transfers_out += 1
    return cells


def _add_talk(facts: CallFacts, stay: Stay, there: AgentCounts) -> None:
    if facts.internal:
        there.consultations += 1
        there.consult_ms += talk_ms(stay)
        return
    there.talks += 1
    there.talk_ms += talk_ms(stay)
    there.hold_ms += hold_ms(facts, stay.reservation_id)
    there.wrap_up_ms += wrap_up_ms(facts, stay.reservation_id)
    there.transfers_in += stay.reason in ("transfer", JOINED)


class CallSums(NamedTuple):
    """What one call adds to each table of sums."""

    queue_intervals: Mapping[QueueKey, WaitCounts] = {}
    place_intervals: Mapping[PlaceKey, WaitCounts] = {}
    contact_intervals: Mapping[ContactKey, ContactCounts] = {}
    flow_step_intervals: Mapping[StepKey, StepCounts] = {}
    agent_intervals: Mapping[AgentKey, AgentCounts] = {}


def sums_of(facts: CallFacts) -> CallSums:
    """Return what this call adds; the same waits to its queues as to its places."""
    waits = _counted(facts)
    return CallSums(
        queue_intervals=_by_queue(facts, waits),
        place_intervals=_by_place(facts, waits),
        contact_intervals=contact_sums(facts),
        flow_step_intervals=step_sums(facts),
        agent_intervals=agent_sums(facts),
    )


@dataclass(frozen=True, slots=True)
class Family:
    """A table of sums, a field of `CallSums`: its name, key and counts."""

    table: str
    key: type[Any]
    counts: type[Any]


FAMILIES = (
    Family("queue_intervals", QueueKey, WaitCounts),
    Family("place_intervals", PlaceKey, WaitCounts),
    Family("contact_intervals", ContactKey, ContactCounts),
    Family("flow_step_intervals", StepKey, StepCounts),
    Family("agent_intervals", AgentKey, AgentCounts),
)
