"""Dry runs over HTTP: what a document would change, worked out beside the loop."""

import asyncio
from asyncio import to_thread
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from pydantic import Field

from contact_events.config import Document, QueueChanged
from contact_runtime.catalogue import ROUTER_DRY_RUN_SECONDS
from contact_runtime.http.bodies import View
from router.domain.dry_run import CallSight, DryRun, Fate, QueueSight, dry_run
from router.domain.state import State
from router.loop import Loop

MOST_SHOWN: Final = 1000

V = TypeVar("V", bound=View)


class CallSeen(View):
    """A call as it would be seen at once."""

    queue_id: str | None
    step: str | None = Field(description="the last step reached; null: waits for one agent")
    priority: int
    fate: Fate = Field(
        description="waits on, is offered to `agent_id`, or is sent elsewhere: to a queue "
        "(`to_queue_id`), to call-back, to voicemail, back to the sender, or to the end"
    )
    agent_id: str | None
    site_id: str | None
    to_queue_id: str | None

    @classmethod
    def of(cls, seen: CallSight | None) -> "CallSeen | None":
        """Return it as HTTP shows it."""
        return cls(**seen._asdict()) if seen else None


class CallDiffers(View):
    """A call that something else would become of; null: it does not wait."""

    call_id: str
    before: CallSeen | None
    after: CallSeen | None


class QueueSeen(View):
    """A queue once all offers are made."""

    waiting: int
    offered: int
    sent_elsewhere: int
    agents: int = Field(description="signed in where calls are taken, whom the queue may ask")
    free: int = Field(description="of these, left free")


class QueueDiffers(View):
    """A queue whose counts would differ."""

    queue_id: str
    before: QueueSeen
    after: QueueSeen


class SiteDiffers(View):
    """A site whose status would differ; null: it is not there."""

    site_id: str
    before: str | None
    after: str | None


class AgentDiffers(View):
    """An agent whom other queues could ask: those that could then, and that no longer could."""

    agent_id: str
    gains: list[str]
    loses: list[str]


class DryRunView(View, Generic[V]):
    """What would change for those who wait and serve now. Nothing was written.

    At most 1,000 calls and agents are listed; the counts are of all.
    """

    dry_run: bool = True
    document: V = Field(description="as it would be")
    at: datetime = Field(description="business time of what was looked at")
    complete: bool = Field(description="false where there is more to decide than was looked ahead")
    calls_changed: int
    calls: list[CallDiffers]
    rescinded: list[str] = Field(description="calls that ring and whose offers are asked back")
    queues: list[QueueDiffers]
    agents_changed: int
    agents: list[AgentDiffers]
    sites: list[SiteDiffers]


@dataclass(frozen=True, slots=True)
class Tried:
    """A document that was tried on a state, and what came of it at that moment."""

    state: State
    document: Document
    run: DryRun
    at: datetime


class DryRuns:
    """Works dry runs out, one at a time, in a thread: the loop goes on deciding."""

    def __init__(self, loop: Loop) -> None:
        """Look at what this loop's replica has folded."""
        self._loop = loop
        self._one = asyncio.Lock()

    async def of(self, document: Document) -> Tried:
        """Return what the document would change if it were the next valid one."""
        async with self._one:
            began = self._loop.machine()
            replica, now = self._loop.replica, self._loop.clock.now()
            state = (replica.leader.state if replica.leader else replica.follower).copy()
            run = await to_thread(dry_run, state, document, now)
            took_s = self._loop.machine() - began
        self._loop.metrics.observe(ROUTER_DRY_RUN_SECONDS, value=took_s)
        return Tried(state, document, run, now)


def shown(tried: Tried, may_read: Callable[[str | None], bool]) -> dict[str, Any]:
    """Return a dry run as a view has it, of those clients that may be read."""
    run = tried.run
    calls = [c for c in run.calls() if may_read(_client_of_call(tried, c))]
    agents = _agents(run, lambda queue_id: may_read(_client_of_queue(tried, queue_id)))
    return {
        "at": tried.at,
        "complete": run.before.complete and run.after.complete,
        "calls_changed": len(calls),
        "calls": [_call(run, call_id) for call_id in calls[:MOST_SHOWN]],
        "rescinded": [c for c in run.rescinded() if may_read(_client_of_call(tried, c))],
        "queues": [_queue(run, q) for q in run.queues() if may_read(_client_of_queue(tried, q))],
        "agents_changed": len(agents),
        "agents": agents[:MOST_SHOWN],
        "sites": [_site(run, site_id) for site_id in run.sites()],
    }


def _client_of_call(tried: Tried, call_id: str) -> str | None:
    call = tried.state.calls.get(call_id)
    return call.client if call else None


def _client_of_queue(tried: Tried, queue_id: str) -> str | None:
    document = tried.document
    if isinstance(document, QueueChanged) and document.queue_id == queue_id:
        return document.client_id
    queue = tried.state.queues.get(queue_id)
    return queue.client_id if queue else None


def _call(run: DryRun, call_id: str) -> CallDiffers:
    return CallDiffers(
        call_id=call_id,
        before=CallSeen.of(run.before.calls.get(call_id)),
        after=CallSeen.of(run.after.calls.get(call_id)),
    )


def _queue(run: DryRun, queue_id: str) -> QueueDiffers:
    nothing = QueueSight()
    before, after = (side.queues.get(queue_id, nothing) for side in (run.before, run.after))
    return QueueDiffers(
        queue_id=queue_id,
        before=QueueSeen(**before._asdict()),
        after=QueueSeen(**after._asdict()),
    )


def _site(run: DryRun, site_id: str) -> SiteDiffers:
    before, after = (side.sites.get(site_id) for side in (run.before, run.after))
    return SiteDiffers(site_id=site_id, before=before, after=after)


def _agents(run: DryRun, seen: Callable[[str], bool]) -> list[AgentDiffers]:
    found: dict[str, tuple[list[str], list[str]]] = {}
    for which, pairs in enumerate((run.gained(), run.lost())):
        for agent_id, queue_id in pairs:
            if seen(queue_id):
                found.setdefault(agent_id, ([], []))[which].append(queue_id)
    return [
        AgentDiffers(agent_id=agent_id, gains=gains, loses=loses)
        for agent_id, (gains, loses) in sorted(found.items())
    ]
