"""An agent's time, state by state, from the changes on `agent-state`."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from contact_events.agents import AgentChanged
from reporting.domain.facts import milliseconds
from reporting.domain.quarters import INTERVAL, interval_of


class AgentNow(msgspec.Struct, frozen=True):
    """What an agent is, since when, and since when they are signed in (None when Offline)."""

    agent_id: str
    site_id: str
    status: str
    reason: str | None
    since: datetime
    signed_in_at: datetime | None
    team_id: str | None = None


class SpellKey(NamedTuple):
    """An agent's state within one quarter of an hour; '' where there is no team or reason."""

    interval_start: datetime
    agent_id: str
    site_id: str
    team_id: str
    status: str
    reason: str


class Spell(msgspec.Struct, frozen=True):
    """Time spent in one state, within one quarter of an hour, in milliseconds."""

    key: SpellKey
    length_ms: int


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an agent's timeline: a state from `began_at` to `ended_at` (None: now)."""

    agent_id: str
    began_at: datetime
    ended_at: datetime | None
    status: str
    reason: str | None
    site_id: str
    team_id: str | None


def after(before: AgentNow | None, changed: AgentChanged, at: datetime) -> AgentNow:
    """Return what the agent is after the change. `since` stays while the state does."""
    same = before is not None and same_state(before, changed)
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


def same_state(before: AgentNow, changed: AgentChanged) -> bool:
    """Tell whether the change leaves the agent in the state they were in."""
    was = (before.status, before.reason, before.site_id, before.team_id)
    return was == (changed.status, changed.reason, changed.site_id, changed.team_id)


def period_of(now: AgentNow, ended_at: datetime | None = None) -> Period:
    """Return the entry of the timeline for this state."""
    return Period(
        agent_id=now.agent_id,
        began_at=now.since,
        ended_at=ended_at,
        status=now.status,
        reason=now.reason,
        site_id=now.site_id,
        team_id=now.team_id,
    )


def spells(before: AgentNow | None, changed: AgentChanged, at: datetime) -> Iterator[Spell]:
    """Yield the time that a change closes; nothing while the state stays what it was."""
    if before is not None and not same_state(before, changed):
        yield from spells_until(before, at)


def spells_until(now: AgentNow, at: datetime) -> Iterator[Spell]:
    """Yield the agent's time in the present state up to `at`, cut at the quarters of an hour.

    Nothing is yielded for Offline.
    """
    if now.status == "Offline":
        return
    start = now.since
    state = (now.agent_id, now.site_id, now.team_id or "", now.status, now.reason or "")
    while start < at:
        quarter = interval_of(start)
        end = min(at, quarter + INTERVAL)
        yield Spell(SpellKey(quarter, *state), milliseconds(start, end))
        start = end
