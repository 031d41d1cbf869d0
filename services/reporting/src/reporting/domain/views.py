"""What one reader of the board sees: the whole centre, or one client's part of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import msgspec

from reporting.domain.counts import WaitCounts, summed
from reporting.domain.live import LiveBoard, LiveCall
from reporting.domain.measures.catalogue import measured
from reporting.domain.measures.definition import STANDARD
from reporting.domain.shown import (
    STATUSES,
    AgentCounts,
    Alert,
    AwayFlow,
    Day,
    Figures,
    MeasureName,
    OverdueStay,
    QueueFigures,
    SiteFigures,
    Totals,
    View,
)

AgentsBySite = dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Moment:
    """The board at one moment, sorted by client once for all who look at it."""

    calls: dict[str | None, list[LiveCall]]
    """By client: the calls that go on now."""
    agents: AgentsBySite
    serving: dict[str | None, AgentsBySite]
    """By client: the agents who serve its calls now."""
    counts: dict[str | None, dict[str, WaitCounts]]
    """By client: what became of its calls since the day began, by queue."""

    @classmethod
    def of(cls, board: LiveBoard) -> "Moment":
        """Return what the board holds now; it may not change while this is used."""
        calls: dict[str | None, list[LiveCall]] = defaultdict(list)
        for call in board.open.values():
            if call.facts.arrival is not None:
                calls[call.facts.client_id].append(call)
        agents: AgentsBySite = defaultdict(Counter)
        serving: dict[str | None, AgentsBySite] = defaultdict(lambda: defaultdict(Counter))
        for agent in board.agents.values():
            agents[agent.site_id][agent.status] += 1
            for client in _clients_of(board, agent.agent_id):
                serving[client][agent.site_id][agent.status] += 1
        counts: dict[str | None, dict[str, WaitCounts]] = defaultdict(dict)
        for (queue_id, client), counted in board.today.queues.items():
            counts[client][queue_id] = counted
        return cls(calls, agents, serving, counts)

    def calls_of(self, client: str | None) -> Sequence[LiveCall]:
        """Return the calls that the client may see; None sees all."""
        if client is not None:
            return self.calls.get(client, ())
        return [call for calls in self.calls.values() for call in calls]

    def counts_of(self, client: str | None) -> Iterator[tuple[str, WaitCounts]]:
        """Yield the counts that the client may see, by queue; a queue may come more than once."""
        for owner, counts in self.counts.items():
            if client in (None, owner):
                yield from counts.items()


def _clients_of(board: LiveBoard, agent_id: str) -> set[str | None]:
    calls = (board.calls.get(call_id) for call_id in board.serves[agent_id])
    return {call.facts.client_id for call in calls if call is not None}


def view_of(board: LiveBoard, client: str | None, moment: Moment | None = None) -> View:
    """Return the board as `client` may see it; None sees everything.

    Of the agents, whom clients share, a client sees those who serve its own calls now. Whoever
    wants more than one view gives the `moment`, so that the board is not sorted for each.
    """
    moment = moment or Moment.of(board)
    calls = moment.calls_of(client)
    agents = moment.agents if client is None else moment.serving.get(client, {})
    by_queue: dict[str, WaitCounts] = {}
    for queue_id, counts in moment.counts_of(client):
        by_queue[queue_id] = summed(by_queue.get(queue_id, WaitCounts()), counts)
    return {
        "alerts": _alerts(board, client),
        "day": _day(board, calls),
        "drawn": sorted(_drawn(board, client)),
        "sites": _sites(board, calls, agents, client),
        "queues": _queues(board, calls, client, by_queue),
        "away": _away(board, client),
        "overdue": _overdue(board) if client is None else [],
        "totals": _totals(board, calls, agents, client, by_queue),
    }


def _alerts(board: LiveBoard, client: str | None) -> list[Alert]:
    seen = [at for at in board.alerts.values() if client in (None, at.alert.client_id)]
    seen.sort(key=lambda at: (at.alert.severity != "urgent", at.at, at.alert.alert_rule_id))
    return [
        {
            "alert_id": raised.alert.alert_id,
            "alert_rule_id": raised.alert.alert_rule_id,
            "name": {"ru": raised.alert.name.ru, "en": raised.alert.name.en},
            "measure": cast("MeasureName", raised.alert.measure),
            "value": raised.alert.value,
            "threshold": raised.alert.threshold,
            "raised_when": raised.alert.raised_when,
            "severity": raised.alert.severity,
            "raised_at": raised.at.isoformat(),
            "queue_id": raised.alert.queue_id,
            "site_id": raised.alert.site_id,
        }
        for raised in seen
    ]


def _day(board: LiveBoard, calls: Sequence[LiveCall]) -> Day:
    if calls or board.arrivals:
        return {"state": "running"}
    signed_in = any(agent.status != "Offline" for agent in board.agents.values())
    return {"state": "ended" if board.today.queues and not signed_in else "idle"}


def _drawn(board: LiveBoard, client: str | None) -> set[str]:
    found: set[str] = set()
    for owner, names in board.today.drawn.items():
        found |= names if client in (None, owner) else set()
    return found


def _overdue(board: LiveBoard) -> list[OverdueStay]:
    """Return who is NotReady for longer than they may be, the longest first."""
    stays = sorted(board.overdue.values(), key=lambda stay: (stay.overdue_at, stay.agent_id))
    return [
        {
            "agent_id": stay.agent_id,
            "site_id": board.agents[stay.agent_id].site_id,
            "team_id": stay.team_id,
            "reason": stay.reason,
            "overdue_at": stay.overdue_at.isoformat(),
        }
        for stay in stays
        if stay.agent_id in board.agents
    ]


def _sites(
    board: LiveBoard,
    calls: Iterable[LiveCall],
    agents: AgentsBySite,
    client: str | None,
) -> list[SiteFigures]:
    waiting = Counter(board.home_of(call.facts) for call in calls if call.waiting())
    in_talk = Counter(_site_of_talk(call) for call in calls)
    answered: Counter[str] = Counter()
    away: Counter[str] = Counter()
    for (owner, home, elsewhere), count in board.today.answered.items():
        if client in (None, owner):
            answered[home] += count
            away[home] += count if elsewhere else 0
    return [
        {
            "site_id": site.site_id,
            "name": {"ru": site.name.ru, "en": site.name.en},
            "lat": site.latitude,
            "lon": site.longitude,
            "status": site.status,
            "agents": _counted(agents.get(site.site_id, Counter())),
            "waiting": waiting[site.site_id],
            "in_talk": in_talk[site.site_id],
            "answered": answered[site.site_id],
            "answered_away": away[site.site_id],
        }
        for site in sorted(board.sites.values(), key=lambda site: site.site_id)
        if not site.deleted
    ]


def _counted(agents: Counter[str]) -> AgentCounts:
    ready, reserved, talking, hold, wrap_up, not_ready = (agents[status] for status in STATUSES)
    return {
        "Ready": ready,
        "Reserved": reserved,
        "Talking": talking,
        "Hold": hold,
        "WrapUp": wrap_up,
        "NotReady": not_ready,
    }


def _site_of_talk(call: LiveCall) -> str | None:
    stay = call.talking()
    offer = call.facts.offers.get(stay.reservation_id or "") if stay else None
    return offer.site_id if offer else None


def _queues(
    board: LiveBoard,
    calls: Iterable[LiveCall],
    client: str | None,
    counts: dict[str, WaitCounts],
) -> list[QueueFigures]:
    waits: dict[str, list[datetime]] = defaultdict(list)
    in_talk: Counter[str] = Counter()
    for call in calls:
        if (stay := call.waiting()) and stay.queue_id:
            waits[stay.queue_id].append(since(call))
        if (stay := call.talking()) and stay.queue_id:
            in_talk[stay.queue_id] += 1
    return [
        {
            "queue_id": queue.queue_id,
            "name": {"ru": queue.name.ru, "en": queue.name.en},
            "client": queue.client_id,
            "waiting": len(waits[queue.queue_id]),
            "longest_wait_since": _iso(min(waits[queue.queue_id], default=None)),
            "expected_wait_s": board.expected.get(queue.queue_id),
            "in_talk": in_talk[queue.queue_id],
            **_figures(counts.get(queue.queue_id, WaitCounts())),
        }
        for queue in sorted(board.queues.values(), key=lambda queue: queue.queue_id)
        if not queue.deleted and client in (None, queue.client_id)
    ]


def since(call: LiveCall) -> datetime:
    """Return since when the caller waits: the first stay since they last spoke with somebody."""
    began = call.facts.stays[-1].began_at
    for stay in reversed(call.facts.stays):
        if stay.connected_at is not None:
            break
        began = stay.began_at
    return began


def _figures(counts: WaitCounts) -> Figures:
    sums = msgspec.structs.asdict(counts)
    return {
        "offered": counts.offered,
        "answered": counts.answered,
        "abandoned": counts.abandoned,
        "short_abandoned": counts.abandoned_in_5,
        "in_service_level": counts.answered_in_20,
        "service_level": measured("service_level", sums, STANDARD),
    }


def _away(board: LiveBoard, client: str | None) -> list[AwayFlow]:
    arrows = Counter(
        (answer.home_site_id, answer.site_id)
        for answer in board.answers
        if client in (None, answer.client_id) and answer.home_site_id != answer.site_id
    )
    return [
        {"from": home, "to": site, "calls": calls} for (home, site), calls in sorted(arrows.items())
    ]


def _totals(
    board: LiveBoard,
    calls: Iterable[LiveCall],
    agents: AgentsBySite,
    client: str | None,
    by_queue: dict[str, WaitCounts],
) -> Totals:
    waits = [since(call) for call in calls if call.waiting()]
    counts = WaitCounts()
    for counted in by_queue.values():
        counts = summed(counts, counted)
    everybody = sum(agents.values(), Counter[str]())
    return {
        "waiting": len(waits),
        "longest_wait_since": _iso(min(waits, default=None)),
        "in_talk": sum(1 for call in calls if call.talking()),
        **_figures(counts),
        "contained": _sum(board.today.contained, client),
        "failed": _sum(board.today.failed, client),
        "calls_per_minute": sum(1 for _, owner in board.arrivals if client in (None, owner)),
        "asa_s": measured("asa", msgspec.structs.asdict(counts), STANDARD),
        "agents": _counted(everybody),
    }


def _sum(counter: Counter[str | None], client: str | None) -> int:
    return counter.total() if client is None else counter[client]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
