"""A sheet and the state that is still on are of one moment, whatever is committed between reads."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agent_state.domain.sheets import Clocked, Sheet, added
from agent_state.tables import CLOCKED, SHEET, clocked_key, sheet_key
from agent_state.times import timesheets
from contact_runtime.memory_store import MemoryStore
from contact_runtime.rows import Kind

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=5)
LUNCH = Clocked("NotReady", "lunch", BEGAN)


class Interrupted(MemoryStore):
    """A store in which the agent signs out after the `at`-th read of several rows."""

    def __init__(self, at: int) -> None:
        super().__init__(source="/polycentre/agent-state")
        self._left = at

    async def peek_many(self, kind: Kind[Any], keys: Iterable[str]) -> dict[str, Any]:
        found = await super().peek_many(kind, keys)
        self._left -= 1
        if self._left == 0:
            await self.become(Clocked(), added(Sheet(), LUNCH, BEGAN, ENDED))
        return found

    async def become(self, now: Clocked, sheet: Sheet) -> None:
        async with self.unit() as unit:
            clock, day = clocked_key("a1"), sheet_key("a1", BEGAN.date())
            await unit.load(CLOCKED, clock)
            await unit.load(SHEET, day)
            unit.put(CLOCKED, clock, now)
            unit.put(SHEET, day, sheet)


async def test_who_signs_out_while_their_times_are_read_is_counted_once() -> None:
    for at in range(1, 7):
        store = Interrupted(at)
        await store.become(LUNCH, Sheet())
        found = await timesheets(store, {"a1": ZoneInfo("UTC")}, BEGAN.date(), ENDED, ())
        assert found["a1"].signed_in_us == 300_000_000, f"signed out after read {at}"
