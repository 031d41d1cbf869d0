"""How facts change an agent: total, a fact that happened is never refused."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from typing import Any, TypeVar, assert_never

from msgspec.structs import asdict, replace

from agent_state.domain.agent import (
    Agent,
    Beside,
    Filled,
    Filling,
    Free,
    Hold,
    LastOffer,
    Reserved,
    Rona,
    Slot,
    Talking,
    WrapUp,
)
from agent_state.domain.consulted import asked, consulted
from agent_state.domain.facts import (
    BreakShown,
    CallJoined,
    CardLearned,
    ConsultJoined,
    ConsultOver,
    DeskLeft,
    DeskTaken,
    Fact,
    NoteTaken,
    OfferRead,
    OfferRung,
    ProfileSet,
    SlotMoved,
    StationTaken,
    WrapUpExtended,
)
from agent_state.domain.themself import shown_anew, themself
from agent_state.domain.wrap_up_rules import DEFAULT, MOST_BESIDE, due_at, frees_the_slot
from contact_events.agents import (
    AgentChanged,
    AgentHelpAnswered,
    AgentHelpEnded,
    AgentHelpRequested,
    AgentStayOverran,
)
from contact_events.answering import (
    CallAnswered,
    CallConsultRequested,
    CallHeld,
    CallRangOut,
    CallRejected,
    CallReleaseRequested,
    CallResumed,
    CallSuperviseRequested,
    CallTransferRequested,
)
from contact_events.wrapping import CallReleased, CallWrappedUp

F = TypeVar("F", bound=Filled)


def fold(agent: Agent, facts: Iterable[Fact], at: datetime) -> Agent:
    """Return the agent after `facts`, which all happened at `at`."""
    after = reduce(lambda state, fact: evolve(state, fact, at), facts, agent)
    return replace(after, last_at=at)


def evolve(agent: Agent, fact: Fact, at: datetime) -> Agent:
    """Return the agent after `fact`, which happened at `at`."""
    match fact:
        case (
            AgentChanged()
            | AgentHelpRequested()
            | AgentHelpAnswered()
            | AgentHelpEnded()
            | AgentStayOverran()
            | ProfileSet()
            | StationTaken()
            | DeskTaken()
            | DeskLeft()
            | BreakShown()
        ):
            return themself(agent, fact, at)
        case CallAnswered() | CallRejected() | CallRangOut():
            return _counted(_settled(agent, fact, at), fact)
        case CallHeld() | CallResumed():
            return _held(agent, fact, at)
        case CallReleased() | CallWrappedUp() | WrapUpExtended():
            return _after_the_call(agent, fact, at)
        case (
            CallReleaseRequested()
            | CallTransferRequested()
            | CallConsultRequested()
            | CallSuperviseRequested()
        ):
            return asked(agent, fact)
        case OfferRead() | OfferRung() | CallJoined() | CardLearned():
            return _learned(agent, fact, at)
        case SlotMoved() | NoteTaken() | ConsultJoined() | ConsultOver():
            return consulted(agent, fact)
        case _:
            assert_never(fact)


def find(agent: Agent, reservation_id: str) -> tuple[int, Filled] | None:
    """Return the slot that the reservation fills, and how; None if it fills none."""
    for number, slot in enumerate(agent.slots):
        filling = slot.filling
        if not isinstance(filling, Free) and filling.reservation_id == reservation_id:
            return number, filling
    return None


def _settled(agent: Agent, fact: CallAnswered | CallRejected | CallRangOut, at: datetime) -> Agent:
    match fact:
        case CallAnswered():
            outcome = "answered"
        case CallRejected(reason=reason):
            outcome = reason
        case CallRangOut():
            outcome = "rang_out"
        case _:
            assert_never(fact)
    if fact.slot >= len(agent.slots):
        return agent  # an offer for a slot that the agent does not have
    slot = agent.slots[fact.slot]
    if slot.last and slot.last.reservation_id == fact.reservation_id:
        slot = replace(slot, last=LastOffer(fact.reservation_id, outcome))
    if isinstance(slot.filling, Reserved) and slot.filling.reservation_id == fact.reservation_id:
        talks = isinstance(fact, CallAnswered)
        slot = replace(slot, filling=_become(Talking, slot.filling, at) if talks else Free(at))
    return _with_slot(agent, fact.slot, slot)


def _counted(agent: Agent, fact: CallAnswered | CallRejected | CallRangOut) -> Agent:
    match fact:
        case CallAnswered():
            return replace(agent, rona=replace(agent.rona, in_a_row=0))
        case CallRangOut():
            return replace(agent, rona=Rona(agent.rona.total + 1, agent.rona.in_a_row + 1))
        case CallRejected():
            return agent  # said no, which is not silence
        case _:
            assert_never(fact)


def _held(agent: Agent, fact: CallHeld | CallResumed, at: datetime) -> Agent:
    found = find(agent, fact.reservation_id)
    if found is None:
        return agent
    number, filling = found
    match fact, filling:
        case CallHeld(), Talking():
            return _filled(agent, number, _become(Hold, filling, at))
        case CallResumed(), Hold():
            return _filled(agent, number, _become(Talking, filling, at, connected=True))
        case _:
            return agent


def _after_the_call(
    agent: Agent, fact: CallReleased | CallWrappedUp | WrapUpExtended, at: datetime
) -> Agent:
    return _extended(agent, fact) if isinstance(fact, WrapUpExtended) else _left(agent, fact, at)


def _left(agent: Agent, fact: CallReleased | CallWrappedUp, at: datetime) -> Agent:
    found = find(agent, fact.reservation_id)
    if found is None:
        others = (b for b in agent.beside if b.work.reservation_id != fact.reservation_id)
        return replace(agent, beside=tuple(others))
    number, filling = found
    if isinstance(fact, CallReleased) and fact.connected:
        return _wraps_up(agent, number, filling, at)
    return _filled(agent, number, Free(at))


def _wraps_up(agent: Agent, number: int, filling: Filled, at: datetime) -> Agent:
    """Return the agent with the after-call work in the slot, beside it, or without any."""
    rules = filling.wrap_up or DEFAULT
    if rules.mode == "none":
        return _filled(agent, number, Free(at))
    due = due_at(rules, at, agent.profile.wrap_up_s if agent.profile else 0.0)
    work = _become(WrapUp, filling, at, due=due, consult=None, note=None)
    if frees_the_slot(rules) and len(agent.beside) < MOST_BESIDE:
        freed = _filled(agent, number, Free(at))
        return replace(freed, beside=(*agent.beside, Beside(number, work)))
    return _filled(agent, number, work)


def _extended(agent: Agent, fact: WrapUpExtended) -> Agent:
    found = find(agent, fact.reservation_id)
    if found is not None and isinstance(found[1], WrapUp):
        return _filled(agent, found[0], _put_off(found[1], fact.due))
    beside = (
        replace(b, work=_put_off(b.work, fact.due))
        if b.work.reservation_id == fact.reservation_id
        else b
        for b in agent.beside
    )
    return replace(agent, beside=tuple(beside))


def _put_off(work: WrapUp, due: datetime) -> WrapUp:
    return replace(work, due=due, extended=work.extended + 1)


def _learned(
    agent: Agent, fact: OfferRead | OfferRung | CallJoined | CardLearned, at: datetime
) -> Agent:
    match fact:
        case OfferRead(slot=number, reservation_id=reservation_id):
            last = LastOffer(reservation_id)
            return _with_slot(agent, number, replace(agent.slots[number], last=last))
        case OfferRung():
            ringing = Reserved(
                call_id=fact.call_id,
                attempt=fact.attempt,
                reservation_id=fact.reservation_id,
                since=at,
                queue_id=fact.queue_id,
                card=fact.card,
                wrap_up=fact.wrap_up,
                due=fact.due,
            )
            return _filled(agent, fact.slot, ringing)
        case CallJoined(reservation_id=reservation_id):
            found = find(agent, reservation_id)
            if found is None or not isinstance(found[1], Talking):
                return agent
            return shown_anew(_filled(agent, found[0], replace(found[1], connected=True)))
        case CardLearned():
            return shown_anew(_shown(agent, fact))
        case _:
            assert_never(fact)


def _shown(agent: Agent, fact: CardLearned) -> Agent:
    for number, slot in enumerate(agent.slots):
        if not isinstance(slot.filling, Free) and slot.filling.call_id == fact.call_id:
            sent = fact.card.sent or (slot.filling.card.sent if slot.filling.card else None)
            card = replace(fact.card, sent=sent)
            agent = _filled(agent, number, replace(slot.filling, card=card))
    return agent


def _become(shape: type[F], filling: Filled, at: datetime, **more: Any) -> F:
    """Return the same call in another state, as it begins at `at`."""
    fields = asdict(filling)
    common = {name: fields[name] for name in Filled.__struct_fields__}
    return shape(**common | {"since": at} | more)


def _filled(agent: Agent, number: int, filling: Filling) -> Agent:
    return _with_slot(agent, number, replace(agent.slots[number], filling=filling))


def _with_slot(agent: Agent, number: int, slot: Slot) -> Agent:
    return replace(agent, slots=(*agent.slots[:number], slot, *agent.slots[number + 1 :]))
