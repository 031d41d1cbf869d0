"""After-call work: how it ends, and how long it may last."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from agent_state.domain.agent import Agent, WrapUp, wrap_ups
from agent_state.domain.commands import EndWrapUp, ExtendWrapUp, FinishWrapUp
from agent_state.domain.evolve import find
from agent_state.domain.facts import Fact, WrapUpExtended
from agent_state.domain.refusals import CodeRefused, CodesRequired, NotExtendable, NotInThatState
from agent_state.domain.tell import told
from agent_state.domain.view import state_of
from agent_state.domain.wrap_up_rules import DEFAULT, WrapUpRules, extensions_left
from contact_events.wrapping import CallWrappedUp

Ended = Literal["agent", "timer"]
Work = tuple[int, WrapUp]


def finish(agent: Agent, command: FinishWrapUp, at: datetime) -> list[Fact]:
    """Return that the agent says that the after-call work is done, with codes and notes.

    Raises:
        NotInThatState: there is none for this reservation.
        CodeRefused: one of the codes cannot be chosen for this call.
        CodesRequired: the work ends with a code, and none is given.
    """
    work = _work(agent, command.reservation_id)
    if command.refused is not None:
        code, state = command.refused
        raise CodeRefused(f"the code {code} is {_WHY_NOT[state]}", code_id=code, state=state)
    rules = rules_of(work[1])
    if rules.codes_required and not command.codes:
        raise CodesRequired("this call ends with a wrap-up code", codes_from=rules.codes_from)
    done = wrapped_up(agent, work, "agent", "done", command.codes, command.notes_sealed)
    return told(agent, [done], at, "wrapped_up")


def extend(agent: Agent, command: ExtendWrapUp, at: datetime) -> list[Fact]:
    """Return that the after-call work may last longer.

    Raises:
        NotInThatState: there is none for this reservation.
        NotExtendable: the queue's policy does not allow it, or not once more.
    """
    _, work = _work(agent, command.reservation_id)
    rules = rules_of(work)
    if work.due is None or extensions_left(rules, work.extended) == 0:
        raise NotExtendable(
            f"{rules.mode} after-call work cannot be extended once more",
            mode=rules.mode,
            extended=work.extended,
        )
    due = work.due + timedelta(seconds=rules.extend_by_s or 0.0)
    return told(agent, [WrapUpExtended(work.reservation_id, due)], at, "wrap_up_extended")


def end(agent: Agent, command: EndWrapUp, at: datetime) -> list[Fact]:
    """Return that a supervisor ended the after-call work.

    Raises:
        NotInThatState: there is none for this reservation.
    """
    work = _work(agent, command.reservation_id)
    return told(agent, [wrapped_up(agent, work, "timer", "supervisor")], at, "wrapped_up")


def is_over(agent: Agent, at: datetime) -> list[Fact]:
    """Return the end of all after-call work that is due by `at`."""
    return [
        wrapped_up(agent, work, "timer", "due")
        for work in wrap_ups(agent)
        if work[1].due is not None and work[1].due <= at
    ]


def abandoned(agent: Agent, cause: str) -> list[Fact]:
    """Return the end of all after-call work of an agent who is gone."""
    return [wrapped_up(agent, work, "timer", cause) for work in wrap_ups(agent)]


def wrapped_up(
    agent: Agent,
    work: Work,
    by: Ended,
    cause: str,
    codes: Sequence[str] = (),
    notes_sealed: str | None = None,
) -> CallWrappedUp:
    """Return that this after-call work is done."""
    slot, filling = work
    return CallWrappedUp(
        call_id=filling.call_id,
        attempt=filling.attempt,
        reservation_id=filling.reservation_id,
        agent_id=agent.agent_id,
        slot=slot,
        by=by,
        codes=tuple(codes),
        notes_sealed=notes_sealed,
        cause=cause,
    )


def rules_of(work: WrapUp) -> WrapUpRules:
    """Return the rules that were captured at the call's offer."""
    return work.wrap_up or DEFAULT


_WHY_NOT = {
    "unknown": "unknown",
    "deactivated": "deactivated, or a branch that it is in is",
    "elsewhere": "of another part of the tree than this queue's",
}


def work_of(agent: Agent, reservation_id: str) -> Work | None:
    """Return the after-call work of this reservation, and the slot it was in."""
    return next((w for w in wrap_ups(agent) if w[1].reservation_id == reservation_id), None)


def _work(agent: Agent, reservation_id: str) -> Work:
    work = work_of(agent, reservation_id)
    if work is None:
        found = find(agent, reservation_id)
        state = state_of(agent.slots[found[0]]) if found else "free"
        raise NotInThatState(
            f"the reservation's slot is {state}", reservation_id=reservation_id, state=state
        )
    return work
