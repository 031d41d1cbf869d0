"""Rows that thousands ask for at the same moment are read together."""

import asyncio
from collections.abc import Iterable
from typing import Any

from contact_runtime.errors import Transient
from contact_runtime.peeks import Peeks
from contact_runtime.rows import Kind
from tests.support.demo_app import THING, Thing


class Database:
    """Counts statements, and keeps those who asked waiting until it is told to answer."""

    def __init__(self) -> None:
        self.statements: list[set[str]] = []
        self.answers = asyncio.Event()
        self.broken = False

    async def read(self, kind: Kind[Any], keys: Iterable[str]) -> dict[str, Any]:
        self.statements.append(set(keys))
        await self.answers.wait()
        if self.broken:
            raise Transient("away")
        return {key: Thing(made=int(key)) for key in keys if key.isdigit()}


async def test_what_is_asked_for_during_a_statement_is_the_next_one_s() -> None:
    database = Database()
    peeks = Peeks(THING, database.read)
    first = [asyncio.create_task(peeks.peek(key)) for key in ("1", "2", "2", "none")]
    await asyncio.sleep(0.01)
    later = [asyncio.create_task(peeks.peek(key)) for key in ("2", "3")]
    await asyncio.sleep(0.01)
    assert database.statements == [{"1", "2", "none"}]
    database.answers.set()
    assert [thing.made for thing in await asyncio.gather(*first)] == [1, 2, 2, 0]
    assert [thing.made for thing in await asyncio.gather(*later)] == [2, 3]
    assert database.statements[1:] == [{"2", "3"}]


async def test_one_who_has_gone_takes_the_answer_from_nobody() -> None:
    database = Database()
    peeks = Peeks(THING, database.read)
    gone, stays = (asyncio.create_task(peeks.peek("1")) for _ in range(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    database.answers.set()
    assert (await stays).made == 1


async def test_a_failure_is_everybody_s_and_the_next_to_ask_tries_again() -> None:
    database = Database()
    database.answers.set()
    database.broken = True
    peeks = Peeks(THING, database.read)
    told = await asyncio.gather(peeks.peek("1"), peeks.peek("2"), return_exceptions=True)
    assert [type(failed) for failed in told] == [Transient, Transient]
    database.broken = False
    assert (await peeks.peek("1")).made == 1
