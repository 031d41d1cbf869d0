"""The first flow: a greeting, a menu, then a queue or an answer; asked again, then a queue."""

import msgspec

from contact_events.calls import CallContained, CallFlowStep, CallQueued, CallRefused, Text
from contact_events.registry import Event
from ivr.domain.call import Call, Ended, InFlow
from ivr.domain.commands import PressDigits
from ivr.domain.opening import Closed
from ivr.domain.projects import Choice, Project

FLOW_ID = "menu"


class Heard(msgspec.Struct, frozen=True):
    """What the caller hears now, and what they may choose."""

    say: Text
    menu: tuple[Choice, ...] = ()


def welcome(call_id: str, project: Project, closed: Closed) -> list[Event]:
    """Return the first facts after the arrival: the greeting, and a queue if there is no menu.

    Outside the project's hours it is that, and the end.
    """
    if closed.project:
        return _refused(call_id)
    greeting = _step(call_id, "greeting")
    if project.menu:
        return [greeting]
    return [greeting, *_to_queue(call_id, project.default_queue_id, closed)]


def choose(call_id: str, call: InFlow, command: PressDigits) -> list[Event]:
    """Return what pressing these keys, one after the other, leads to.

    A key that chooses nothing has the menu said again, and the caller queued when that was done
    as often as the project allows. Keys after a choice mean nothing.
    """
    facts: list[Event] = []
    project, mistakes = command.project, call.mistakes
    for digit in command.digits:
        choice = project.choice(digit)
        if choice is not None:
            return [*facts, *_chosen(call_id, choice, command.closed)]
        mistakes += 1
        if mistakes > project.repeats:
            return [*facts, *_gave_up(call_id, project, digit, command.closed)]
        facts.append(_step(call_id, "menu", digit))
    return facts


def silent(call_id: str, call: InFlow, project: Project, closed: Closed) -> list[Event]:
    """Return what choosing nothing in time leads to: the menu again, at last the queue."""
    if call.mistakes >= project.repeats:
        return _gave_up(call_id, project, None, closed)
    return [_step(call_id, "menu")]


def has_something_to_hear(call: Call) -> bool:
    """Return whether the flow still speaks in this state, so that the project is needed."""
    return isinstance(call, InFlow) or (
        isinstance(call, Ended) and call.ended_as in ("contained", "refused")
    )


def hears(call: Call, project: Project) -> Heard | None:
    """Return what the caller hears and may choose now; None where the flow says nothing."""
    match call:
        case InFlow(mistakes=0):
            return Heard(project.greeting, project.menu)
        case InFlow():
            return Heard(AGAIN, project.menu)
        case Ended(ended_as="refused", reason="closed"):
            return Heard(project.closed or CLOSED)
        case Ended(ended_as="contained", choice=digit):
            choice = project.choice(digit or "")
            return Heard(choice.say) if choice and choice.say else None
        case _:
            return None


CLOSED = Text(
    ru="Мы сейчас закрыты. Пожалуйста, перезвоните в рабочее время.",
    en="We are closed now. Please call again during our opening hours.",
)
AGAIN = Text(ru="Пожалуйста, выберите ещё раз.", en="Please choose again.")


def _chosen(call_id: str, choice: Choice, closed: Closed) -> list[Event]:
    if choice.queue_id is None:
        return [
            _step(call_id, "self_service", choice.digit, choice.label),
            CallContained(call_id=call_id),
        ]
    queued = _to_queue(call_id, choice.queue_id, closed)
    return [_step(call_id, "queue", choice.digit, choice.label), *queued]


def _gave_up(call_id: str, project: Project, digit: str | None, closed: Closed) -> list[Event]:
    queued = _to_queue(call_id, project.default_queue_id, closed)
    return [_step(call_id, "default_queue", digit), *queued]


def _step(call_id: str, step: str, choice: str | None = None, label: Text | None = None) -> Event:
    return CallFlowStep(call_id=call_id, flow_id=FLOW_ID, step=step, choice=choice, label=label)


def _to_queue(call_id: str, queue_id: str, closed: Closed) -> list[Event]:
    if queue_id in closed.queue_ids:
        return _refused(call_id)
    return [CallQueued(call_id=call_id, attempt=1, queue_id=queue_id)]


def _refused(call_id: str) -> list[Event]:
    return [_step(call_id, "closed"), CallRefused(call_id=call_id, reason="closed")]
