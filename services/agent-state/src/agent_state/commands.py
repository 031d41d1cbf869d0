"""Commands carried out on the rows of the open transaction, in one order of locks.

Memos of calls are locked before agents: a batch of records knows its calls first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from agent_state.domain.agent import Agent, Card, Reserved, calls_held
from agent_state.domain.answers import Answer, answer, asked, refusal_of
from agent_state.domain.call_memo import FOLLOWED, follow, is_taken
from agent_state.domain.commands import (
    AcceptOffer,
    AgentCommand,
    AnswerLeg,
    Command,
    LoseConnection,
    RejectOffer,
    SetProfile,
    SignOut,
    Tick,
)
from agent_state.domain.decide import decide
from agent_state.domain.evolve import find, fold
from agent_state.domain.facts import Fact
from agent_state.domain.refusals import CommandIdReused, Refusal, UnknownAgent
from agent_state.tables import AGENT, ANSWER, CALL_MEMO
from contact_events.registry import Event
from contact_runtime.errors import StreamMoved
from contact_runtime.rows import Fact as ToldFact
from contact_runtime.rows import Unit

_SETTLING = (AcceptOffer, RejectOffer, SignOut, LoseConnection, Tick)
"""Commands that may settle an offer, and so write the memo of its call."""


@dataclass(frozen=True, slots=True)
class Cause:
    """When something is carried out (business time), and what led to it.

    `pool` is where an agent whom nobody has described is told of.
    """

    time: datetime
    causation: str | None = None
    traceparent: str | None = None
    pool: str = "main"


@dataclass(frozen=True, slots=True)
class Order:
    """A command of one agent, under an id that may be repeated."""

    agent_id: str
    command_id: str
    command: AgentCommand


async def lock(unit: Unit, orders: Iterable[tuple[str, Command]]) -> None:
    """Lock the rows that these commands of agents may touch, memos before agents.

    Raises:
        StreamMoved: an agent got another call meanwhile; try the whole transaction again.
    """
    wanted = list(orders)
    settling = {agent_id for agent_id, command in wanted if isinstance(command, _SETTLING)}
    calls: set[str] = set()
    for agent_id in sorted(settling):
        calls.update(calls_held(await unit.peek(AGENT, agent_id)))
    await unit.load_many(CALL_MEMO, calls)
    await unit.load_many(AGENT, {agent_id for agent_id, _ in wanted})
    for agent_id in settling:
        if not calls.issuperset(calls_held(await unit.load(AGENT, agent_id))):
            raise StreamMoved(f"agent {agent_id} got another call")


async def lock_orders(unit: Unit, orders: Iterable[Order]) -> None:
    """Lock what `handle` needs for all of these orders; see `lock`."""
    wanted = list(orders)
    await lock(unit, [(order.agent_id, order.command) for order in wanted])
    await unit.load_many(ANSWER, {_answer_key(order) for order in wanted})


async def handle(unit: Unit, order: Order, cause: Cause) -> Answer:
    """Carry out an agent's command once, and return its one answer, refusals included.

    Raises:
        UnknownAgent: there is no such agent; nothing is remembered.
        CommandIdReused: the id was used for another command.
    """
    await lock(unit, [(order.agent_id, order.command)])
    before = await unit.load(AGENT, order.agent_id)
    if before.profile is None:
        raise UnknownAgent(f"agent {order.agent_id} does not exist")
    known = await unit.load(ANSWER, _answer_key(order))
    if known is not None:
        if known.asked != asked(order.command):
            raise CommandIdReused(f"{order.command_id} was another command")
        return known
    given = await _answered(unit, order, before, cause)
    unit.put(ANSWER, _answer_key(order), given)
    return given


async def describe(unit: Unit, agent_id: str, command: SetProfile, cause: Cause) -> Agent:
    """Describe an agent anew and return them.

    Raises:
        PoolFixed: see `decide`.
    """
    await carry_out(unit, agent_id, command, cause)
    return await unit.load(AGENT, agent_id)


async def carry_out(unit: Unit, agent_id: str, command: Command, cause: Cause) -> list[Fact]:
    """Carry out one command on an agent and return the facts it made true.

    The memo of every call whose offers it may settle is locked already.

    Raises:
        Refusal: see `decide`.
    """
    agent = await unit.load(AGENT, agent_id)
    facts = decide(agent, await _informed(unit, agent, command), cause.time)
    if not facts:
        return facts
    after = fold(agent, facts, cause.time)
    unit.put(AGENT, agent_id, after)
    told = []
    for fact in facts:
        card = await _followed(unit, agent, fact)
        if isinstance(fact, Event):
            told.append(_told(fact, after, card, cause))
    unit.publish(told, stream=agent_id)
    return facts


async def _answered(unit: Unit, order: Order, before: Agent, cause: Cause) -> Answer:
    try:
        facts = await carry_out(unit, order.agent_id, order.command, cause)
    except Refusal as refused:
        return answer(order.command, [], before, refusal_of(refused))
    return answer(order.command, facts, await unit.load(AGENT, order.agent_id))


async def _informed(unit: Unit, agent: Agent, command: Command) -> Command:
    """Return the command with what is known of the call: whether its attempt is taken."""
    if not isinstance(command, AcceptOffer | AnswerLeg):
        return command
    found = find(agent, command.reservation_id)
    if found is None or not isinstance(found[1], Reserved):
        return command
    memo = await unit.load(CALL_MEMO, found[1].call_id)
    return replace(command, taken=is_taken(memo, found[1].attempt))


async def _followed(unit: Unit, agent: Agent, fact: Fact) -> Card | None:
    """Let the memo of the fact's call follow it, and return what is known of that call."""
    if isinstance(fact, FOLLOWED):
        memo = await unit.load(CALL_MEMO, fact.call_id)
        unit.put(CALL_MEMO, fact.call_id, follow(memo, fact, agent.agent_id))
        return memo.card
    found = find(agent, getattr(fact, "reservation_id", ""))
    return found[1].card if found else None


def _told(event: Event, agent: Agent, card: Card | None, cause: Cause) -> ToldFact:
    return ToldFact(
        event=event,
        time=cause.time,
        pool=agent.profile.pool if agent.profile else cause.pool,
        client=card.client if card else None,
        project=card.project if card else None,
        causation=cause.causation,
        traceparent=cause.traceparent,
    )


def _answer_key(order: Order) -> str:
    return f"{order.agent_id}/{order.command_id}"
