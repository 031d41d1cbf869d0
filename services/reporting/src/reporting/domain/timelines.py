"""An agent's time, state by state, from the changes on `agent-state`."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from contact_events.agents import AgentChanged
from reporting.domain.facts import milliseconds
from reporting.domain.records import INTERVAL, Cell, interval_of


class AgentNow(msgspec.Struct, frozen=True):
    """What an agent is, since when, and since when they are signed in (None when Offline)."""

    agent_id: str
    site_id: str
    status: str
    reason: str | None
    since: datetime
    signed_in_at: datetime | None
    team_id: str | None = None


class Spell(msgspec.Struct, frozen=True):
    """Time spent in one state at one site, within one interval, in milliseconds."""

    cell: Cell
    site_id: str
    status: str
    length_ms: int


def after(before: AgentNow | None, changed: AgentChanged, at: datetime) -> AgentNow:
    """Return what the agent is after the change. `since` stays while the status does."""
    same = before is not None and _same(before, changed)
    offline = changed.status == "Offline"
    signed_in_at = before.signed_in_at if before and before.signed_in_at else at
    return AgentNow(
        agent_id=changed.agent_id,
        site_id=changed.site_id,
        status=changed.status,
        reason=changed.reason,
        since=before.since if before and same else at,
        signed_in_at=None if offline else signed_in_at,
        team_id=changed.team_id,
    )


def _same(before: AgentNow, changed: AgentChanged) -> bool:
    was = (before.status, before.reason, before.site_id)
    return was == (changed.status, changed.reason, changed.site_id)


def spells(before: AgentNow | None, changed: AgentChanged, at: datetime) -> Iterator[Spell]:
    """Yield the time that a change closes, cut at the quarters of an hour.

    Nothing is yielded for Offline, nor while the status stays what it was.
    """
    if before is not None and not _same(before, changed):
        yield from spells_until(before, at)


def spells_until(now: AgentNow, at: datetime) -> Iterator[Spell]:
    """Yield the agent's time in the present state up to `at`, cut at the quarters of an hour."""
    if now.status == "Offline":
        return
    start = now.since
    while start < at:
        quarter = interval_of(start)
        end = min(at, quarter + INTERVAL)
        yield Spell((now.agent_id, quarter), now.site_id, now.status, milliseconds(start, end))
        start = end
