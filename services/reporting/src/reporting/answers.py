"""What the reports answer: rows of the tables as JSON, lengths in seconds."""

from typing import Any

import msgspec
from pydantic import AwareDatetime
from sqlalchemy import RowMapping

from contact_runtime.http.bodies import View
from reporting.domain.measures.catalogue import measured
from reporting.domain.measures.definition import STANDARD


class FlowStep(View):
    """A step of the self-service flow that the caller came to, by which choice."""

    flow_id: str
    step: str
    at: AwareDatetime
    choice: str | None = None


class ContactRecord(View):
    """One contact. `outcome` is null while it goes on; "answered" if it was ever connected.

    `row_version` counts the changes of this record; `restated_at` is set where a fact changed it
    after it had been final.
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
    caller_ref: str | None
    parent_call_id: str | None
    callback_call_id: str | None
    queue_id: str | None
    last_queue_id: str | None
    outcome: str | None
    outcome_reason: str | None
    attempts: int
    legs: int
    transfers: int
    consultations: int
    recoveries: int
    offers: int
    rang_out: int
    rejected: int
    agent_id: str | None
    answering_site_id: str | None
    arrived_at: AwareDatetime
    queued_at: AwareDatetime | None
    connected_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    self_service_s: float
    wait_s: float | None
    talk_s: float
    hold_s: float
    wrap_up_s: float
    flow_path: list[FlowStep]
    wrap_up_codes: list[str]
    row_version: int
    restated_at: AwareDatetime | None


class ContactRecords(View):
    """A page of contacts by arrival; `next` is the cursor of the next page, null at the end.

    `position` is how far the log was folded.
    """

    contact_records: list[ContactRecord]
    position: dict[str, int]
    next: str | None


class QueueInterval(View):
    """A queue's quarter of an hour. Offered counts where the wait began, all else where it was."""

    queue_id: str
    client_id: str | None
    interval_start: AwareDatetime
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
    service_level: float | None


class QueueIntervals(View):
    """Quarters of an hour by start and queue, and the log position they hold."""

    definition: str
    position: dict[str, int]
    queue_intervals: list[QueueInterval]


class AgentInterval(View):
    """An agent's quarter of an hour: seconds in each closed state, and what became of offers."""

    agent_id: str
    interval_start: AwareDatetime
    seconds: dict[str, float]
    offered: int
    answered: int
    rejected: int
    rang_out: int


class AgentIntervals(View):
    """Quarters of an hour by start and agent, and the log position they hold."""

    position: dict[str, int]
    agent_intervals: list[AgentInterval]


class Position(View):
    """The next offset to read of each partition, as far as the tables have folded the log."""

    position: dict[str, int]


def in_seconds(row: RowMapping) -> dict[str, Any]:
    """Return the row with each `_ms` column as `_s`, in seconds."""
    return {_name(name): _value(name, value) for name, value in row.items()}


def _name(column: str) -> str:
    return f"{column.removesuffix('_ms')}_s" if column.endswith("_ms") else column


def _value(column: str, value: Any) -> Any:
    return value / 1_000 if column.endswith("_ms") and value is not None else value


def contact_record(row: RowMapping) -> ContactRecord:
    """Return a row of `contacts` as it is answered."""
    lists = {name: msgspec.json.decode(row[name]) for name in ("flow_path", "wrap_up_codes")}
    return ContactRecord(**{**in_seconds(row), **lists})


def queue_interval(row: RowMapping, client_id: str | None) -> QueueInterval:
    """Return a row of `queue_intervals` as it is answered."""
    return QueueInterval(
        **in_seconds(row),
        client_id=client_id,
        answered_in_target=row["answered_in_20"],
        abandoned_short=row["abandoned_in_5"],
        service_level=measured("service_level", dict(row), STANDARD),
    )
