"""Decisions a second of the pure core, and of the same rules without an index."""

import statistics
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final, NamedTuple

from bench.report import Report, draw
from bench.routing.centre import Centre, centre
from bench.routing.router import Routed
from contact_events.config import QueueChanged
from contact_events.routing import CallRouted
from router.domain.evolve import OwnDecision
from router.domain.indexes import Indexes
from router.domain.rules import standing
from router.domain.state import Agent, Call, Fact, State

AGENTS: Final = (1_000, 10_000, 100_000)
SITES: Final = (4, 50)
QUEUES, SKILLS = 8, 3
TALKING: Final = 0.92
WAITING: Final = 0.05
STEPS: Final = 3_000
SCANS: Final = {1_000: 200, 10_000: 30, 100_000: 5}


def hall(agents: int, sites: int) -> Centre:
    """Return a centre of equal sites where each agent can answer 3 of 8 queues."""
    names = tuple(f"site-{number:02}" for number in range(sites))
    return centre((agents // sites,) * sites, queues=QUEUES, skills=SKILLS, sites=names)


@dataclass(slots=True)
class Spent:
    """Seconds of each step: in `decide`, and in all with the folds of a call's whole life.

    Medians count: on a busy machine a few steps are interrupted, and those say nothing of it.
    """

    decisions: int = 0
    deciding_s: list[float] = field(default_factory=lambda: [0.0])
    in_all_s: list[float] = field(default_factory=lambda: [0.0])

    def step(self) -> None:
        """Begin another step."""
        self.deciding_s.append(0.0)
        self.in_all_s.append(0.0)

    def decided(self, took_s: float) -> None:
        """Count a look at what is to be decided."""
        self.deciding_s[-1] += took_s
        self.in_all_s[-1] += took_s

    def folded(self, took_s: float) -> None:
        """Count a fold."""
        self.in_all_s[-1] += took_s

    @property
    def each_us(self) -> float:
        """Return the microseconds of a decision alone."""
        return 1e6 * statistics.median(self.deciding_s)

    @property
    def a_second(self) -> float:
        """Return the decisions a second with everything that has to be folded for them."""
        return 1.0 / statistics.median(self.in_all_s)


class Timed(Routed):
    """A router whose folds and decisions are timed, among callers who come at its pace."""

    def __init__(self, centre: Centre) -> None:
        """Open the centre."""
        self.spent = Spent()
        self.talks: deque[CallRouted] = deque()
        self._calls = count()
        super().__init__(centre)

    def fold(self, fact: Fact) -> None:
        """Fold, timed."""
        began = time.perf_counter()
        super().fold(fact)
        self.spent.folded(time.perf_counter() - began)

    def decide(self) -> list[OwnDecision]:
        """Decide, timed."""
        began = time.perf_counter()
        said = super().decide()
        self.spent.decided(time.perf_counter() - began)
        return said

    def comes(self) -> str:
        """Let the next call come; return its id."""
        number = next(self._calls)
        self.move_to(self.now + 1_000)
        call_id = f"{number:08}"
        home = number * 7 % len(self.floor.centre.sites)
        self.floor.queued(call_id, home, number * 5 % QUEUES)
        return call_id

    def offers(self) -> list[CallRouted]:
        """Let the router decide and every offer be taken at once."""
        offers = [one for one in self.decide() if isinstance(one, CallRouted)]
        for offer in offers:
            self.floor.answered(offer)
            self.talks.append(offer)
        self.spent.decisions += len(offers)
        return offers

    def ends(self) -> None:
        """Let the oldest talk end."""
        self.floor.ended(self.talks.popleft())


def measure(report: Report) -> None:
    """Add the figures of every size."""
    sizes = [(agents, sites) for agents in AGENTS for sites in SITES]
    smallest: dict[str, float] = {}
    for done, (agents, sites) in enumerate(sizes):
        draw("sizes of the pure core", done, len(sizes))
        router = Timed(hall(agents, sites))
        _fill(router, round(TALKING * agents))
        _lead(report, router, f"{agents:,} agents, {sites} sites")
        name = f"{agents:,} agents, {sites} sites"
        for regime, spent in _regimes(router, agents):
            first = smallest.setdefault(f"{sites} {regime}", spent.each_us)
            report.add(f"{name}, {regime}: a decision", spent.each_us, "µs", baseline=first)
            report.add(f"{name}, {regime}: with its folds", spent.a_second, "1/s")
            if regime == "agents wait":
                scan_us = _scan_us(router, SCANS[agents])
                report.add(f"{name}: naive scan", scan_us, "µs", baseline=spent.each_us)
    draw("sizes of the pure core", len(sizes), len(sizes))


def _lead(report: Report, router: Timed, name: str) -> None:
    """Add what a successor does before its first decision: copy the state, index it."""
    began = time.perf_counter()
    Indexes(router.state.copy())
    report.add(f"{name}: taking the lead", time.perf_counter() - began, "s")


def _fill(router: Timed, talks: int) -> None:
    for _ in range(talks):
        router.comes()
        router.offers()


def _regimes(router: Timed, agents: int) -> Iterator[tuple[str, Spent]]:
    """Yield what was spent while agents wait for callers, and while callers wait for agents."""
    router.spent = Spent()
    for _ in range(STEPS):
        router.spent.step()
        router.comes()
        router.offers()
        router.ends()
        router.offers()
    yield "agents wait", router.spent
    while len(router.talks) < agents:
        router.comes()
        router.offers()
    for _ in range(round(WAITING * agents)):
        router.comes()
        router.offers()
    router.spent = Spent()
    for _ in range(STEPS):
        router.spent.step()
        router.ends()
        router.offers()
        router.comes()
        router.offers()
    yield "callers wait", router.spent


def _scan_us(router: Timed, times: int) -> float:
    """Return the microseconds of a decision that looks at every call and every agent.

    Raises:
        AssertionError: it chose another agent than the router: the two are not comparable.
    """
    spent_s = []
    for _ in range(times):
        router.comes()
        began = time.perf_counter()
        chosen = naive(router.state)
        spent_s.append(time.perf_counter() - began)
        (offer,) = router.offers()
        assert chosen == Found.of(offer), (chosen, offer)
        router.ends()
        router.offers()
    return 1e6 * statistics.median(spent_s)


class Found(NamedTuple):
    """Which call is offered to whom, and how many were left out for what."""

    call_id: str
    agent_id: str
    excluded: dict[str, int]

    @classmethod
    def of(cls, offer: CallRouted) -> "Found":
        """Return what the router found."""
        return cls(offer.call_id, offer.agent_id, offer.why.excluded)


def naive(state: State) -> Found | None:
    """Return the next call to be offered and its agent, with no index at all.

    Of the calls that anybody free can take the first by priority and time, of the agents the
    longest idle, at home if there is one; counts who was left out for what, as the router does.
    """
    waiting = [(_rank(one), call_id) for call_id, one in state.calls.items() if _waits(state, one)]
    scans = (_scan(state, call_id, state.calls[call_id]) for _, call_id in sorted(waiting))
    return next((found for found in scans if found), None)


def _rank(call: Call) -> tuple[int, int, float]:
    since = call.waiting_since.timestamp() if call.waiting_since else 0.0
    return (0 if call.recovered else 1, -call.priority, since)


def _waits(state: State, call: Call) -> bool:
    if call.phase != "waiting" or max(call.overflowed, call.closed) >= call.attempt:
        return False
    offers = (state.reservations[one] for one in call.reservations)
    return not any(one.attempt == call.attempt and not one.rescinded for one in offers)


def _scan(state: State, call_id: str, call: Call) -> Found | None:
    queue, home = state.queues[call.queue_id or ""], call.entry_site_id
    excluded: dict[str, int] = {}
    free: list[tuple[bool, int, str]] = []
    for agent_id, agent in state.agents.items():
        reason = _left_out(state, agent_id, agent, queue, call.channel)
        if reason is None:
            free.append((agent.site_id != home, agent.offset, agent_id))
        else:
            excluded[reason] = excluded.get(reason, 0) + 1
    if not free:
        return None
    best = min(free)
    away = 0 if best[0] else sum(at_home[0] for at_home in free)
    return Found(call_id, best[2], {**excluded, "away": away} if away else excluded)


def _left_out(
    state: State, agent_id: str, agent: Agent, queue: QueueChanged, channel: str
) -> str | None:
    if all(slot.channel != channel for slot in agent.slots):
        return "skills"
    if queue.team_ids and agent.team_id not in queue.team_ids:
        return "skills"
    if any(agent.skills.get(skill, -1) < level for skill, level in queue.skills.items()):
        return "skills"
    condition, _ = standing(state, agent_id, agent, channel)
    return None if condition == "free" else condition
