"""ivr and agent-state as production builds them, on stores in memory, without waiting.

A host is one service: its rows, its outbox with how far each stream was published, and how far it
has read. Everything happens when the world says so.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import agent_state.consumers
import agent_state.tables
import ivr.consumers
import ivr.tables
from agent_state.commands import Order, obey
from agent_state.domain.agent import Agent
from agent_state.domain.call_memo import CallMemo
from agent_state.domain.refusals import Refusal
from contact_events.intake import Intake
from contact_runtime.clock import StoppedClock
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import Received, RecordHandler
from contact_runtime.rows import Kind, Unit
from contact_runtime.unit import EventWrite
from ivr.commands import Cause, handle
from ivr.domain.call import Call
from ivr.domain.commands import Command
from tests.support.protocol_log import Log

T = TypeVar("T")
S = TypeVar("S")
Told = tuple[Received | None, list[EventWrite]]
"""What one transaction heard of one record, if any, and what it wrote because of it."""


def done(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that never waits."""
    try:
        work.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    raise AssertionError("it waited for something")


class Host(ABC):
    """One service."""

    source: str
    timed: Kind[Any]
    reads: tuple[str, ...]

    def __init__(self, log: Log, clock: StoppedClock) -> None:
        self.log = log
        self.clock = clock
        self.store = MemoryStore(source=self.source)
        self.intake = Intake()
        self.read_to: dict[str, int] = dict.fromkeys(self.reads, 0)
        self.streams: dict[str, list[EventWrite]] = {}
        self.published: dict[str, int] = {}
        self.history: list[Told] = []
        self._seen = 0

    @abstractmethod
    def handler(self) -> RecordHandler:
        """Return the service's own handler of records."""

    @abstractmethod
    async def tick(self, unit: Unit, key: str) -> None:
        """Carry out what the row of `key` was due for."""

    def transact(self, work: Callable[[Unit], Awaitable[T]], heard: Sequence[Received] = ()) -> T:
        """Return what `work` returns in a transaction of its own."""
        result = done(self._transact(work))
        self._collect(heard)
        return result

    async def _transact(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        async with self.store.unit() as unit:
            return await work(unit)

    def _collect(self, heard: Sequence[Received]) -> None:
        written = [event for _, event in self.store.events[self._seen :]]
        self._seen = len(self.store.events)
        for event in written:
            self.streams.setdefault(event.stream, []).append(event)
            self.published.setdefault(event.stream, 0)
        for received in heard:
            cause = received.envelope.id
            self.history.append((received, [e for e in written if _cause(e) == cause]))
        if not heard:
            self.history.append((None, written))

    def rows(self, kind: Kind[S]) -> dict[str, S]:
        """Return all rows of a kind by key, in the order in which they were first written."""
        return {
            key: kind.decode(row.text)
            for (name, key), row in self.store.rows.items()
            if name == kind.name and row.text is not None
        }

    def row(self, kind: Kind[S], key: str) -> S:
        """Return one row."""
        return done(self.store.peek(kind, key))

    def unread(self, topic: str) -> int:
        """Return how many records of the topic were not read yet."""
        return len(self.log.records[topic]) - self.read_to[topic]

    def read(self, topics: Sequence[str]) -> list[Received]:
        """Read the next record of each of these topics, in this order, in one transaction.

        Return those that counted.
        """
        batch = []
        for topic in topics:
            if self.unread(topic):
                batch.append(self.log.records[topic][self.read_to[topic]])
                self.read_to[topic] += 1
        taken = [r for r in batch if self.intake.takes(r.record.topic, r.envelope)]
        if taken:
            handler = self.handler()
            self.transact(lambda unit: handler(unit, taken), taken)
        return taken

    def unpublished(self, stream: str) -> int:
        """Return how many events of the stream are not on the log yet."""
        return len(self.streams.get(stream, ())) - self.published.get(stream, 0)

    def publish(self, stream: str) -> bool:
        """Get the next event of the stream onto the log."""
        if not self.unpublished(stream):
            return False
        event = self.streams[stream][self.published[stream]]
        self.published[stream] += 1
        self.log.append(event.tp.topic, event.entry)
        return True

    def repeat(self, stream: str, index: int, to_the_end: bool) -> bool:
        """Publish again: a relay died before it marked what it sent, or a zombie still sends."""
        published = self.published.get(stream, 0)
        if not 0 <= index < published:
            return False
        for event in self.streams[stream][index : published if to_the_end else index + 1]:
            self.log.append(event.tp.topic, event.entry)
        return True

    def due(self) -> list[str]:
        """Return the rows that are due, the earliest first."""
        now = self.clock.now()
        return [key for at, key in done(self.store.due(self.timed, 1000)) if at <= now]

    def run_timer(self) -> bool:
        """Give the first due row its tick; tell whether there was one.

        Raises:
            AssertionError: it stays due for ever.
        """
        due = self.due()
        if not due:
            return False
        self.transact(lambda unit: self.tick(unit, due[0]))
        assert due[0] not in self.due(), "a timer stays due after its tick"
        return True

    def copy(self, log: Log, clock: StoppedClock) -> "Host":
        """Return the service as it is, on another log."""
        other = type(self)(log, clock)
        other.store = self.store.snapshot()
        other.intake = Intake(dict(self.intake.sequences), dict(self.intake.leaderships))
        other.read_to = dict(self.read_to)
        other.streams = {stream: list(events) for stream, events in self.streams.items()}
        other.published = dict(self.published)
        other.history = list(self.history)
        other._seen = self._seen
        return other


class Ivr(Host):
    """The front door."""

    source = "/polycentre/ivr"
    timed = ivr.tables.CALL
    reads = tuple(topic.name for topic in ivr.consumers.READS)

    def handler(self) -> RecordHandler:
        return ivr.consumers.handler(self.clock)

    async def tick(self, unit: Unit, key: str) -> None:
        await ivr.consumers.tick(unit, key, self.clock.now())

    def calls(self) -> dict[str, Call]:
        return self.rows(ivr.tables.CALL)

    def call(self, call_id: str) -> Call:
        return self.row(ivr.tables.CALL, call_id)

    def order(self, call_id: str, *commands: Command) -> None:
        """Carry out commands on a call, one after the other, in one transaction."""
        cause = Cause(self.clock.now(), "command:test")

        async def work(unit: Unit) -> None:
            for command in commands:
                await handle(unit, call_id, command, cause)

        self.transact(work)


class Agents(Host):
    """agent-state."""

    source = "/polycentre/agent-state"
    timed = agent_state.tables.AGENT
    reads = tuple(topic.name for topic in agent_state.consumers.READS)

    def handler(self) -> RecordHandler:
        return agent_state.consumers.handler(self.clock)

    async def tick(self, unit: Unit, key: str) -> None:
        await agent_state.consumers.tick(unit, key, self.clock.now())

    def agents(self) -> dict[str, Agent]:
        return self.rows(agent_state.tables.AGENT)

    def agent(self, agent_id: str) -> Agent:
        return self.row(agent_state.tables.AGENT, agent_id)

    def memos(self) -> dict[str, CallMemo]:
        return self.rows(agent_state.tables.CALL_MEMO)

    def order(self, agent_id: str, *commands: Any) -> bool:
        """Carry out orders in one transaction each; tell whether the last changed anything."""
        before = self._seen
        for command in commands:
            order = Order(agent_id, command)
            before = self._seen
            try:
                self.transact(lambda unit, order=order: obey(unit, order, self.clock.now()))  # type: ignore[misc]
            except Refusal:
                return False
        return self._seen > before


def _cause(event: EventWrite) -> str | None:
    return event.envelope.causationid if event.envelope else None
