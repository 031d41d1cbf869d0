"""The router's loop on a log in memory: who leads, what is written beside decisions."""

import asyncio
from typing import Any

import pytest

from contact_events.answering import CallAnswered
from contact_events.envelope import Decoded, decode
from contact_events.hints import QueueState
from contact_events.routing import CallRouted, RouterEpochStarted, RouterProgress
from contact_events.topics import (
    CALL_ARRIVED,
    QUEUE_STATE,
    ROUTED,
    ROUTER_HEARTBEATS,
    dead_letter_topic,
)
from contact_runtime.clock import StoppedClock, SystemClock
from contact_runtime.log import Ambiguous, Entry, LogWriter, TopicPartition
from contact_runtime.memory_log import MemoryLog
from router.codec import claim_envelope, entry_of
from router.silence import Silence
from tests.support.router_app import PARTITION, POOL, Others, RunningRouter
from tests.support.router_world import START, agent_changed
from tests.support.wait import until


def _records(log: MemoryLog, topic: str) -> list[Any]:
    return log.records[TopicPartition(topic, PARTITION)]


async def test_a_replica_that_follows_takes_over_in_the_order_of_the_queue(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    first = await RunningRouter(log).start().leading()
    routers += [first, RunningRouter(log).start()]
    await others.open_centre()
    for call_id in ("k1", "k2"):
        await others.call(call_id)
    await until("progress", lambda: first.loop.replica.leadership.number > 0)
    await first.kill()
    await routers[1].leading()
    await others.tell(agent_changed("a1"))
    await others.tell(agent_changed("a2"))
    assert (await others.offer_of("k2")).agent_id == "a2"
    assert (await others.offer_of("k1")).agent_id == "a1"


async def test_a_leader_is_not_replaced_while_it_lives(
    log: MemoryLog, routers: list[RunningRouter]
) -> None:
    first = await RunningRouter(log).start().leading()
    routers += [first, RunningRouter(log).start()]
    beats = _records(log, ROUTER_HEARTBEATS.name)
    await until("two seconds of heartbeats", lambda: len(beats) >= 8)
    assert first.leads
    claims = [d for d in await Others(log).decisions() if isinstance(d, RouterEpochStarted)]
    assert len(claims) == 1


def _that_never_judges_silence(log: MemoryLog) -> RunningRouter:
    router = RunningRouter(log)
    router.loop.silence = Silence(lambda: 1e9)
    return router


async def test_a_leader_told_to_stop_hands_over_without_a_silence(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    first = await RunningRouter(log).start().leading()
    routers += [first, _that_never_judges_silence(log).start()]
    await until("the other follows", lambda: routers[1].loop.caught_up)
    await others.call("k1")
    await first.stop()
    await until("the other leads", lambda: routers[1].leads)
    events = await others.decisions()
    (left,) = [d for d in events if isinstance(d, RouterProgress) and d.leaving]
    claim = events[events.index(left) + 1]
    assert isinstance(claim, RouterEpochStarted)
    assert (claim.epoch, left.epoch) == (2, 1)
    assert [d for d in events if not isinstance(d, RouterEpochStarted) and d.epoch == 1][-1] is left


async def test_a_process_about_to_stop_hands_over_before_it_is_told_to_end(
    log: MemoryLog, routers: list[RunningRouter]
) -> None:
    stopping: list[bool] = []
    first = await RunningRouter(log, leaving=lambda: bool(stopping)).start().leading()
    routers += [first, _that_never_judges_silence(log).start()]
    await until("the other follows", lambda: routers[1].loop.caught_up)
    stopping.append(True)
    await until("the other leads", lambda: routers[1].leads)
    assert not first.leads
    assert first.task is not None
    assert not first.task.done(), "it still answers people until it is told to end"
    await routers[1].stop()
    await asyncio.wait_for(first.stop(), 5)
    claims = [d for d in await Others(log).decisions() if isinstance(d, RouterEpochStarted)]
    assert [claim.epoch for claim in claims] == [1, 2], "who leaves does not claim"


async def test_after_all_have_left_the_next_start_leads_at_once(
    log: MemoryLog, routers: list[RunningRouter]
) -> None:
    await (await RunningRouter(log).start().leading()).stop()
    again = _that_never_judges_silence(log)
    routers.append(again.start())
    await until("the next start leads", lambda: again.leads)
    assert again.loop.replica.leadership.epoch == 2


async def test_a_standby_of_other_code_refuses_and_says_why_and_the_same_code_takes_over(
    log: MemoryLog, routers: list[RunningRouter], caplog: pytest.LogCaptureFixture
) -> None:
    first = await RunningRouter(log).start().leading()
    other = RunningRouter(log, version="other")
    routers += [first, other.start()]
    await until("it says why", lambda: "may decide otherwise" in (other.loop.refusal or ""))
    await until("it says so", lambda: b"router_refuses 1.0" in other.metrics.text())
    await first.kill()
    await until("its refusal", lambda: "refuses to lead" in caplog.text)
    assert not other.leads
    routers.append(await RunningRouter(log).start().leading())
    claims = [d for d in await Others(log).decisions() if isinstance(d, RouterEpochStarted)]
    assert "other" not in {claim.code_version for claim in claims}


async def test_other_code_takes_over_from_a_leader_that_leaves(
    log: MemoryLog, routers: list[RunningRouter]
) -> None:
    first = await RunningRouter(log).start().leading()
    other = RunningRouter(log, version="other")
    routers += [first, other.start()]
    await until("the other follows", lambda: other.loop.caught_up)
    await first.stop()
    await other.leading()
    assert other.loop.refusal is None


async def test_other_code_leads_after_a_long_silence_rather_than_nobody(
    log: MemoryLog, routers: list[RunningRouter]
) -> None:
    first = await RunningRouter(log).start().leading()
    other = RunningRouter(log, version="other", foreign_wait_s=1.5)
    routers += [first, other.start()]
    await until("the other follows", lambda: other.loop.caught_up)
    await first.kill()
    await until("its refusal", lambda: other.loop.refusal)
    await other.leading()
    claims = [d for d in await Others(log).decisions() if isinstance(d, RouterEpochStarted)]
    assert [claim.code_version == "other" for claim in claims] == [False, True]


async def test_a_leader_with_nothing_to_decide_tells_how_far_it_has_folded(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    router = await RunningRouter(log).start().leading()
    routers.append(router)
    await others.call("k1")

    async def told() -> bool:
        return any(
            isinstance(d, RouterProgress) and d.positions[CALL_ARRIVED.name] == 2
            for d in await others.decisions()
        )

    await until("progress", told)
    assert "k1" in router.loop.replica.follower.calls


@pytest.mark.parametrize("landed", [True, False])
async def test_a_doubtful_batch_is_followed_by_a_claim_and_no_second_offer(
    log: MemoryLog, others: Others, routers: list[RunningRouter], landed: bool
) -> None:
    router = await RunningRouter(log).start().leading()
    routers.append(router)
    sender = router.loop.sender
    assert sender.writer is not None
    sender.writer = _DoubtfulOnce(log, sender.writer, landed)
    await others.open_centre("a1")
    await others.call("k1")
    await others.offer_of("k1")
    await until("the next epoch", lambda: router.loop.replica.leadership.epoch == 2)
    await until("an answer to doubt", lambda: router.leads)
    offers = await others.offers()
    assert [offer.call_id for offer in offers] == ["k1"]
    assert offers[0].epoch == (1 if landed else 2)


class _DoubtfulOnce:
    """A writer whose next append is doubtful; then it is dead."""

    def __init__(self, log: MemoryLog, writer: LogWriter, landed: bool) -> None:
        self._log, self._writer, self._landed = log, writer, landed

    async def append(self, tp: TopicPartition, entries: Any) -> int:
        if self._landed:
            await self._writer.append(tp, entries)
        raise Ambiguous("as the test wished")

    async def close(self) -> None:
        await self._writer.close()


async def test_a_batch_that_fails_after_its_leader_was_replaced_steals_nothing_back(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    router = await RunningRouter(log).start().leading()
    routers.append(router)
    sender = router.loop.sender
    assert sender.writer is not None
    late = sender.writer = _Late(sender.writer)
    await others.open_centre("a1")
    await others.call("k1")
    await until("a batch on its way", lambda: not sender.idle)
    other = RouterEpochStarted(
        pool=POOL, epoch=2, owner="other.1", code_version=router.loop.replica.code_version
    )
    await others.append(ROUTED.name, entry_of(claim_envelope(other, SystemClock().now())))
    await until("the other to lead", lambda: router.loop.replica.leadership.owner == "other.1")
    late.fails.set()
    await until("another writer", lambda: sender.writer is not late)
    assert not router.leads
    assert not router.loop.replica.claiming


class _Late:
    """A writer whose appends fail once they are let."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self.fails = asyncio.Event()

    async def append(self, tp: TopicPartition, entries: Any) -> int:
        await self.fails.wait()
        raise Ambiguous("it stood still")

    async def close(self) -> None:
        await self._writer.close()


async def test_a_batch_acknowledged_where_other_records_stand_is_doubted(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    router = await RunningRouter(log).start().leading()
    routers.append(router)
    assert router.loop.sender.writer is not None
    router.loop.sender.writer = _Odd(router.loop.sender.writer)
    await others.open_centre("a1")
    await others.call("k1")
    await others.offer_of("k1")
    await until("the next epoch", lambda: router.loop.replica.leadership.epoch == 2)


class _Odd:
    """A writer that acknowledges an offset of long ago."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    async def append(self, tp: TopicPartition, entries: Any) -> int:
        await self._writer.append(tp, entries)
        return 0

    async def close(self) -> None:
        await self._writer.close()


async def test_a_record_that_cannot_be_decoded_is_set_aside_once_and_the_rest_goes_on(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    await others.append(CALL_ARRIVED.name, Entry(b"k0", b"{"))
    await others.open_centre("a1")
    await others.call("k1")
    routers.append(RunningRouter(log).start())
    assert (await others.offer_of("k1")).agent_id == "a1"
    letters = TopicPartition(dead_letter_topic("router").name, 0)
    await until("a dead letter", lambda: log.records.get(letters))
    await routers[0].kill()
    routers.append(await RunningRouter(log).start().leading())
    await others.append(CALL_ARRIVED.name, Entry(b"k9", b"}"))
    await until("the second letter", lambda: len(log.records[letters]) == 2)
    first, second = log.records[letters]
    assert (first.key, first.value, second.key) == (b"k0", b"{", b"k9")
    assert dict(first.headers)["dead_letter_offset"] == b"0"


async def test_how_a_queue_stands_is_told_beside_the_decisions(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    routers.append(await RunningRouter(log).start().leading())
    await others.open_centre()
    await others.call("k1")

    def told() -> list[QueueState]:
        found = []
        for record in _records(log, QUEUE_STATE.name):
            decoded = decode(record.value)
            assert isinstance(decoded, Decoded)
            assert isinstance(decoded.envelope.data, QueueState)
            found.append(decoded.envelope.data)
        return found

    await until("a hint", lambda: any(hint.waiting == 1 for hint in told()))
    count = len(told())
    await asyncio.wait_for(_after_progress(routers[0]), 5)
    assert len(told()) == count, "nothing changed since"


async def _after_progress(router: RunningRouter) -> None:
    number = router.loop.replica.leadership.number
    await until("two turns", lambda: router.loop.replica.leadership.number >= number + 2)


async def test_what_a_turn_costs_and_how_far_the_fold_is_behind_are_metrics(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    leader = await RunningRouter(log).start().leading()
    standby = RunningRouter(log)
    routers += [leader, standby.start()]
    await others.open_centre("a1")
    await others.call("k1")
    await others.offer_of("k1")
    await until("a turn", lambda: _value(leader, "router_decide_seconds_count") > 0)
    assert _value(leader, "router_decide_seconds_sum") <= _value(leader, "router_turn_seconds_sum")

    def all_folded() -> bool:
        lags = [_value(router, "router_fold_lag_seconds_count") for router in routers]
        return min(lags) > 0 and not any(_value(r, "router_unfolded_records") for r in routers)

    await until("all folded", all_folded)
    assert _value(standby, "router_decide_seconds_count") == 0


def _value(router: RunningRouter, name: str) -> float:
    for line in router.metrics.text().decode().splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    raise AssertionError(f"no metric {name}")


async def test_time_alone_makes_the_leader_ask_an_offer_back(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    clock = StoppedClock(START)
    routers.append(await RunningRouter(log, clock).start().leading())
    await others.open_centre("a1")
    await others.call("k1")
    offer = await others.offer_of("k1")
    clock.advance(60)

    async def rescinded() -> bool:
        return any(type(d).__name__ == "CallRescinded" for d in await others.decisions())

    await until("a rescission", rescinded)
    assert isinstance(offer, CallRouted)


async def test_the_outcome_of_a_void_offer_disturbs_nothing(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    routers.append(await RunningRouter(log).start().leading())
    await others.open_centre("a1")
    ghost = CallAnswered(call_id="k0", attempt=1, reservation_id="R0", agent_id="a9", slot=0)
    await others.tell(ghost, stream="a9")
    await others.call("k1")
    assert (await others.offer_of("k1")).agent_id == "a1"
    assert _records(log, ROUTED.name)
