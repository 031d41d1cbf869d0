"""What a row's version and its restatement tell: that its content changed, and after what."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from contact_events.envelope import Envelope
from contact_events.locations import CallerLocated
from contact_runtime.database import connect
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from reporting.projections import project
from tests.support.busy_day import fresh
from tests.support.histories import Story, plain_call

pytestmark = pytest.mark.postgres


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[SqlStore]:
    await migrate("reporting", postgres_url)
    one = SqlStore(connect(postgres_url), source="/polycentre/reporting")
    yield one
    await one.close()


async def fold(store: SqlStore, events: list[Envelope]) -> None:
    async with store.unit() as unit:
        await project(unit.driver, events)


async def versions(store: SqlStore, table: str) -> list[tuple[object, ...]]:
    async with store.engine.connect() as connection:
        found = await connection.execute(text(f"SELECT row_version, restated_at FROM {table}"))
        return [tuple(row) for row in found]


async def test_a_batch_is_one_change_of_a_row_however_many_facts_it_holds(store: SqlStore) -> None:
    log = fresh(plain_call().log)
    await fold(store, log[:4])
    await fold(store, log[4:])
    assert await versions(store, "contacts") == [(2, None)]
    assert await versions(store, "queue_intervals") == [(2, None)]
    assert await versions(store, "agent_intervals") == [(1, None)]


async def test_a_batch_that_changes_nothing_of_a_row_leaves_its_version(store: SqlStore) -> None:
    log = fresh(plain_call().log)
    await fold(store, log)
    last = [event for event in log if event.stream == "a1"][-1:]
    await fold(store, last)
    assert await versions(store, "contacts") == [(1, None)]
    assert await versions(store, "agent_intervals") == [(1, None)]


async def test_a_fact_that_comes_after_a_contact_was_final_restates_it(store: SqlStore) -> None:
    story = plain_call()
    (wrapped,) = [s for s in story.log if type(s.envelope.data).__name__ == "CallWrappedUp"]
    (released,) = [s for s in story.log if type(s.envelope.data).__name__ == "CallReleased"]
    on_time = fresh([s for s in story.log if s not in (wrapped, released)])
    await fold(store, on_time)
    assert await versions(store, "contacts") == [(1, None)]
    await fold(store, [released.envelope, wrapped.envelope])
    assert await versions(store, "contacts") == [(2, None)], "its wrap-up was owed"
    story.passes(60)
    located = CallerLocated(call_id="c1", precision="region", source="plan", region="RU-MOW")
    late = story.append(located, "c1")
    await fold(store, [late.envelope])
    assert await versions(store, "contacts") == [(3, late.envelope.time)]


async def test_an_interval_is_restated_an_hour_after_its_end_and_not_before(
    store: SqlStore,
) -> None:
    story = plain_call()
    await fold(store, fresh(story.log))
    for minutes, expected in ((30, False), (90, True)):
        told = len(story.log)
        story.now = story.log[0].envelope.time + timedelta(minutes=minutes)
        story.arrives(f"now{minutes}")
        await fold(store, fresh(story.log)[told:])
        late = Story()
        late.arrives(f"late{minutes}")
        late.queues(f"late{minutes}")
        await fold(store, fresh(late.log))
        ((_, restated_at),) = await versions(store, "queue_intervals")
        assert (restated_at is not None) is expected
