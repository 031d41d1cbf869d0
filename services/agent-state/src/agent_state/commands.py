"""Commands carried out on the rows of the open transaction."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from agent_state.choices import checked
from agent_state.domain.agent import Agent, WrapUp
from agent_state.domain.answers import Answer, answer, asked, refusal_of
from agent_state.domain.call_memo import Taker
from agent_state.domain.card import Card
from agent_state.domain.commands import (
    AcceptOffer,
    AgentCommand,
    AnswerLeg,
    BreakCommand,
    Command,
    DeskCommand,
    RingOffer,
    SetProfile,
    SupervisorCommand,
    Tick,
)
from agent_state.domain.decide import decide
from agent_state.domain.evolve import find, fold
from agent_state.domain.facts import Fact
from agent_state.domain.notes import Note, person_of
from agent_state.domain.offers import ringing_slots
from agent_state.domain.refusals import CommandIdReused, Refusal, UnknownAgent
from agent_state.domain.wrap_up import work_of
from agent_state.domain.wrap_up_rules import WrapUpRules, of_policy
from agent_state.tables import AGENT, ANSWER, NOTES, PERSON, TAKER, TEAM, WRAP_UP_POLICY, taker_key
from contact_events.agents import AgentChanged
from contact_events.answering import CallAnswered
from contact_events.registry import Event
from contact_events.wrapping import CallWrappedUp
from contact_runtime.rows import Fact as ToldFact
from contact_runtime.rows import Kind, Unit


@dataclass(frozen=True, slots=True)
class Cause:
    """When something is carried out (business time), and what led to it.

    `pool` is where an agent whom nobody has described is told of. `by` is the supervisor who
    ordered it.
    """

    time: datetime
    causation: str | None = None
    traceparent: str | None = None
    pool: str = "main"
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A command on one agent. An agent's own, or that of supervisor `by`, may be repeated by id."""

    agent_id: str
    command: AgentCommand | SupervisorCommand | DeskCommand | SetProfile
    command_id: str | None = None
    traceparent: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class BreakOrder:
    """What an agent asks of the line for breaks; it may be repeated by id."""

    agent_id: str
    command: BreakCommand
    command_id: str


def needs(order: Order) -> Iterable[tuple[Kind[Any], str]]:
    """Return the rows that an order loads for certain."""
    yield AGENT, order.agent_id
    if order.command_id is not None:
        yield ANSWER, _answer_key(order)


async def obey(unit: Unit, order: Order, now: datetime) -> Answer:
    """Carry out an order and return its one answer.

    Raises:
        UnknownAgent: there is no such agent; nothing is remembered.
        CommandIdReused: the id was used for another command.
        Refusal: an order without an id was refused.
    """
    cause = Cause(now, _causation(order), order.traceparent, by=order.by)

    async def effect(before: Agent) -> list[Fact]:
        wanted = await checked(unit, before, order.command, order.by)
        return await carry_out(unit, order.agent_id, wanted, cause)

    if order.command_id is not None:
        return await once(unit, order, effect)
    facts = await carry_out(unit, order.agent_id, order.command, cause)
    return answer(order.command, facts, await unit.load(AGENT, order.agent_id))


async def once(
    unit: Unit, order: Order | BreakOrder, effect: Callable[[Agent], Awaitable[Iterable[Fact]]]
) -> Answer:
    """Return the one answer to a command with an id: what `effect` made true, or its refusal.

    Raises:
        UnknownAgent, CommandIdReused: see `obey`.
    """
    before = await unit.load(AGENT, order.agent_id)
    if before.profile is None:
        raise UnknownAgent(f"agent {order.agent_id} does not exist")
    key = _answer_key(order)
    known = await unit.load(ANSWER, key)
    if known is not None:
        if known.asked != asked(order.command):
            raise CommandIdReused(f"command id {order.command_id} was another command")
        return known
    try:
        facts = await effect(before)
    except Refusal as refused:
        given = answer(order.command, [], before, refusal_of(refused))
    else:
        given = answer(order.command, facts, await unit.load(AGENT, order.agent_id))
    unit.put(ANSWER, key, given)
    return given


