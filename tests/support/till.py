"""A small trade for the store's own tests: a till that counts what is paid in."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from contact_events.calls import CallFlowStep
from contact_events.envelope import Envelope
from contact_events.registry import Event
from contact_runtime.execute import Context
from contact_runtime.rows import Kind

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Till(msgspec.Struct, frozen=True):
    """What was paid in, and in how many seconds after noon it wants to be looked at."""

    paid: int = 0
    due_in_s: float | None = None


def due_at(till: Till) -> datetime | None:
    return None if till.due_in_s is None else NOON + timedelta(seconds=till.due_in_s)


TILL: Kind[Till] = Kind("till", Till, lambda key: Till(), due_at)
OTHER: Kind[Till] = Kind("other-till", Till, lambda key: Till())
CONTEXT = Context(time=NOON, pool="main", client="acme", project="sales")


class NothingToPay(Exception):
    """A refusal: nothing was given."""

    code = "nothing-to-pay"


class PayIn(msgspec.Struct, frozen=True):
    """An order to pay in `amount`."""

    amount: int


class TillRules:
    """The rules of a till: each payment is an event; nothing is refused but nothing."""

    kind = TILL

    def decide(self, key: str, state: Till, command: PayIn) -> list[Event]:
        if command.amount <= 0:
            raise NothingToPay
        return [paid_in(key, command.amount)]

    def evolve(self, state: Till, event: Event) -> Till:
        assert isinstance(event, CallFlowStep)
        return msgspec.structs.replace(state, paid=state.paid + int(event.step))


RULES = TillRules()


def paid_in(key: str, amount: int) -> CallFlowStep:
    """An event of a till, in the shape of one that the log knows."""
    return CallFlowStep(call_id=key, flow_id="till", step=str(amount))


def amounts(envelopes: Iterable[Envelope]) -> list[int]:
    """What each of these events paid in."""
    return [int(e.data.step) for e in envelopes if isinstance(e.data, CallFlowStep)]
