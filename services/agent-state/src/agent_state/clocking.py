"""What agent-state hears of its own changes: who was what for how long, and who came and went.

A reader of its own, behind the commands: it takes the changes from the log as anybody does, so
its rows cannot say anything else, and costs the commands nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from agent_state.domain.sheets import Clocked, Sheet, added, after, pieces
from agent_state.tables import CLOCKED, SHEET, SITE, clocked_key, sheet_key
from contact_events.agents import AgentChanged
from contact_events.config import SiteChanged
from contact_events.topics import AGENT_STATE, ROUTING_CONFIG
from contact_runtime.reader import Received, RecordHandler
from contact_runtime.rows import Unit

READER = "agent-state-times"
READS = (AGENT_STATE, ROUTING_CONFIG)
LINGER_S = 0.1
"""Machine seconds between batches: a busy agent's rows are written once for several changes."""


@dataclass(frozen=True, slots=True)
class Change:
    """An agent was one thing and is another since `at`."""

    agent_id: str
    before: Clocked
    now: Clocked
    at: datetime


Follow = Callable[[Unit, Sequence[Change]], Awaitable[None]]
"""What else follows from changes, in the same transaction."""


def handler(follow: Follow) -> RecordHandler:
    """Return what keeps the times of a batch of records, then has `follow` do the rest."""

    async def handle_batch(unit: Unit, batch: Sequence[Received]) -> None:
        changes = await _clocked(unit, batch)
        await _keep_times(unit, changes)
        for received in batch:
            if isinstance(site := received.envelope.data, SiteChanged):
                await unit.load(SITE, site.site_id)
                unit.put(SITE, site.site_id, None if site.deleted else site.time_zone)
        await follow(unit, changes)

    return handle_batch


async def _clocked(unit: Unit, batch: Sequence[Received]) -> list[Change]:
    """Return what changed, and keep what each agent is now."""
    told = [
        (event, received.envelope.time)
        for received in batch
        if isinstance(event := received.envelope.data, AgentChanged)
    ]
    await unit.load_many(CLOCKED, {clocked_key(event.agent_id) for event, _ in told})
    changes: list[Change] = []
    for event, at in told:
        key = clocked_key(event.agent_id)
        before = await unit.load(CLOCKED, key)
        now = after(before, event, at)
        if now is not before:
            unit.put(CLOCKED, key, now)
            changes.append(Change(event.agent_id, before, now, at))
    return changes


async def _keep_times(unit: Unit, changes: Sequence[Change]) -> None:
    """Add to each day's sheet the time that a change has closed."""
    closed: list[tuple[str, Clocked, date, datetime, datetime]] = []
    for change in changes:
        if change.now.since != change.before.since:
            until = change.now.since or change.at
            for day, start, end in pieces(change.before, until):
                closed.append((sheet_key(change.agent_id, day), change.before, day, start, end))
    await unit.load_many(SHEET, {key for key, *_ in closed})
    for key, was, _, start, end in closed:
        sheet: Sheet = await unit.load(SHEET, key)
        unit.put(SHEET, key, added(sheet, was, start, end))
