"""A call as ivr shows it over HTTP: where it stands, what the caller hears, what to expect."""

from datetime import datetime
from typing import Literal

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
    """What a caller who joins the queue now has to expect: the router's estimate, in seconds.

    With the probability `share` the wait lies between `low_s` and `high_s`.
    """

    mean_s: float
    low_s: float
    high_s: float
    share: float
    waiting: int

    @classmethod
    def of(cls, hint: QueueState | None) -> "ExpectedWait | None":
        """Return the estimate that the hint holds, if it holds one."""
        if hint is None or hint.expected_wait_s is None:
            return None
        return cls(
            mean_s=hint.expected_wait_s,
            low_s=hint.expected_low_s or 0.0,
            high_s=hint.expected_high_s or hint.expected_wait_s,
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
            expected_wait=ExpectedWait.of(hint),
            attempt=stay.attempt if stay else 0,
            agent_id=_agent_of(call),
            arrived_at=call.arrived_at,
            connected_at=stay.connected_at if stay else None,
        )


class CallerView(View):
    """Who is on the line; null where the number is withheld or was erased."""

    number: str | None
    name: str | None


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
