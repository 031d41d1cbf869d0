"""What agent-state hears: calls and their places, valid decisions, and who was erased."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from agent_state.cards import look_up, whole_card
from agent_state.commands import Cause, carry_out
from agent_state.domain.agent import Agent, calls_held
from agent_state.domain.call_memo import (
    CallMemo,
    attempts,
    consulted_about,
    diverted_to,
    held_by,
    learn,
    let_go_by,
    located,
    offer_of,
    sent_on,
    took_over,
)
from agent_state.domain.commands import (
    AnswerLeg,
    EndCall,
    JoinCall,
    LearnCard,
    LeaveCall,
    LogCommand,
    MoveCall,
    RescindOffer,
    Tick,
)
from agent_state.domain.contacts import caller_ref
from agent_state.domain.ends import EndsBlock, added, began, block_of, forgotten, passed
from agent_state.notes import erase
from agent_state.tables import AGENT, CALL_MEMO, ENDS, ENDS_BLOCK, TAKER, taker_key
from contact_events.calls import (
    TERMINAL,
    CallAgentLegAnswered,
    CallArrived,
    CallConnected,
    CallDiverted,
    CallPartyJoined,
    CallPartyLeft,
    CallQueued,
    CallRecovered,
)
from contact_events.locations import CallerLocated
from contact_events.people import PersonErased
from contact_events.registry import Event
from contact_events.routing import CallRescinded, CallRouted, Decision
from contact_events.topics import CALL_ARRIVED, CALLER_LOCATED, PEOPLE, ROUTED
from contact_runtime.clock import Clock
from contact_runtime.reader import Received, RecordHandler
from contact_runtime.rows import Unit

READER = "agent-state"
READS = (CALL_ARRIVED, CALLER_LOCATED, ROUTED, PEOPLE)


def handler(clock: Clock) -> RecordHandler:
    """Return what carries out a batch of records in one transaction.

    All its rows are locked before the first record, in the order of `tables`.
    """

    async def handle_batch(unit: Unit, batch: Sequence[Received]) -> None:
        read = _Batch(batch)
        await read.lock(unit)
        for received in batch:
            envelope = received.envelope
            cause = Cause(clock.now(), envelope.id, envelope.traceparent, envelope.pool)
            await _hear(unit, received, cause)
        await read.note_ends(unit)

    return handle_batch


async def tick(unit: Unit, agent_id: str, now: datetime) -> None:
    """Carry out the due time of an agent: ringing or after-call work is over."""
    await carry_out(unit, agent_id, Tick(), Cause(now, f"timer:{agent_id}"))


async def _hear(unit: Unit, received: Received, cause: Cause) -> None:
    fact = received.envelope.data
    match fact:
        case CallRouted(call_id=call_id, agent_id=agent_id):
            memo = await unit.load(CALL_MEMO, call_id)
            unit.put(CALL_MEMO, call_id, held_by(memo, agent_id))
            card = await whole_card(unit, memo)
            await carry_out(unit, agent_id, offer_of(memo, fact, received.envelope, card), cause)
        case CallRescinded(agent_id=agent_id, reservation_id=reservation_id):
            await carry_out(unit, agent_id, RescindOffer(reservation_id=reservation_id), cause)
        case CallAgentLegAnswered(agent_id=agent_id, reservation_id=reservation_id):
            await carry_out(unit, agent_id, AnswerLeg(reservation_id=reservation_id), cause)
        case PersonErased(caller_ref=caller_ref):
            await erase(unit, caller_ref)
        case Decision():
            pass  # progress, overflow, a site's status: only their positions matter here
        case CallerLocated(call_id=call_id):
            memo = await unit.load(CALL_MEMO, call_id)
            await _learned(unit, memo, located(memo, fact), cause)
        case _ if received.record.topic == CALL_ARRIVED.name:
            await _hear_of_call(unit, received, cause)
        case _:
            pass  # router.epoch_started: the reader keeps who leads


async def _hear_of_call(unit: Unit, received: Received, cause: Cause) -> None:
    envelope = received.envelope
    before = await unit.load(CALL_MEMO, envelope.stream)
    memo = learn(before, envelope, received.record.offset)
    fact = envelope.data
    memo = await _with_the_sender(unit, memo, fact)
    command = _command_of(fact, memo)
    if isinstance(fact, CallDiverted) and fact.next_call_id is not None:
        parent = await unit.load(CALL_MEMO, fact.next_call_id)
        moved = diverted_to(parent, fact, await whole_card(unit, parent))
        command = EndCall(call_id=memo.call_id, moved=moved)
    if isinstance(fact, CallPartyJoined):
        command = took_over(memo, fact, await whole_card(unit, memo))
    if command is not None:
        memo = await _tell_holders(unit, memo, command, cause)
    await _learned(unit, before, memo, cause)


async def _with_the_sender(unit: Unit, memo: CallMemo, fact: Event) -> CallMemo:
    """Return the memo with what is known of who sent the call on, or asks for a consultation."""
    match fact:
        case CallArrived(parent_call_id=str(parent_id)):
            return consulted_about(memo, await unit.load(CALL_MEMO, parent_id))
        case CallQueued(sent_by=sent_by):
            sender: Agent | None = None
            if sent_by is not None:
                sender = await unit.load(AGENT, sent_by)
            return sent_on(memo, fact, sender)
        case _:
            return memo


async def _learned(unit: Unit, before: CallMemo, memo: CallMemo, cause: Cause) -> None:
    """Keep what was learned of a call, and show who holds it what is new on the card."""
    card = await whole_card(unit, memo) if memo.holders and memo.card != before.card else None
    if card is not None:
        learned = LearnCard(call_id=memo.call_id, card=card)
        memo = await _tell_holders(unit, memo, learned, cause)
    if memo != before:
        unit.put(CALL_MEMO, memo.call_id, memo)


async def _tell_holders(unit: Unit, memo: CallMemo, command: LogCommand, cause: Cause) -> CallMemo:
    """Carry out the command on every agent who holds the call; return who still does."""
    gone = set()
    for agent_id in sorted(memo.holders):
        await carry_out(unit, agent_id, command, cause)
        if memo.call_id not in calls_held(await unit.load(AGENT, agent_id)):
            gone.add(agent_id)
    return let_go_by(memo, frozenset(gone))


def _command_of(fact: Event, memo: CallMemo) -> LogCommand | None:
    """Return what a fact of ivr asks of the agents who hold the call; None if nothing."""
    match fact:
        case CallQueued(attempt=attempt):
            return MoveCall(call_id=memo.call_id, attempt=attempt)
        case CallRecovered(attempt=attempt, reason=reason):
            return MoveCall(call_id=memo.call_id, attempt=attempt, recovered=reason)
        case CallConnected(attempt=attempt, reservation_id=reservation_id):
            return JoinCall(call_id=memo.call_id, attempt=attempt, reservation_id=reservation_id)
        case CallPartyLeft(reservation_id=reservation_id):
            return LeaveCall(reservation_id=reservation_id)
        case _ if isinstance(fact, TERMINAL):
            return EndCall(call_id=memo.call_id)
        case _:
            # call.arrived, call.flow_step: only what is known of the call; call.priority_changed,
            # call.agent_leg_ringing: nothing to do with slots; call.agent_leg_answered is one
            # agent's.
            return None


class _Batch:
    """The rows that a batch touches, known before the first of its records is carried out."""

    def __init__(self, batch: Sequence[Received]) -> None:
        self._calls: set[str] = set()
        self._routed: set[str] = set()
        self._arrived: dict[str, tuple[str | None, str | None]] = {}
        self._agents: set[str] = set()
        self._takers: set[str] = set()
        self._ended: list[tuple[int, int, str]] = []
        self._position: defaultdict[int, int] = defaultdict(int)
        self._passed: dict[int, list[int]] = {}
        self._forgotten: list[str] = []
        for received in batch:
            self._note(received)

    def _note(self, received: Received) -> None:
        record, fact = received.record, received.envelope.data
        if isinstance(fact, Decision):
            position = fact.positions.get(CALL_ARRIVED.name, 0)
            self._position[record.partition] = max(self._position[record.partition], position)
        if isinstance(fact, CallerLocated):
            self._calls.add(fact.call_id)
        if isinstance(fact, CallRouted | CallRescinded | CallAgentLegAnswered):
            self._calls.add(fact.call_id)
            self._agents.add(fact.agent_id)
        if isinstance(fact, CallRouted):
            self._routed.add(fact.call_id)
            self._takers.add(taker_key(fact.call_id, fact.attempt))
        if isinstance(fact, CallArrived):
            self._arrived[fact.call_id] = (caller_ref(fact), received.envelope.project)
        if record.topic == CALL_ARRIVED.name:
            self._calls.add(received.envelope.stream)
            self._note_parties(fact)
            if isinstance(fact, TERMINAL):
                self._ended.append((record.partition, record.offset, received.envelope.stream))

    def _note_parties(self, fact: Event) -> None:
        match fact:
            case CallArrived(parent_call_id=str(call_id), asked_by_agent_id=str(agent_id)):
                self._calls.add(call_id)
                self._agents.add(agent_id)
            case CallPartyJoined(agent_id=agent_id) | CallQueued(sent_by=str(agent_id)):
                self._agents.add(agent_id)
            case CallDiverted(next_call_id=str(call_id)):
                self._calls.add(call_id)
            case _:
                pass  # the agents of everything else hold the call already

    async def lock(self, unit: Unit) -> None:
        """Lock the rows of the batch in their order, and look those up that its cards need."""
        partitions = {*self._position, *(partition for partition, _, _ in self._ended)}
        await unit.load_many(ENDS, map(str, partitions))
        for partition, position in self._position.items():
            self._passed[partition] = passed(await unit.load(ENDS, str(partition)), position)
        await unit.load_many(ENDS_BLOCK, {*self._passed_keys(), *self._ended_keys()})
        for key in self._passed_keys():
            self._forgotten += (await unit.load(ENDS_BLOCK, key)).calls
        await unit.load_many(CALL_MEMO, self._calls.union(self._forgotten))
        for call_id in self._calls:
            self._agents.update((await unit.load(CALL_MEMO, call_id)).holders)
        for call_id in self._forgotten:
            memo = await unit.load(CALL_MEMO, call_id)
            self._takers.update(taker_key(call_id, attempt) for attempt in attempts(memo))
        await unit.load_many(AGENT, self._agents)
        await unit.load_many(TAKER, self._takers)
        await self._look_up(unit)

    async def _look_up(self, unit: Unit) -> None:
        """Look up what is shown of the calls that the batch offers."""
        refs, projects = set[str](), set[str]()
        for call_id in self._routed:
            memo = await unit.load(CALL_MEMO, call_id)
            ref, project = self._arrived.get(
                call_id, (memo.caller_ref, memo.card.project if memo.card else None)
            )
            refs.update(() if ref is None else (ref,))
            projects.update(() if project is None else (project,))
        await look_up(unit, refs, projects)

    async def note_ends(self, unit: Unit) -> None:
        """Forget the calls whose end the router has folded, and keep where calls ended now.

        In this order: an end may be read long after the decision that has passed it.
        """
        for call_id in self._forgotten:
            for attempt in attempts(await unit.load(CALL_MEMO, call_id)):
                unit.put(TAKER, taker_key(call_id, attempt), None)
            unit.put(CALL_MEMO, call_id, CallMemo(call_id=call_id, forgotten=True))
        for key in self._passed_keys():
            unit.put(ENDS_BLOCK, key, EndsBlock())
        for partition, blocks in self._passed.items():
            if blocks:
                ends = await unit.load(ENDS, str(partition))
                unit.put(ENDS, str(partition), forgotten(ends, blocks))
        for partition, offset, call_id in self._ended:
            key = _key(partition, block_of(offset))
            unit.put(ENDS_BLOCK, key, added(await unit.load(ENDS_BLOCK, key), call_id))
            ends = await unit.load(ENDS, str(partition))
            unit.put(ENDS, str(partition), began(ends, offset))

    def _passed_keys(self) -> list[str]:
        return [_key(p, block) for p, blocks in self._passed.items() for block in blocks]

    def _ended_keys(self) -> list[str]:
        return [_key(partition, block_of(offset)) for partition, offset, _ in self._ended]


def _key(partition: int, block: int) -> str:
    return f"{partition}/{block}"
