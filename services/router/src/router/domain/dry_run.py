"""What a document would change for the calls and agents of this moment, were it ordered now.

The state is folded on with and without the document, and the same `decide` is run on both: what
differs is the answer. Nothing here is written, and the state that is given is left as it is.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from contact_events.config import Document
from contact_events.envelope import Envelope
from contact_events.routing import CallOverflowed, CallRescinded, CallRouted
from contact_events.topics import ROUTING_CONFIG
from router.domain.crews import Member
from router.domain.decide import decide
from router.domain.evolve import OwnDecision, fold
from router.domain.indexes import Indexes
from router.domain.lines import Place
from router.domain.rules import known_queue, priority_of
from router.domain.search import steps_of
from router.domain.state import Fact, SiteStatus, State

MOST_TURNS: Final = 50
"""Turns of the router that are looked ahead; each is a batch of decisions."""

_GONE: Final = frozenset({"offline", "site_closed"})

Fate: TypeAlias = Literal["waits", "offered", "callback", "voicemail", "queue", "sender", "end"]


class CallSight(NamedTuple):
    """A waiting call as the router sees it: where it waits, and what becomes of it at once.

    `step` is the last step it has reached, None where it waits for one agent; `fate` is to wait
    on, to be offered to `agent_id` at `site_id`, or to be sent elsewhere: to `to_queue_id`.
    """

    queue_id: str | None
    step: str | None
    priority: int
    fate: Fate = "waits"
    agent_id: str | None = None
    site_id: str | None = None
    to_queue_id: str | None = None


class QueueSight(NamedTuple):
    """A queue: its calls by their fate, the agents signed in whom it may ask, and who is left free.

    `free` are those whom it may ask once all offers are made.
    """

    waiting: int = 0
    offered: int = 0
    sent_elsewhere: int = 0
    agents: int = 0
    free: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen at a moment, once the router has said all it has to say.

    `able` are pairs of an agent signed in at a site that takes calls, and a queue that may ask
    them. `rescinded` are the calls whose offers would be asked back.
    """

    calls: dict[str, CallSight]
    queues: dict[str, QueueSight]
    able: frozenset[tuple[str, str]]
    sites: dict[str, SiteStatus]
    rescinded: frozenset[str]
    complete: bool


@dataclass(frozen=True, slots=True)
class DryRun:
    """What is seen without and with the document."""

    before: Sight
    after: Sight

    def calls(self) -> list[str]:
        """Return the calls that something else would become of, in order of their ids."""
        before, after = self.before.calls, self.after.calls
        return sorted(c for c in before.keys() | after.keys() if before.get(c) != after.get(c))

    def queues(self) -> list[str]:
        """Return the queues whose counts would differ."""
        before, after = self.before.queues, self.after.queues
        return sorted(q for q in before.keys() | after.keys() if before.get(q) != after.get(q))

    def sites(self) -> list[str]:
        """Return the sites whose status would differ."""
        before, after = self.before.sites, self.after.sites
        return sorted(s for s in before.keys() | after.keys() if before.get(s) != after.get(s))

    def gained(self) -> list[tuple[str, str]]:
        """Return which agents could be asked by a queue that cannot ask them now."""
        return sorted(self.after.able - self.before.able)

    def lost(self) -> list[tuple[str, str]]:
        """Return which agents could no longer be asked by a queue that can ask them now."""
        return sorted(self.before.able - self.after.able)

    def rescinded(self) -> list[str]:
        """Return the calls that ring now and whose offers would be asked back."""
        return sorted(self.after.rescinded - self.before.rescinded)


def dry_run(state: State, document: Document, now: datetime) -> DryRun:
    """Return what would differ if the document were the next valid one, and folded at once."""
    with_it = state.copy()
    # The document is wanted next, also where this state has not folded the revision before it.
    with_it.intake.revisions.valid[document.document_id] = document.revision - 1
    envelope = Envelope(
        id="",
        source="",
        subject=document.document_id,
        time=now,
        pool=state.pool,
        stream=document.document_id,
        sequence=document.revision,
        data=document,
    )
    offset = with_it.positions[ROUTING_CONFIG.name]
    fold(with_it, Fact(ROUTING_CONFIG.name, offset, envelope))
    return DryRun(before=look(state.copy(), now), after=look(with_it, now))


