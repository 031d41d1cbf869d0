"""agent-state that dies at its k-th step and starts again, and a world around it that does not."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from agent_state import clocking, contacts
from agent_state.commands import Order
from agent_state.consumers import READER, READS
from agent_state.domain.agent import Agent, Profile
from agent_state.domain.answers import Answer
from agent_state.domain.commands import AgentCommand, BecomeReady, SetProfile
from agent_state.tables import AGENT, BREAKS, REASON, ROSTER
from contact_events.answering import OUTCOMES
from contact_events.envelope import Decoded, Envelope, decode, encode, headers_of, key_of
from contact_events.partitions import partition_of
from contact_events.registry import Event, event_type_of
from contact_events.routing import CallRouted, RouterEpochStarted
from contact_events.topics import AGENT_STATE, ANSWERED, TOPICS, WRAPPED_UP
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.memory_store import MemoryStore
from tests.support.agent_floor import Floor, profile
from tests.support.agent_life import Life, Tab, mourn
from tests.support.mortal import Fate
from tests.support.wait import until

PAUSE_S = 0.05
MOST_PAUSES = 20_000
PARTITIONS = 1
OURS = (AGENT_STATE.name, ANSWERED.name, WRAPPED_UP.name)
READERS = (
    (READER, READS),
    (contacts.READER, contacts.READS),
    (clocking.READER, clocking.READS),
)


class Centre:
    """agent-state, however often it dies; ivr, the router, devices and the clock never do.

    `order` is in which order what happens `together` happens, one after the other; None: at once.
    """

    def __init__(self, order: Sequence[int] | None = None, torn: str | None = None) -> None:
        self.store = MemoryStore(source="/polycentre/agent-state", partitions=PARTITIONS)
        self.log = MemoryLog()
        self.floor = Floor()
        self.clock = self.floor.clock
        self.torn = torn
        self.asked: dict[str, tuple[str, AgentCommand, Answer]] = {}
        self.offers: list[CallRouted] = []
        self._order = order
        self._deaths: list[int | None] = []
        self._tabs: list[asyncio.Task[None]] = []
        self._life: Life

    async def begin(self, *agents: str, **fields: Any) -> None:
        """Start a process that lives, and let these agents be Ready."""
        asyncio.get_running_loop().set_exception_handler(mourn)
        await self.log.ensure_topics(TOPICS, PARTITIONS)
        self._life = Life(self.store, self.log, self.clock, Fate(), self.torn)
        await self.say(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        for agent_id in agents:
            described: Profile = profile(**fields)
            await self._life.context.submit(Order(agent_id, SetProfile(profile=described)))
            await self._life.context.submit(Order(agent_id, BecomeReady()))
        await self.settle()

    def doom(self, *deaths: int) -> None:
        """Let the present process die at the first of these steps, the next at the second..."""
        self._deaths = [*deaths, None]
        self._life.fate.arm(self._deaths.pop(0))

    @property
    def died(self) -> bool:
        """Return whether all deaths have happened that were to come."""
        return not self._deaths

    async def _alive(self) -> Life:
        """Return a process that lives; another one if it died."""
        if self._life.fate.dead:
            before, fate = self._life, Fate()
            fate.arm(self._deaths.pop(0))
            self._life = Life(self.store, self.log, self.clock, fate, self.torn)
            await before.store.run_leases_out()
        self._life.check()
        return self._life

    async def say(self, *events: Event) -> None:
        """Have ivr or the router write these to the log."""
        writer = await self.log.writer()
        for event in events:
            envelope = self.floor.record(event).envelope
            entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
            topic = event_type_of(type(event)).topic.name
            await writer.append(TopicPartition(topic, partition_of("main", PARTITIONS)), [entry])

    async def ask(self, agent_id: str, command: AgentCommand, command_id: str) -> Answer:
        """Have a device ask, with the same id again if the process dies before it answers."""
        while True:
            life = await self._alive()
            order = Order(agent_id, command, command_id)
            answering = asyncio.ensure_future(life.context.submit(order))
            await until("an answer, or a death", lambda: answering.done() or life.fate.dead)  # noqa: B023
            if answering.done():
                answer = answering.result()
                known = self.asked.setdefault(command_id, (agent_id, command, answer))
                assert known[2] == answer, f"{command_id} was answered otherwise before"
                return answer
            answering.cancel()

    async def sit(self, agent_id: str) -> Tab:
        """Open a desktop of the agent, again and again until it is shown something and is kept."""
        while True:
            life, tab = await self._alive(), Tab()
            self._tabs.append(tab.opened(life, agent_id))

            async def sits(life: Life = life, tab: Tab = tab) -> bool:
                desk = (await self.agent(agent_id)).desk
                return life.fate.dead or (tab.shown and desk.place == life.context.sockets.place)

            await until("a snapshot and a desk, or a death", sits)
            if not life.fate.dead:
                return tab

    async def together(self, *happenings: Callable[[], Awaitable[Any]]) -> None:
        """Let these happen at the same moment, or in the order that was wished."""
        if self._order is None:
            await asyncio.gather(*(happens() for happens in happenings))
        else:
            for number in self._order:
                await happenings[number]()
                await self.settle()
        await self.settle()

    async def happens(self, *events: Event) -> None:
        """Have ivr or the router say these, and wait until all is at rest."""
        await self.say(*events)
        await self.settle()

    async def passes(self, seconds: float) -> None:
        """Let business time pass."""
        self.clock.advance(seconds)

    async def later(self, seconds: float) -> None:
        """Let business time pass, and wait until all is at rest."""
        await self.passes(seconds)
        await self.settle()

    async def outlast(self, machine_s: float) -> None:
        """Let so much machine time pass from the last death on, if there is one, and more."""
        passed_s = 0.0
        while passed_s < 2 * machine_s:
            if self._life.fate.dead:
                passed_s = 0.0
            await self._alive()
            await asyncio.sleep(PAUSE_S)
            passed_s += PAUSE_S
        await self.settle()

    async def rings(self, call_id: str, agent_id: str, **fields: Any) -> CallRouted:
        """Have the router offer the call to the agent, and wait until all is at rest."""
        offer = self.floor.offer(call_id, agent_id, **fields)
        self.offers.append(offer)
        await self.happens(offer)
        return offer

    async def settle(self) -> None:
        """Wait until all is read, carried out and published, whoever dies meanwhile."""
        for _ in range(MOST_PAUSES):
            life = await self._alive()
            await asyncio.sleep(PAUSE_S)
            if not life.fate.dead and not await self._why_not():
                return
        raise TimeoutError(f"waited for rest: {await self._why_not()}")

    async def _why_not(self) -> str:
        for reader, topics in READERS:
            ends = await self.log.ends([topic.name for topic in topics])
            if await self.store.positions(reader) != ends:
                return f"{reader} has not read all"
        if await self.store.unpublished(1):
            return "not all is published"
        for kind in (AGENT, ROSTER, BREAKS):
            if any(at <= self.clock.now() for at, _ in await self.store.due(kind, 1)):
                return f"{kind.name} is due"
        return "" if await self.store.scan(REASON) else "the standing documents are not there"

    async def agent(self, agent_id: str) -> Agent:
        """Return the agent's row."""
        return await self.store.peek(AGENT, agent_id)

    def outcomes(self) -> dict[str, list[str]]:
        """Return what was published of each reservation, repetitions of one record left out."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for envelope in self.published():
            if isinstance(envelope.data, OUTCOMES):
                reservation = str(getattr(envelope.data, "reservation_id", ""))
                found[reservation].append(
                    getattr(envelope.data, "reason", type(envelope.data).__name__)
                )
        return found

    def outcome(self, offer: CallRouted) -> str:
        """Return the one outcome of the offer."""
        [outcome] = self.outcomes()[offer.reservation_id]
        return outcome

    def published(self) -> list[Envelope]:
        """Return what stands on our topics, stream after stream, each event once and in order.

        Raises:
            AssertionError: a stream has a gap, goes back, or repeats what is not the same.
        """
        streams: defaultdict[str, dict[int, Envelope]] = defaultdict(dict)
        for topic in OURS:
            last: defaultdict[str, int] = defaultdict(int)
            for record in self.log.records[TopicPartition(topic, partition_of("main", PARTITIONS))]:
                found = decode(record.value)
                assert isinstance(found, Decoded)
                envelope, known = found.envelope, streams[found.envelope.stream]
                if envelope.sequence in known:
                    assert known[envelope.sequence] == envelope, "repeated otherwise"
                    continue
                assert envelope.sequence > last[envelope.stream], "a stream goes back"
                last[envelope.stream] = envelope.sequence
                known[envelope.sequence] = envelope
        for stream, known in streams.items():
            assert sorted(known) == list(range(1, len(known) + 1)), f"{stream} has a gap"
        return [known[n] for _, known in sorted(streams.items()) for n in sorted(known)]
