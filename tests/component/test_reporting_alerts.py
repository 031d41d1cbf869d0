"""Alerts between two replicas: one raises, both show, nothing is raised twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from contact_events.alerts import AlertCleared, AlertRaised
from contact_events.billing import AlertRuleChanged
from contact_events.envelope import Decoded, decode
from contact_events.registry import Event
from contact_events.topics import ALERTS
from contact_runtime.clock import BusinessClock, machine_now
from contact_runtime.memory_log import MemoryLog
from contact_runtime.memory_store import MemoryStore
from contact_runtime.relay import run_relay
from reporting.alerting import ALERT, Alerting
from tests.support.boards import BoardService, board_service, centre, empty_log, write
from tests.support.histories import Story
from tests.support.specimens import NOON
from tests.support.wait import until
from tests.unit.reporting.test_alerts import rule


@dataclass
class Replicas:
    """Two replicas of reporting on one log and one database, and who writes on the log."""

    log: MemoryLog
    store: MemoryStore
    boards: Sequence[BoardService]
    story: Story
    written: int = 0

    async def told(self) -> None:
        """Put what the story has told since on the log."""
        self.written = await write(self.log, self.story, self.written)

    def alerts(self) -> list[Event]:
        """Return what stands on the topic of alerts."""
        records = (r for tp, rs in self.log.records.items() if tp.topic == ALERTS.name for r in rs)
        decoded = [decode(record.value) for record in records]
        return [each.envelope.data for each in decoded if isinstance(each, Decoded)]


@pytest.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[Replicas]:
    log, store, stop = await empty_log(), MemoryStore(), asyncio.Event()
    clock = BusinessClock(NOON, machine_now(), 1.0)
    async with AsyncExitStack() as stack:
        names = (tmp_path / "one", tmp_path / "other")
        boards = [await stack.enter_async_context(board_service(log, name)) for name in names]
        async with asyncio.TaskGroup() as group:
            group.create_task(run_relay(store, log, stop=stop))
            for each in boards:  # as at the moment of a change, both think that they lead
                group.create_task(Alerting(store, each.boards, clock).run(stop))
            yield Replicas(log, store, boards, centre(Story()))
            stop.set()


def asked(revision: int = 1, *, deactivated: bool = False) -> AlertRuleChanged:
    said = rule(measure="waiting", threshold=0.0, clear_at=0.0, queue_id="cards")
    return AlertRuleChanged(
        **{name: getattr(said, name) for name in said.__struct_fields__}
        | {"revision": revision, "deactivated": deactivated}
    )


async def one_waits(replicas: Replicas) -> None:
    replicas.story.append(asked(), "alert_rule:r1", client=None)
    replicas.story.arrives("c1")
    replicas.story.queues("c1")
    await replicas.told()


async def test_an_alert_is_raised_once_and_shown_by_every_replica(replicas: Replicas) -> None:
    one, other = replicas.boards
    async with one.board() as here, other.board() as there:
        await one_waits(replicas)
        shown = []
        for board in (here, there):
            while not board.shown.get("alerts"):
                await board.hear()
            shown.append(board.shown["alerts"])
        assert shown[0] == shown[1]
        (alert,) = shown[0]
        assert (alert["measure"], alert["value"], alert["queue_id"]) == ("waiting", 1.0, "cards")
        replicas.story.abandons("c1")
        await replicas.told()
        for board in (here, there):
            while board.shown["alerts"]:
                await board.hear()
    raised, cleared = replicas.alerts()
    assert isinstance(raised, AlertRaised)
    assert isinstance(cleared, AlertCleared)
    assert (cleared.alert_id, cleared.reason) == (raised.alert_id, "back")
    assert await replicas.store.peek(ALERT, "r1") is None


async def test_an_alert_whose_rule_is_taken_out_of_use_is_over(replicas: Replicas) -> None:
    await one_waits(replicas)
    await until("the alert to be raised", lambda: len(replicas.alerts()) == 1)
    replicas.story.append(asked(2, deactivated=True), "alert_rule:r1", client=None)
    await replicas.told()
    await until("the alert to be over", lambda: len(replicas.alerts()) == 2)
    cleared = replicas.alerts()[-1]
    assert isinstance(cleared, AlertCleared)
    assert cleared.reason == "rule_changed"


async def test_a_rule_that_is_changed_is_judged_anew(replicas: Replicas) -> None:
    await one_waits(replicas)
    await until("the alert to be raised", lambda: len(replicas.alerts()) == 1)
    await until(
        "the boards to show it", lambda: all(each.boards.board.alerts for each in replicas.boards)
    )
    replicas.story.append(asked(2), "alert_rule:r1", client=None)
    await replicas.told()
    await until("it to be raised anew", lambda: len(replicas.alerts()) == 3)
    again = replicas.alerts()[-1]
    assert isinstance(again, AlertRaised)
    assert again.revision == 2