def look(state: State, now: datetime) -> Sight:
    """Return what is seen of the state, which is used up: the router decides on it to the end."""
    indexes = Indexes(state)
    indexes.advance(now)
    calls = {call_id: _sight(indexes, place) for call_id, place in indexes.places.items()}
    decisions, complete = _decisions(indexes, now)
    rescinded = set()
    for said in decisions:
        match said:
            case CallRouted() | CallOverflowed():
                _tell(calls, indexes, said)
            case CallRescinded(call_id=call_id):
                rescinded.add(call_id)
                if call_id in indexes.places:
                    calls.setdefault(call_id, _sight(indexes, indexes.places[call_id]))
            case _:
                pass  # of sites the last status is shown, and progress says nothing
    asked = _asked(indexes)
    able = frozenset(pair for pair, members in asked if not _is_gone(members))
    free = _counts(pair for pair, members in asked if _is_free(members))
    return Sight(
        calls=calls,
        queues=_queues(calls.values(), _counts(able), free),
        able=able,
        sites={site_id: state.status(site_id) for site_id in state.sites},
        rescinded=frozenset(rescinded),
        complete=complete,
    )


def _decisions(indexes: Indexes, now: datetime) -> tuple[list[OwnDecision], bool]:
    """Return all that the router says now, and whether that was all."""
    found: list[OwnDecision] = []
    for _ in range(MOST_TURNS):
        turn = decide(indexes, now)
        if not turn:
            return found, True
        found += turn
    return found, False


def _sight(indexes: Indexes, place: Place) -> CallSight:
    state, source = indexes.state, place.source
    call = state.calls[place.rank.call_id]
    queue = known_queue(state, place.queue_id)
    if source.kind == "agent" or queue is None:
        return CallSight(place.queue_id, None, priority_of(state, call))
    step = steps_of(queue, state.policy)[source.step - 1].name if source.step else None
    priority = priority_of(state, call) + indexes.plan_at(source).raised
    return CallSight(place.queue_id, step, priority)


def _tell(calls: dict[str, CallSight], indexes: Indexes, said: CallRouted | CallOverflowed) -> None:
    """Say what became of a call; one that rang before is seen from its offer's end on."""
    call = indexes.state.calls[said.call_id]
    waiting = CallSight(call.queue_id, None, priority_of(indexes.state, call))
    seen = calls.get(said.call_id, waiting)
    if isinstance(said, CallRouted):
        seen = seen._replace(fate="offered", agent_id=said.agent_id, site_id=said.site_id)
    else:
        seen = seen._replace(fate=said.to, to_queue_id=said.queue_id)
    calls[said.call_id] = seen


def _asked(indexes: Indexes) -> list[tuple[tuple[str, str], list[Member]]]:
    """Return each agent with each queue that may ask them, and how they stand for its channels."""
    found: dict[tuple[str, str], list[Member]] = {}
    for agent_id in indexes.state.agents:
        members = {member.channel: member for member in indexes.crews.members(agent_id)}
        for crew in indexes.crews.crews_of(agent_id):
            for queue_id in crew.queues:
                found.setdefault((agent_id, queue_id), []).append(members[crew.key.channel])
    return list(found.items())


def _is_free(members: Iterable[Member]) -> bool:
    return any(member.condition == "free" for member in members)


def _is_gone(members: Iterable[Member]) -> bool:
    return all(member.condition in _GONE for member in members)


def _counts(pairs: Iterable[tuple[str, str]]) -> Counter[str]:
    return Counter(queue_id for _, queue_id in pairs)


def _queues(
    calls: Iterable[CallSight], agents: Counter[str], free: Counter[str]
) -> dict[str, QueueSight]:
    fates: dict[str, Counter[str]] = {}
    for call in calls:
        if call.queue_id is not None:
            kind = call.fate if call.fate in ("waits", "offered") else "elsewhere"
            fates.setdefault(call.queue_id, Counter())[kind] += 1
    return {
        queue_id: QueueSight(
            waiting=fates.get(queue_id, Counter())["waits"],
            offered=fates.get(queue_id, Counter())["offered"],
            sent_elsewhere=fates.get(queue_id, Counter())["elsewhere"],
            agents=agents[queue_id],
            free=free[queue_id],
        )
        for queue_id in fates.keys() | agents.keys()
    }