async def carry_out(unit: Unit, agent_id: str, command: Command, cause: Cause) -> list[Fact]:
    """Carry out one command on an agent and return the facts it made true.

    An agent's time never goes back: what was asked before something else happened, but had to wait
    for it, happens at the same time as that.

    Raises:
        Refusal: see `decide`.
    """
    agent = await unit.load(AGENT, agent_id)
    if agent.last_at is not None and cause.time < agent.last_at:
        cause = changed(cause, time=agent.last_at)
    facts = decide(agent, await _informed(unit, agent, command), cause.time)
    if not facts:
        return facts
    after = fold(agent, facts, cause.time)
    unit.put(AGENT, agent_id, after)
    for fact in facts:
        if isinstance(fact, CallAnswered):
            key = taker_key(fact.call_id, fact.attempt)
            unit.put(TAKER, key, Taker(fact.reservation_id))
        if isinstance(fact, CallWrappedUp):
            work = work_of(agent, fact.reservation_id)
            await _keep_notes(unit, fact, work[1] if work else None, cause.time)
    offered = command.card if isinstance(command, RingOffer) else None
    told = [
        _told(fact, after, _card(agent, fact) or offered, cause)
        for fact in facts
        if isinstance(fact, Event)
    ]
    unit.publish(told, stream=agent_id)
    return facts


async def _informed(unit: Unit, agent: Agent, command: Command) -> Command:
    """Return the command with whether its attempt is taken (locks that row), or the team's rule."""
    match command:
        case RingOffer(call_id=call_id, attempt=attempt):
            taker = await unit.load(TAKER, taker_key(call_id, attempt))
            rules = await _rules(unit, command.queue_id)
            return replace(command, taken=taker is not None, wrap_up=rules)
        case AcceptOffer(reservation_id=reservation_id) | AnswerLeg(reservation_id=reservation_id):
            found = find(agent, reservation_id)
            if found is None:
                return command
            taker = await unit.load(TAKER, taker_key(found[1].call_id, found[1].attempt))
            return replace(command, taken=taker is not None)
        case Tick() if ringing_slots(agent) and agent.profile and agent.profile.team:
            team = await unit.peek(TEAM, agent.profile.team)
            return replace(command, rona=team.said.rona) if team and team.said.rona else command
        case _:
            return command  # no other command can take an attempt


async def _rules(unit: Unit, queue_id: str | None) -> WrapUpRules | None:
    """Return what holds for the after-call work of the queue's calls, None for the default."""
    policy = await unit.peek(WRAP_UP_POLICY, queue_id) if queue_id else None
    return of_policy(policy.said) if policy else None


async def _keep_notes(
    unit: Unit, wrapped: CallWrappedUp, work: WrapUp | None, at: datetime
) -> None:
    """Keep what the agent wrote where it can be read again."""
    if wrapped.notes_sealed is None or work is None:
        return
    note = Note(
        reservation_id=wrapped.reservation_id,
        agent_id=wrapped.agent_id,
        written_at=at,
        codes=wrapped.codes,
        person=person_of(work),
        erased=(await unit.load(PERSON, person_of(work))).erased,
        sealed=wrapped.notes_sealed,
        client=work.card.client if work.card else None,
    )
    unit.put(NOTES, wrapped.call_id, (*await unit.load(NOTES, wrapped.call_id), note))


def _card(agent: Agent, fact: Event) -> Card | None:
    """Return what is known of the call that a fact is about; None if it is about no call."""
    reservation_id = getattr(fact, "reservation_id", "")
    found = find(agent, reservation_id) or work_of(agent, reservation_id)
    return found[1].card if found else None


def _told(event: Event, agent: Agent, card: Card | None, cause: Cause) -> ToldFact:
    about = card if hasattr(event, "call_id") else None
    if isinstance(event, AgentChanged) and cause.by is not None:
        event = replace(event, by=cause.by)
    return ToldFact(
        event=event,
        time=cause.time,
        pool=agent.profile.pool if agent.profile else cause.pool,
        client=about.client if about else None,
        project=about.project if about else None,
        causation=cause.causation,
        traceparent=cause.traceparent,
    )


def _causation(order: Order) -> str:
    if order.command_id is not None:
        return f"command:{order.command_id}"
    return f"command:{type(order.command).__name__}"


def _answer_key(order: Order | BreakOrder) -> str:
    by = order.by if isinstance(order, Order) else None
    asker = "" if by is None else f"/{by}/"
    return f"{order.agent_id}/{asker}{order.command_id}"
