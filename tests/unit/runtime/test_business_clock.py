"""Business time runs at its scale, resumes where it stopped and never goes back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contact_events.clock import ClockSet
from contact_events.envelope import Decoded, decode
from contact_events.topics import CALL_ARRIVED, CLOCK, TOPICS
from contact_runtime.clock import BusinessClock, StoppedClock, SystemClock, clock_from_log
from contact_runtime.clock_keeper import AHEAD_TICKS, TICK_S, ClockWouldGoBack, keep_clock
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from tests.support.wait import until

MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NOON_OF_THE_MACHINE = datetime(2031, 7, 1, 12, 0, tzinfo=UTC)
AHEAD_S = AHEAD_TICKS * TICK_S
CLOCK_PARTITION = TopicPartition(CLOCK.name, 0)


class MachineTime:
    """A machine's clock that the test sets."""

    def __init__(self) -> None:
        self.at = NOON_OF_THE_MACHINE

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def machine() -> MachineTime:
    return MachineTime()


@pytest.fixture
async def log() -> MemoryLog:
    log = MemoryLog()
    await log.ensure_topics(TOPICS, 2)
    return log


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def ticks(log: MemoryLog) -> list[ClockSet]:
    found = []
    for record in log.records[CLOCK_PARTITION]:
        decoded = decode(record.value)
        assert isinstance(decoded, Decoded)
        assert isinstance(decoded.envelope.data, ClockSet)
        found.append(decoded.envelope.data)
    return found


async def crash(log: MemoryLog, machine: MachineTime, *, start_at: datetime = MORNING) -> datetime:
    """Keep the clock for a while, die without a last word, and return the last time it showed."""
    async with keep_clock(log, scale=60, start_at=start_at, machine=machine) as clock:
        machine.pass_s(AHEAD_S / 2)
        last_shown = clock.now()
        log.doubt_next_append(landed=False)
    return last_shown


def test_business_time_runs_at_its_scale(machine: MachineTime) -> None:
    clock = BusinessClock(MORNING, machine.at, 60, machine=machine)
    machine.pass_s(30)
    assert clock.now() == MORNING + minutes(30)


def test_business_time_stands_still_while_the_machine_goes_back(machine: MachineTime) -> None:
    clock = BusinessClock(MORNING, machine.at, 60, machine=machine)
    machine.pass_s(10)
    shown = clock.now()
    machine.pass_s(-5)
    assert clock.now() == shown
    machine.pass_s(6)
    assert clock.now() == shown + minutes(1)


def test_business_time_needs_a_scale_above_zero(machine: MachineTime) -> None:
    with pytest.raises(ValueError, match="scale"):
        BusinessClock(MORNING, machine.at, 0, machine=machine)


def test_the_system_clock_is_the_machines() -> None:
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=1)


async def test_sleeping_is_as_much_shorter_as_business_time_is_faster() -> None:
    clock = BusinessClock(MORNING, datetime.now(UTC), 3600)
    async with asyncio.timeout(5):
        await clock.sleep_until(clock.now() + minutes(6))


async def test_a_stopped_clock_wakes_who_slept_until_where_it_is_advanced_to() -> None:
    clock = StoppedClock(MORNING)
    sleeper = asyncio.create_task(clock.sleep_until(MORNING + minutes(1)))
    await asyncio.sleep(0)
    clock.advance(59)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(1)
    async with asyncio.timeout(1):
        await sleeper
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


async def test_a_log_without_a_clock_runs_on_wall_time(log: MemoryLog) -> None:
    for known in (log, MemoryLog()):
        clock = await clock_from_log(known)
        assert clock.scale == 1
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


async def test_every_process_reads_the_same_business_time(
    log: MemoryLog, machine: MachineTime
) -> None:
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine) as clock:
        other = await clock_from_log(log, machine=machine)
        machine.pass_s(7)
        assert clock.now() == other.now() == MORNING + minutes(7)
        assert other.scale == 60


async def test_a_stopped_run_resumes_where_it_stopped(log: MemoryLog, machine: MachineTime) -> None:
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine):
        machine.pass_s(600)
    machine.pass_s(86_400)
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine) as clock:
        assert clock.now() == MORNING + minutes(600)


async def test_a_crashed_run_resumes_no_earlier_than_anybody_saw(
    log: MemoryLog, machine: MachineTime
) -> None:
    last_shown = await crash(log, machine)
    machine.pass_s(3600)
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine) as clock:
        assert last_shown <= clock.now() <= last_shown + minutes(AHEAD_S)


async def test_a_keeper_that_is_back_at_once_goes_on_without_a_leap(
    log: MemoryLog, machine: MachineTime
) -> None:
    last_shown = await crash(log, machine)
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine) as clock:
        assert clock.now() == last_shown


async def test_the_scale_may_change_between_runs(log: MemoryLog, machine: MachineTime) -> None:
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine):
        machine.pass_s(10)
    async with keep_clock(log, scale=1, start_at=MORNING, machine=machine) as clock:
        machine.pass_s(60)
        assert clock.now() == MORNING + minutes(11)


async def test_a_fresh_start_may_leap_ahead_but_not_back(
    log: MemoryLog, machine: MachineTime
) -> None:
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine):
        machine.pass_s(60)
    tomorrow = MORNING + minutes(24 * 60)
    async with keep_clock(log, scale=60, start_at=tomorrow, fresh=True, machine=machine) as clock:
        assert clock.now() == tomorrow
    with pytest.raises(ClockWouldGoBack):
        async with keep_clock(log, scale=60, start_at=MORNING, fresh=True, machine=machine):
            pass


async def test_the_clock_never_starts_before_an_event_of_the_log(
    log: MemoryLog, machine: MachineTime
) -> None:
    writer = await log.writer()
    happened = MORNING + minutes(5)
    value = f'{{"time": "{happened.isoformat()}"}}'.encode()
    partition = TopicPartition(CALL_ARRIVED.name, 1)
    await writer.append(partition, [Entry(b"c", value), Entry(b"c", b"no event")])
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine) as clock:
        assert clock.now() == happened


async def test_a_tick_promises_ahead_and_the_last_one_says_where_it_stopped(
    log: MemoryLog, machine: MachineTime
) -> None:
    async with keep_clock(log, scale=60, start_at=MORNING, machine=machine):
        machine.pass_s(1)
    assert [tick.ticked_at for tick in ticks(log)] == [
        MORNING + minutes(AHEAD_S),
        MORNING + minutes(1),
    ]


async def test_the_tick_goes_on_after_the_log_was_away(
    log: MemoryLog, machine: MachineTime
) -> None:
    keeping = keep_clock(log, scale=60, start_at=MORNING, tick_s=0.01, machine=machine)
    async with keeping:
        log.doubt_next_append(landed=False)
        await until("another tick", lambda: len(ticks(log)) > 2)
