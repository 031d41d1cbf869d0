"""Each service takes each published example of the topics that it reads, of every version."""

from pathlib import Path

import msgspec
import pytest

import geo.consumers
import ivr.consumers
import reporting.consumers
import router.explain.consumers
from contact_events.calls import Text
from contact_events.envelope import Decoded, Envelope, decode, encode
from contact_events.registry import EVENTS
from contact_events.routing import CallRouted
from contact_events.topics import Topic
from contact_runtime.clock import StoppedClock
from contact_runtime.log import Record
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import Received, RecordHandler
from reporting.domain.audit.auditor import Auditor
from reporting.domain.audit.findings import Patience, Place, Seen
from reporting.domain.folding import Folding
from reporting.domain.live import LiveBoard
from reporting.domain.views import view_of
from reporting.projections import added, replaced
from router.codec import fact_of
from router.domain.decide import decide
from router.domain.evolve import fold
from router.domain.indexes import Indexes
from router.domain.sentences import Names
from router.domain.state import INPUTS, State
from router.explain.projections import decision_of, moment_of, name_of
from router.explain.queries import Told
from router.explain.story import sentence
from tests.support.specimens import NOON

EXAMPLES = sorted((Path(__file__).parents[2] / "libs" / "events" / "examples").glob("*.json"))


def topic_of(path: Path) -> Topic:
    return EVENTS[path.name.rsplit(".v", 1)[0]].topic


def envelope_of(path: Path) -> Envelope:
    decoded = decode(path.read_bytes())
    assert isinstance(decoded, Decoded)
    return decoded.envelope


def record_of(path: Path) -> Record:
    return Record(topic_of(path).name, 0, 0, b"", path.read_bytes(), (), 0)


async def assert_taken(handler: RecordHandler, path: Path) -> None:
    """Have the handler take the example, and see that all it wrote can be read by others."""
    store = MemoryStore()
    async with store.unit() as unit:
        await handler(unit, [Received(record_of(path), envelope_of(path))])
    assert store.dead_letters == []
    for envelope in store.outbox:
        assert decode(encode(envelope)) == Decoded(envelope)


READ_BY_IVR = [path for path in EXAMPLES if topic_of(path) in ivr.consumers.READS]
READ_BY_GEO = [path for path in EXAMPLES if topic_of(path) in geo.consumers.READS]
READ_BY_ROUTER = [path for path in EXAMPLES if topic_of(path).name in INPUTS]
READ_BY_EXPLAIN = [p for p in EXAMPLES if topic_of(p) in router.explain.consumers.READS]
READ_BY_REPORTING = [path for path in EXAMPLES if topic_of(path) in reporting.consumers.READS]


@pytest.mark.parametrize("path", READ_BY_IVR, ids=lambda path: path.stem)
async def test_ivr_takes_it(path: Path) -> None:
    await assert_taken(ivr.consumers.handler(StoppedClock(NOON)), path)


@pytest.mark.parametrize("path", READ_BY_GEO, ids=lambda path: path.stem)
async def test_geo_takes_it(path: Path) -> None:
    await assert_taken(geo.consumers.handler(StoppedClock(NOON)), path)


@pytest.mark.parametrize("path", READ_BY_REPORTING, ids=lambda path: path.stem)
def test_reporting_takes_it(path: Path) -> None:
    envelope = envelope_of(path)
    seen = Seen(Place(topic_of(path).name, 0, 0), 0, envelope)
    auditor = Auditor()
    list(auditor.take(seen))
    list(auditor.close(Patience(at_rest=True)))
    assert auditor.records[topic_of(path).name] == 1
    folding, board = Folding(), LiveBoard()
    folding.take(envelope)
    board.take(envelope)
    rows = [row for rows in [*replaced(folding).values(), *added(folding).values()] for row in rows]
    assert all(rows)
    assert board.now == envelope.time
    assert view_of(board, None)["totals"]["in_talk"] in (0, 1)


@pytest.mark.parametrize("path", READ_BY_ROUTER, ids=lambda path: path.stem)
def test_the_router_takes_it(path: Path) -> None:
    fact, poison = fact_of(record_of(path), "main")
    assert (poison, fact.envelope) == (None, envelope_of(path))
    state = State("main")
    fold(state, fact)
    assert state.positions[fact.topic] == fact.offset + 1
    assert [d for d in decide(Indexes(state), NOON) if isinstance(d, CallRouted)] == []


@pytest.mark.parametrize("path", READ_BY_EXPLAIN, ids=lambda path: path.stem)
def test_explaining_takes_it_and_has_a_sentence_for_it(path: Path) -> None:
    received = Received(record_of(path), envelope_of(path))
    name_of(received)
    row, decided = moment_of(received), decision_of(received)
    if row is None:
        return
    assert '"caller":' not in row["said"]
    told = Told(
        pool=row["pool"],
        topic=row["topic"],
        offset=0,
        client_id=row["client_id"],
        at=row["at"],
        kind=row["kind"],
        said=msgspec.json.decode(row["said"]),
        decision_id=decided["decision_id"] if decided else None,
    )
    said = sentence(told, Names(), row["call_id"])
    assert said != Text(f"{told.kind}.", f"{told.kind}."), "there is no sentence for it"
    assert "—" not in said.en + said.ru
    assert "_" not in said.en.replace(row["call_id"], ""), "a value is not said in words"
