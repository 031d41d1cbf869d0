"""agent-state takes each example of what it reads, alone and after an offer of that call."""

from pathlib import Path

import pytest

from agent_state import break_desk, clocking, contacts
from agent_state.consumers import READS
from agent_state.tables import CALLER, CLOCKED, CONTACT, SITE, clocked_key
from contact_events.agents import AgentChanged
from contact_events.config import SiteChanged
from contact_events.envelope import Decoded, Envelope, decode
from contact_events.registry import EVENTS, event_type_of
from contact_events.topics import Topic
from contact_runtime.log import Record
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import Received
from tests.support.agent_floor import Floor, done

EXAMPLES = Path(__file__).parents[2] / "libs" / "events" / "examples"


def examples_on(topics: tuple[Topic, ...]) -> list[Path]:
    """Return the examples of events on these topics."""
    return [
        path
        for path in sorted(EXAMPLES.glob("*.json"))
        if EVENTS[path.name.rsplit(".v", 1)[0]].topic in topics
    ]


def example(path: Path) -> Envelope:
    decoded = decode(path.read_bytes())
    assert isinstance(decoded, Decoded)
    return decoded.envelope


@pytest.mark.parametrize("path", examples_on(READS), ids=lambda path: path.name)
@pytest.mark.parametrize("offered", [False, True])
def test_each_example_is_taken(path: Path, offered: bool) -> None:
    envelope = example(path)
    floor = Floor("a1")
    if offered:
        floor.rung(getattr(envelope.data, "call_id", "k1"), "a1")
    topic = event_type_of(type(envelope.data)).topic.name
    record = Record(topic, 0, floor.offsets.setdefault(topic, 0), b"", path.read_bytes(), (), 0)
    floor.take([Received(record, envelope)])
    floor.advance(3600.0)
    assert floor.state("a1") == "free"


@pytest.mark.parametrize("path", examples_on(contacts.READS), ids=lambda path: path.name)
def test_each_example_is_taken_by_the_projection_of_contacts(path: Path) -> None:
    envelope = example(path)
    record = Record(event_type_of(type(envelope.data)).topic.name, 0, 0, b"", b"", (), 0)
    store = MemoryStore()

    async def take() -> None:
        async with store.unit() as unit:
            await contacts.project(unit, [Received(record, envelope)])

    done(take())
    written = {kind for kind, _ in store.rows}
    assert written <= {CONTACT.name, CALLER.name}


@pytest.mark.parametrize("path", examples_on(clocking.READS), ids=lambda path: path.name)
def test_each_example_is_taken_by_who_keeps_the_times(path: Path) -> None:
    envelope = example(path)
    record = Record(event_type_of(type(envelope.data)).topic.name, 0, 0, b"", b"", (), 0)
    store = MemoryStore()

    async def take() -> None:
        async with store.unit() as unit:
            await clocking.handler(break_desk.follow)(unit, [Received(record, envelope)])

    done(take())
    if isinstance(changed := envelope.data, AgentChanged):
        kept = done(store.peek(CLOCKED, clocked_key(changed.agent_id)))
        assert kept.status == changed.status
    if isinstance(site := envelope.data, SiteChanged):
        assert done(store.peek(SITE, site.site_id)) == site.time_zone
