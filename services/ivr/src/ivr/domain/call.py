"""What is remembered of a call: a union of small states, each with only what is true in it."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contact_events.calls import LONGEST_CALL_S, Caller, Channel

INPUT_WAIT_S = 30.0
JOIN_S = 15.0

EndedAs = Literal["contained", "refused", "abandoned", "diverted", "disconnected", "failed"]


class Leg(msgspec.Struct, frozen=True):
    """An agent's telephone, rung for a reservation; gone legs are remembered."""

    agent_id: str
    state: Literal["ringing", "up", "gone"]


class Unborn(msgspec.Struct, frozen=True, tag="unborn"):
    """No such call has arrived."""


class _Known(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is true of every call; `version` is the sequence of its last own fact.

    A consultation names the call that it is about.
    """

    version: int
    pool: str
    client_id: str
    project_id: str
    channel: Channel
    arrived_at: datetime
    caller: Caller | None = None
    entry_site_id: str = ""
    parent_call_id: str | None = None


class InFlow(_Known, frozen=True, kw_only=True, tag="in_flow"):
    """In self-service; asked again `mistakes` times, the last time at `prompted_at`."""

    prompted_at: datetime
    mistakes: int = 0
    choice: str | None = None


class _Stay(_Known, frozen=True, kw_only=True):
    """In attempt `attempt`: the last queue, or the named agent where there was never a queue.

    `legs` and `settled` are by reservation of this attempt; `sent_by` is who transferred.
    """

    attempt: int
    queue_id: str | None = None
    agent_id: str | None = None
    priority: int = 0
    sent_by: str | None = None
    legs: dict[str, Leg] = {}
    connected_at: datetime | None = None


class Waiting(_Stay, frozen=True, kw_only=True, tag="waiting"):
    """Waits for an agent; `settled` are the offers of this attempt that came to nothing."""

    settled: tuple[str, ...] = ()


class Joining(_Stay, frozen=True, kw_only=True, tag="joining"):
    """An agent accepted, with this sequence of their stream, and the legs are not joined yet."""

    reservation_id: str
    joining_agent_id: str
    accepted_sequence: int
    accepted_at: datetime
    settled: tuple[str, ...] = ()


class Connected(_Stay, frozen=True, kw_only=True, tag="connected"):
    """Caller and agent are joined; `connected_at` is the first time that happened.

    `consult_call_id` is the last consultation that the agent asked for.
    """

    reservation_id: str
    joined_agent_id: str
    accepted_sequence: int
    consult_call_id: str | None = None


class Ended(_Known, frozen=True, kw_only=True, tag="ended"):
    """Over; nothing changes it any more. `choice` is the menu's digit that was answer enough.

    A completed consultation goes on as `next_call_id`.
    """

    ended_as: EndedAs
    ended_at: datetime
    reason: str | None = None
    choice: str | None = None
    attempt: int = 0
    queue_id: str | None = None
    agent_id: str | None = None
    connected_at: datetime | None = None
    next_call_id: str | None = None


Known = InFlow | Waiting | Joining | Connected | Ended
Call = Unborn | Known


def due(call: Call) -> datetime | None:
    """Return the business time at which the call wants a tick, or None."""
    if isinstance(call, Unborn | Ended):
        return None
    step, longest = _step_due(call), call.arrived_at + timedelta(seconds=LONGEST_CALL_S)
    return longest if step is None else min(step, longest)


def is_due(call: Call, now: datetime) -> bool:
    """Return whether the input, or the join, that the call waits for did not come in time."""
    at = _step_due(call)
    return at is not None and at <= now


def is_too_long(call: Call, now: datetime) -> bool:
    """Return whether the call is under way, and has lasted as long as a call may."""
    if isinstance(call, Unborn | Ended):
        return False
    return call.arrived_at + timedelta(seconds=LONGEST_CALL_S) <= now


def _step_due(call: Call) -> datetime | None:
    match call:
        case InFlow():
            return call.prompted_at + timedelta(seconds=INPUT_WAIT_S)
        case Joining():
            return call.accepted_at + timedelta(seconds=JOIN_S)
        case _:
            return None
