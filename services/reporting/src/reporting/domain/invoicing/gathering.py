"""From the facts of calls and the time of agents to what a tariff may be about."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from reporting.domain.agreements import Tariff
from reporting.domain.contacts import contact_of
from reporting.domain.facts import CallFacts
from reporting.domain.invoicing.spans import Days
from reporting.domain.invoicing.work import AgentDay, Contact, Waited, Work
from reporting.domain.sums import queue_sums
from reporting.domain.timelines import SpellKey

_CODES = msgspec.json.Decoder(list[str])


def work_of(
    tariff: Tariff, days: Days, calls: Iterable[CallFacts], spells: Mapping[SpellKey, int]
) -> Work:
    """Return what the tariff may be about on these days, in an order of its own.

    A contact counts on the day it ended, a wait where its quarter of an hour lies. Consultations
    are no contacts of the client's.
    """
    begin, end = days.moments(ZoneInfo(tariff.time_zone))
    theirs = [facts for facts in calls if _is_theirs(tariff, facts)]
    contacts = (contact for facts in theirs for contact in _contact(facts))
    waits = (wait for facts in theirs for wait in _waits(facts))
    return Work(
        contacts=tuple(
            sorted(
                (each for each in contacts if begin <= each.ended_at < end),
                key=lambda each: (each.ended_at, each.call_id),
            )
        ),
        waits=tuple(each for each in waits if begin <= each.interval_start < end),
        agent_days=tuple(_agent_days(tariff, days, spells)),
    )


def teams_of(tariff: Tariff) -> list[str]:
    """Return the teams whose hours are paid by the tariff, at any time."""
    rules = (rule for terms in tariff.terms for rule in terms.rules)
    return sorted({team_id for rule in rules for team_id in rule.team_ids})


def _is_theirs(tariff: Tariff, facts: CallFacts) -> bool:
    if facts.arrival is None or facts.internal or facts.client_id != tariff.client_id:
        return False
    return not tariff.project_ids or facts.project_id in tariff.project_ids


def _contact(facts: CallFacts) -> Iterator[Contact]:
    found = contact_of(facts)
    if found is not None and found.ended_at is not None and found.outcome is not None:
        yield Contact(
            call_id=found.call_id,
            project_id=found.project_id,
            channel=found.channel,
            direction=found.direction,
            queue_id=found.queue_id,
            outcome=found.outcome,
            ended_at=found.ended_at,
            talk_ms=found.talk_ms,
            hold_ms=found.hold_ms,
            wrap_up_ms=found.wrap_up_ms,
            codes=tuple(_CODES.decode(found.wrap_up_codes)),
        )


def _waits(facts: CallFacts) -> Iterator[Waited]:
    direction = facts.arrival.direction if facts.arrival else ""
    for key, counts in queue_sums(facts).items():
        sums: dict[str, Any] = msgspec.structs.asdict(counts)
        yield Waited(
            call_id=facts.call_id,
            project_id=facts.project_id,
            channel=key.channel,
            direction=direction,
            queue_id=key.queue_id or None,
            interval_start=key.interval_start,
            sums=sums,
        )


def _agent_days(tariff: Tariff, days: Days, spells: Mapping[SpellKey, int]) -> Iterator[AgentDay]:
    zone, teams = ZoneInfo(tariff.time_zone), set(teams_of(tariff))
    lengths: defaultdict[tuple[str, str, str, date], int] = defaultdict(int)
    for key, length_ms in spells.items():
        on = key.interval_start.astimezone(zone).date()
        if key.team_id in teams and days.begins_on <= on < days.ends_on:
            lengths[key.agent_id, key.team_id, key.status, on] += length_ms
    for (agent_id, team_id, status, on), length_ms in sorted(lengths.items()):
        yield AgentDay(
            agent_id=agent_id, team_id=team_id, status=status, on=on, length_ms=length_ms
        )
