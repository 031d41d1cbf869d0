"""A call as ivr shows it over HTTP: where it stands, what the caller hears, what to expect."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from contact_events.hints import QueueState
from contact_runtime.http.bodies import View
from ivr.domain.call import Call, Connected, Ended, InFlow, Joining, Unborn, Waiting
from ivr.domain.flow import Heard
from ivr.views import Text


class Option(View):
    """What the caller may choose by a key."""

    digit: str
    label: Text


class Hears(View):
    """What the caller hears now."""

    say: Text
    menu: list[Option]


class ExpectedWait(View):
    """How long the caller has still to wait: the router's estimate, in seconds.

    With the probability `share` the wait lies between `low_s` and `high_s`.
    """

    position: int | None = Field(
        description="the caller's own in the queue, 1 for who is first, as the router said within "
        "the last second or so; then the wait is the caller's own. null beyond the first 20, "
        "before the router has spoken of the call, and while an agent is rung for it: then the "
        "wait is that of a caller who joins the queue now"
    )
    mean_s: float
    low_s: float
    high_s: float
    share: float
    waiting: int

    @classmethod
    def of(cls, hint: QueueState | None, call_id: str) -> "ExpectedWait | None":
        """Return the estimate that the hint holds for the call, or else for who joins now."""
        if hint is None or hint.expected_wait_s is None:
            return None
        position, wait_s = _own(hint, call_id) or (None, _of_who_joins(hint))
        mean_s, low_s, high_s = wait_s
        return cls(
            position=position,
            mean_s=mean_s,
            low_s=low_s,
            high_s=high_s,
            share=hint.expected_share or 0.0,
            waiting=hint.waiting,
        )


class CallView(View):
    """A call as it is; `version` grows with every fact of it."""

    call_id: str
    version: int
    state: Literal["in_flow", "waiting", "connected", "ended"]
    ended_as: (
        Literal["contained", "refused", "abandoned", "diverted", "disconnected", "failed"] | None
    )
    reason: str | None
    client: str
    project: str
    channel: str
    hears: Hears | None
    queue: str | None
    expected_wait: ExpectedWait | None
    attempt: int
    agent_id: str | None
    arrived_at: datetime
    connected_at: datetime | None

    @classmethod
    def of(
        cls, call_id: str, call: Call, heard: Heard | None, hint: QueueState | None = None
    ) -> "CallView":
        """Return the call as HTTP shows it; `hint` is what the router said of its queue.

        Raises:
            TypeError: no such call has arrived.
        """
        if isinstance(call, Unborn):
            raise TypeError(f"{call_id} has not arrived")
        ended = call if isinstance(call, Ended) else None
        stay = None if isinstance(call, InFlow) else call
        return cls(
            call_id=call_id,
            version=call.version,
            state=_state_of(call),
            ended_as=ended.ended_as if ended else None,
            reason=ended.reason if ended else None,
            client=call.client_id,
            project=call.project_id,
            channel=call.channel,
            hears=_hears_of(heard),
            queue=stay.queue_id if stay else None,
            expected_wait=ExpectedWait.of(hint, call_id),
            attempt=stay.attempt if stay else 0,
            agent_id=_agent_of(call),
            arrived_at=call.arrived_at,
            connected_at=stay.connected_at if stay else None,
        )


_Seconds = tuple[float, float, float]
"""A wait's mean, and its interval."""


def _own(hint: QueueState, call_id: str) -> tuple[int, _Seconds] | None:
    """Return the call's position in the queue and its own wait, if the hint tells of it."""
    for number, each in enumerate(hint.positions, 1):
        if each.call_id == call_id and each.mean_s is not None:
            return number, (each.mean_s, each.low_s or 0.0, each.high_s or each.mean_s)
    return None


def _of_who_joins(hint: QueueState) -> _Seconds:
    mean_s = hint.expected_wait_s or 0.0
    return mean_s, hint.expected_low_s or 0.0, hint.expected_high_s or mean_s


class CallerView(View):
    """Who is on the line; null where the number is withheld or was erased.

    `masked` where the role sees neither whole: `+7916123****` and initials.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"number": "+79161234567", "name": "Anna Sokolova", "masked": False},
                {"number": "+7916123****", "name": "A. S.", "masked": True},
            ]
        }
    )

    number: str | None
    name: str | None
    masked: bool = False


def _state_of(
    call: InFlow | Waiting | Joining | Connected | Ended,
) -> Literal["in_flow", "waiting", "connected", "ended"]:
    match call:
        case InFlow():
            return "in_flow"
        case Waiting() | Joining():
            return "waiting"
        case Connected():
            return "connected"
        case Ended():
            return "ended"


def _agent_of(call: Call) -> str | None:
    match call:
        case Connected():
            return call.joined_agent_id
        case Ended():
            return call.agent_id
        case _:
            return None


def _hears_of(heard: Heard | None) -> Hears | None:
    if heard is None:
        return None
    menu = [Option(digit=choice.digit, label=Text.of(choice.label)) for choice in heard.menu]
    return Hears(say=Text.of(heard.say), menu=menu)
