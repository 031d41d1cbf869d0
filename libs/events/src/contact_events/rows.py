"""The flat rows of the `bi.*` topics: scalars only, no personal data, upserted by `row_key`."""

from datetime import datetime

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row: its key, and how often its content has changed (from 1)."""

    row_key: str
    row_version: int


class ContactRecord(Row, frozen=True):
    """One contact, from arrival to its end. Lengths of time in seconds, moments in UTC.

    `outcome` is None while the contact goes on. `wait_s` is from the first queueing to the first
    connection or the end; `talk_s` includes `hold_s`.
    """

    call_id: str
    client_id: str | None
    project_id: str | None
    channel: str
    direction: str
    dnis: str
    entry_site_id: str
    home_site_id: str | None
    region: str | None
    queue_id: str | None
    outcome: str | None
    outcome_reason: str | None
    attempts: int
    offers: int
    rang_out: int
    agent_id: str | None
    answering_site_id: str | None
    arrived_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    self_service_s: float
    wait_s: float | None
    talk_s: float
    hold_s: float
    wrap_up_s: float


class QueueInterval(Row, frozen=True):
    """A queue's quarter of an hour; `interval_start` in UTC, sums of seconds end in `_s`."""

    queue_id: str
    client_id: str | None
    interval_start: datetime
    offered: int
    answered: int
    answered_in_target: int
    abandoned: int
    abandoned_short: int
    overflowed: int
    failed: int
    wait_to_answer_s: float
    wait_to_abandon_s: float
    talk_s: float
    hold_s: float
    wrap_up_s: float


class AgentInterval(Row, frozen=True):
    """An agent's quarter of an hour: seconds in each state, and what was done with offers."""

    agent_id: str
    site_id: str
    interval_start: datetime
    ready_s: float
    not_ready_s: float
    reserved_s: float
    talking_s: float
    hold_s: float
    wrap_up_s: float
    offered: int
    answered: int
    rejected: int
    rang_out: int
