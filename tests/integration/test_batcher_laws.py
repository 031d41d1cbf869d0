"""Group commit on both stores: many commands, few transactions, each caller their own answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from contact_runtime.batcher import CommandBatcher
from contact_runtime.database import DATABASE_ERRORS
from contact_runtime.errors import CommitUnknown, StreamMoved, Transient
from contact_runtime.execute import execute
from contact_runtime.memory_store import MemoryStore, MemoryUnit
from contact_runtime.rows import Store, Unit
from contact_runtime.store import SqlStore
from tests.support.till import CONTEXT, RULES, TILL, NothingToPay, PayIn, Till

Command = tuple[str, int]


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore(source="/polycentre/test", partitions=4)
    sql_store: SqlStore = request.getfixturevalue("sql_store")
    return sql_store


async def pay(unit: Unit, command: Command) -> int:
    """Pay in, twice if the amount is even, and return what is in the till."""
    key, amount = command
    await execute(unit, RULES, key, PayIn(1), CONTEXT)
    await execute(unit, RULES, key, PayIn(amount - 1), CONTEXT)
    return (await unit.load(TILL, key)).paid


async def test_commands_that_wait_together_are_committed_together(store: Store) -> None:
    batcher = CommandBatcher(store, pay, needs=lambda command: [(TILL, command[0])])
    before = store.committed.count
    paid = await asyncio.gather(*(batcher.submit((f"k{n % 5}", 10)) for n in range(50)))
    assert store.committed.count - before <= 3
    assert sorted(paid) == sorted([10 * times for times in range(1, 11)] * 5)
    assert await store.scan(TILL) == {f"k{n}": Till(paid=100) for n in range(5)}


async def test_a_refusal_fails_only_its_own_caller_and_leaves_nothing(store: Store) -> None:
    batcher = CommandBatcher(store, pay)
    answers = await asyncio.gather(
        *(batcher.submit(("a", amount)) for amount in (5, 1, 7)), return_exceptions=True
    )
    assert answers[0] == 5
    assert isinstance(answers[1], NothingToPay)  # after it had paid in 1
    assert answers[2] == 12
    assert await store.peek(TILL, "a") == Till(paid=12)
    assert len(await store.unpublished(100)) == 4


async def test_a_caller_who_goes_away_disturbs_nobody(store: Store) -> None:
    batcher = CommandBatcher(store, pay)
    gone = asyncio.create_task(batcher.submit(("a", 5)))
    stays = asyncio.create_task(batcher.submit(("b", 5)))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 5
    await batcher.close()


class Shaky(MemoryStore):
    """A store whose first commits fail."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.failures = list(failures)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[MemoryUnit]:
        async with super().unit() as unit:
            yield unit
            if self.failures:
                raise self.failures.pop(0)


async def test_a_moved_stream_is_tried_again_unseen() -> None:
    store = Shaky(StreamMoved("moved"), Transient("deadlock"))
    assert await CommandBatcher(store, pay).submit(("a", 5)) == 5
    assert await store.peek(TILL, "a") == Till(paid=5)


async def test_what_may_have_been_committed_is_not_tried_again() -> None:
    store = Shaky(CommitUnknown("lost"))
    with pytest.raises(CommitUnknown):
        await CommandBatcher(store, pay).submit(("a", 5))
    assert store.failures == []


async def test_what_keeps_failing_is_told_to_the_caller() -> None:
    store = Shaky(*(Transient("away") for _ in range(100)))
    with pytest.raises(Transient):
        await CommandBatcher(store, pay).submit(("a", 5))


@pytest.mark.postgres
async def test_a_command_that_breaks_the_transaction_breaks_only_its_own(
    sql_store: SqlStore,
) -> None:
    batcher = CommandBatcher(sql_store, pay)
    answers = await asyncio.gather(
        *(batcher.submit((key, 5)) for key in ("a", "no\x00key", "b")), return_exceptions=True
    )
    assert (answers[0], answers[2]) == (5, 5)
    assert isinstance(answers[1], DATABASE_ERRORS)
    assert await sql_store.scan(TILL) == {"a": Till(paid=5), "b": Till(paid=5)}
