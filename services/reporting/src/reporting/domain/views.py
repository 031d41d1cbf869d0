"""What one reader of the board sees: the whole centre, or one client's part of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from contact_events.agents import AgentStatus
from reporting.domain.counts import WaitCounts, summed
from reporting.domain.definitions import average_speed_of_answer_s, service_level
from reporting.domain.live import LiveBoard, LiveCall

STATUSES: tuple[AgentStatus, ...] = (
    "Ready",
    "Reserved",
    "Talking",
    "Hold",
    "WrapUp",
    "NotReady",
)
KEYED = {"sites": "site_id", "queues": "queue_id"}

View = dict[str, Any]


def view_of(board: LiveBoard, client: str | None) -> View:
    """Return the board as `client` may see it; None sees everything.

    Of the agents, whom clients share, a client sees those who serve its own calls now.
    """
    calls = [
        call
        for call in board.calls.values()
        if call.facts.arrival is not None and client in (None, call.facts.client_id)
    ]
    agents = _agents(board, client)
    return {
        "day": {"state": _day(board, calls)},
        "drawn": sorted(_drawn(board, client)),
        "sites": _sites(board, calls, agents, client),
        "queues": _queues(board, calls, client),
        "away": _away(board, client),
        "totals": _totals(board, calls, agents, client),
    }


def _day(board: LiveBoard, calls: Iterable[LiveCall]) -> str:
    if any(call.facts.end is None for call in calls) or board.arrivals:
        return "running"
    signed_in = any(agent.status != "Offline" for agent in board.agents.values())
    return "ended" if board.today.queues and not signed_in else "idle"


def _drawn(board: LiveBoard, client: str | None) -> set[str]:
    found: set[str] = set()
    for owner, names in board.today.drawn.items():
        found |= names if client in (None, owner) else set()
    return found


def _agents(board: LiveBoard, client: str | None) -> dict[str, Counter[str]]:
    by_site: dict[str, Counter[str]] = defaultdict(Counter)
    for agent in board.agents.values():
        if client is None or _serves(board, agent.agent_id, client):
            by_site[agent.site_id][agent.status] += 1
    return by_site


def _serves(board: LiveBoard, agent_id: str, client: str) -> bool:
    calls = (board.calls.get(call_id) for call_id in board.serves[agent_id])
    return any(call is not None and call.facts.client_id == client for call in calls)


def _sites(
    board: LiveBoard,
    calls: Iterable[LiveCall],
    agents: dict[str, Counter[str]],
    client: str | None,
) -> list[View]:
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
            "agents": {status: agents[site.site_id][status] for status in STATUSES},
            "waiting": waiting[site.site_id],
            "in_talk": in_talk[site.site_id],
            "answered": answered[site.site_id],
            "answered_away": away[site.site_id],
        }
        for site in sorted(board.sites.values(), key=lambda site: site.site_id)
        if not site.deleted
    ]


def _site_of_talk(call: LiveCall) -> str | None:
    stay = call.talking()
    offer = call.facts.offers.get(stay.reservation_id or "") if stay else None
    return offer.site_id if offer else None


def _queues(board: LiveBoard, calls: Iterable[LiveCall], client: str | None) -> list[View]:
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
            **_figures(counts_of(board, client, queue.queue_id)),
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


def counts_of(board: LiveBoard, client: str | None, queue_id: str | None = None) -> WaitCounts:
    """Return today's figures of one queue or of all, as `client` may see them."""
    total = WaitCounts()
    for (queue, owner), counts in board.today.queues.items():
        if queue_id in (None, queue) and client in (None, owner):
            total = summed(total, counts)
    return total


def _figures(counts: WaitCounts) -> View:
    return {
        "offered": counts.offered,
        "answered": counts.answered,
        "abandoned": counts.abandoned,
        "short_abandoned": counts.abandoned_in_5,
        "in_service_level": counts.answered_in_20,
        "service_level": service_level(counts.answered_in_20, counts.offered),
    }


def _away(board: LiveBoard, client: str | None) -> list[View]:
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
    agents: dict[str, Counter[str]],
    client: str | None,
) -> View:
    waits = [since(call) for call in calls if call.waiting()]
    counts = counts_of(board, client)
    everybody = sum(agents.values(), Counter[str]())
    return {
        "waiting": len(waits),
        "longest_wait_since": _iso(min(waits, default=None)),
        "in_talk": sum(1 for call in calls if call.talking()),
        **_figures(counts),
        "contained": _sum(board.today.contained, client),
        "failed": _sum(board.today.failed, client),
        "calls_per_minute": sum(1 for _, owner in board.arrivals if client in (None, owner)),
        "asa_s": average_speed_of_answer_s(counts.wait_to_answer_ms, counts.answered),
        "agents": {status: everybody[status] for status in STATUSES},
    }


def _sum(counter: Counter[str | None], client: str | None) -> int:
    return counter.total() if client is None else counter[client]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def comparable(before: View, now: View) -> bool:
    """Tell whether both show the same sites and queues; if not, a new snapshot is owed."""
    return all(_ids(before, name) == _ids(now, name) for name in KEYED)


def difference(before: View, now: View) -> View:
    """Return what changed: of sites, queues and flows the changed entries, other parts whole.

    A flow that is no more comes with 0 calls.
    """
    changes = {name: part for name, part in now.items() if part != before[name]}
    for name, key in KEYED.items():
        if name in changes:
            known = {entry[key]: entry for entry in before[name]}
            changes[name] = [entry for entry in now[name] if entry != known[entry[key]]]
    if "away" in changes:
        gone = [{**flow, "calls": 0} for flow in before["away"] if _no_more(flow, now["away"])]
        changes["away"] = [flow for flow in now["away"] if flow not in before["away"]] + gone
    return changes


def _no_more(flow: View, flows: Iterable[View]) -> bool:
    return all((flow["from"], flow["to"]) != (other["from"], other["to"]) for other in flows)


def _ids(view: View, name: str) -> list[str]:
    return [entry[KEYED[name]] for entry in view[name]]
