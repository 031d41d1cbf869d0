"""I4: the tables of reporting equal the fold of the log, and the auditor names the row if not."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_events.envelope import encode
from contact_runtime.database import connect
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from reporting.audit import Audit
from reporting.consumers import READS
from reporting.domain.audit.findings import Patience, Seen
from reporting.held_tables import held
from reporting.projections import project
from reporting.tables import READER
from tests.support.histories import plain_call

pytestmark = pytest.mark.postgres

POSITION = text(
    "INSERT INTO positions (reader, topic, partition, next_offset) VALUES (:reader, :topic, 0, :at)"
)


@dataclass
class Reported:
    """A log, the tables that were made of it, and an audit of both."""

    log: MemoryLog
    engine: AsyncEngine
    audit: Audit

    async def findings(self) -> list[str]:
        async with self.engine.connect() as connection:
            tables_held = await held(connection)
        report = await self.audit.report(tables_held, Patience(at_rest=True))
        return [str(finding) for finding in report.findings]

    async def change(self, statement: str) -> None:
        async with self.engine.begin() as connection:
            assert (await connection.execute(text(statement))).rowcount


@pytest.fixture
async def reported(postgres_url: str) -> AsyncIterator[Reported]:
    await migrate("reporting", postgres_url)
    engine, log, story = connect(postgres_url), MemoryLog(), plain_call()
    await log.ensure_topics(READS, 1)
    await write(log, story.log)
    async with SqlStore(engine, source="/polycentre/reporting").unit() as unit:
        await project(unit.driver, [seen.envelope for seen in story.log])
    async with engine.begin() as connection:
        for topic, at in story.ends().items():
            await connection.execute(POSITION, {"reader": READER, "topic": topic, "at": at})
    yield Reported(log, engine, Audit(log))
    await engine.dispose()


async def write(log: MemoryLog, seens: Iterable[Seen]) -> None:
    writer = await log.writer()
    for seen in seens:
        await writer.append(
            TopicPartition(seen.place.topic, 0), [Entry(b"k", encode(seen.envelope))]
        )


async def test_tables_that_equal_the_fold_are_found_sound(reported: Reported) -> None:
    assert await reported.findings() == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE queue_intervals SET answered = answered + 1", "answered is 2, not 1"),
        ("UPDATE agent_intervals SET offered = 0", "offered is 0, not 1"),
        ("UPDATE place_intervals SET talk_ms = 0", "talk_ms is 0, not 60000"),
        ("UPDATE contact_intervals SET arrived = 2", "arrived is 2, not 1"),
        ("UPDATE contact_legs SET agent_id = 'a2'", "agent_id is a2, not a1"),
        ("DELETE FROM agent_timeline WHERE status = 'Talking'", "is missing"),
        ("UPDATE agent_spells SET length_ms = 1 WHERE status = 'Talking'", "length_ms is 1"),
        ("UPDATE contacts SET outcome = 'abandoned'", "outcome is abandoned, not answered"),
        ("UPDATE agents_now SET status = 'Ready'", "status is Ready, not Offline"),
        ("DELETE FROM contacts", "contacts c1 is missing"),
        (
            "INSERT INTO agent_spells VALUES (now(), 'a9', 'moscow', '', 'Ready', '', 5)",
            "has no cause in the log",
        ),
    ],
)
async def test_a_row_that_is_not_the_fold_is_named(
    reported: Reported, statement: str, said: str
) -> None:
    await reported.change(statement)
    (finding,) = await reported.findings()
    assert finding.startswith("I4: ")
    assert said in finding


async def test_an_audit_that_goes_on_finds_what_is_broken_later_and_nothing_twice(
    reported: Reported,
) -> None:
    assert await reported.findings() == []
    await reported.change("UPDATE contacts SET outcome = 'abandoned'")
    (broken,) = await reported.findings()
    assert "outcome is abandoned" in broken
    await reported.change("UPDATE contacts SET outcome = 'answered'")
    assert await reported.findings() == []


async def test_what_the_tables_have_not_folded_yet_is_compared_once_they_have(
    reported: Reported,
) -> None:
    await reported.change("UPDATE positions SET next_offset = 0")
    assert "has no cause in the log" in "".join(await reported.findings())
    story = plain_call()
    for topic, at in story.ends().items():
        await reported.change(f"UPDATE positions SET next_offset = {at} WHERE topic = '{topic}'")
    assert await reported.findings() == []
