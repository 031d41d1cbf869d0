"""What is paid for: contacts, waits in queues and the days of agents, as the log has them."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact that has ended. `queue_id` is the queue it came to first."""

    call_id: str
    project_id: str | None
    channel: str
    direction: str
    queue_id: str | None
    outcome: str
    ended_at: datetime
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    codes: tuple[str, ...] = ()


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """What one contact adds to a quarter of an hour of a queue: the sums that measures take."""

    call_id: str
    project_id: str | None
    channel: str
    direction: str
    queue_id: str | None
    interval_start: datetime
    sums: Mapping[str, int]


class AgentDay(msgspec.Struct, frozen=True, kw_only=True):
    """How long an agent of a team was in a state on a day of the tariff's time zone."""

    agent_id: str
    team_id: str
    status: str
    on: date
    length_ms: int


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """All that a client's tariff may be about."""

    contacts: tuple[Contact, ...] = ()
    waits: tuple[Waited, ...] = ()
    agent_days: tuple[AgentDay, ...] = ()
