"""Setting the business clock, and keeping it: it resumes where it stopped and never goes back.

One process keeps the clock of a log, the supervisor's:

    async with keep_clock(log, scale=60, start_at=morning, fresh=False) as clock: ...

or `python -m contact_runtime.clock_keeper --scale 60 --start-at 2026-03-02T09:00+03:00`, which runs
until SIGTERM. Each second it writes a tick: the business time that nobody can have passed before
the next one. After a crash the clock resumes from the last tick, or from the newest event in the
log if that is later.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from contact_events.clock import ClockSet
from contact_events.envelope import Envelope, encode, headers_of, key_of
from contact_events.identity import derived_id
from contact_events.topics import CLOCK, TOPICS
from contact_runtime.clock import BusinessClock, last_setting, machine_now
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import (
    Entry,
    Log,
    LogError,
    LogWriter,
    TopicPartition,
    Unavailable,
    last_records,
)

SOURCE = "/polycentre/clock"
STREAM = "clock"
TICK_S = 1.0
AHEAD_TICKS = 2
"""A tick promises that far ahead: above 1, so that a crash just before the next leaves no gap."""
EVENTS_LOOKED_AT = 20
"""Last records of each partition: a writer's clock reading may be a little older than its place."""

logger = logging.getLogger(__name__)


class ClockWouldGoBack(Exception):
    """A fresh start was asked before the business time that the log has already seen."""

    code = "clock-would-go-back"

    def __init__(self, start_at: datetime, seen: datetime) -> None:
        """Keep both times."""
        super().__init__(f"business time has reached {seen}; it cannot start at {start_at}")
        self.start_at = start_at
        self.seen = seen


class _Timed(msgspec.Struct):
    """What is read of any event: when it happened."""

    time: datetime


class _Keeper:
    """Writes the settings of one keeping, numbered on from those before it."""

    def __init__(
        self, log: Log, setting: ClockSet, sequence: int, machine: Callable[[], datetime]
    ) -> None:
        self.clock = BusinessClock(
            setting.business_at, setting.machine_at, setting.scale, machine=machine
        )
        self._log = log
        self._setting = setting
        self._sequence = sequence
        self._writer: LogWriter | None = None

    async def tick(self, ahead_s: float) -> None:
        """Promise that business time stays below now + `ahead_s` until the next tick."""
        promised = self.clock.now() + timedelta(seconds=ahead_s * self._setting.scale)
        self._sequence += 1
        envelope = self._envelope(msgspec.structs.replace(self._setting, ticked_at=promised))
        if self._writer is None:
            self._writer = await self._log.writer()
        try:
            entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
            await self._writer.append(TopicPartition(CLOCK.name, 0), [entry])
        except LogError:
            await self.close()
            raise

    async def tick_for_ever(self, tick_s: float) -> None:
        """Tick each `tick_s`; a log that is away is tried again, business time goes on."""
        while True:
            await asyncio.sleep(tick_s)
            try:
                await self.tick(AHEAD_TICKS * tick_s)
            except LogError as error:
                logger.warning("the clock could not tick: %s", error)

    async def close(self) -> None:
        """Let go of the log."""
        if self._writer is not None:
            await self._writer.close()
            self._writer = None

    def _envelope(self, setting: ClockSet) -> Envelope:
        origin = setting.business_at.isoformat()
        return Envelope(
            id=derived_id("clock", origin, setting.machine_at.isoformat(), self._sequence),
            source=SOURCE,
            subject=setting.clock,
            time=self.clock.now(),
            pool="main",
            stream=STREAM,
            sequence=self._sequence,
            data=setting,
        )


@contextlib.asynccontextmanager
async def keep_clock(
    log: Log,
    *,
    scale: float,
    start_at: datetime,
    fresh: bool = False,
    tick_s: float = TICK_S,
    machine: Callable[[], datetime] = machine_now,
) -> AsyncIterator[BusinessClock]:
    """Set the clock, keep its tick while the block runs, and note at its end where it stopped.

    A log without a clock starts at `start_at`; one with a clock resumes where it stopped, unless
    `fresh` asks for `start_at`. The topics must have been ensured. `tick_s` is machine time.

    Raises:
        ClockWouldGoBack: `fresh`, and the log has seen a later business time.
        Unavailable: the log did not answer within its bound.
        Ambiguous: the first setting may not have been written.
    """
    last = await last_setting(log)
    stopped = None if last is None else _stopped(last[0], machine())
    begins = await _begin(log, stopped, start_at, fresh)
    setting = ClockSet(business_at=begins, machine_at=machine(), scale=scale, ticked_at=begins)
    keeper = _Keeper(log, setting, last[1] if last else 0, machine)
    ticking: asyncio.Task[None] | None = None
    try:
        await keeper.tick(AHEAD_TICKS * tick_s)
        ticking = asyncio.create_task(keeper.tick_for_ever(tick_s))
        yield keeper.clock
    finally:
        await _end(keeper, ticking)


def _stopped(last: ClockSet, machine_at: datetime) -> datetime:
    """Return where the clock of the last keeping stopped: at its last promise, or before it."""
    line = last.business_at + (machine_at - last.machine_at) * last.scale
    return max(last.business_at, min(line, last.ticked_at))


async def _begin(log: Log, stopped: datetime | None, start_at: datetime, fresh: bool) -> datetime:
    """Return the business time at which this keeping begins."""
    seen = max((at for at in (stopped, await _newest_event(log)) if at), default=None)
    if seen is None:
        return start_at
    if fresh and start_at < seen:
        raise ClockWouldGoBack(start_at, seen)
    return seen if stopped and not fresh else max(seen, start_at)


async def _newest_event(log: Log) -> datetime | None:
    """Return the latest business time among the last events of the log, or None without any."""
    names = [topic.name for topic in TOPICS if topic.kept]
    times: list[datetime] = []
    for record in await last_records(log, names, each=EVENTS_LOOKED_AT):
        with contextlib.suppress(msgspec.DecodeError):  # what is no event has no time
            times.append(msgspec.json.decode(record.value or b"", type=_Timed).time)
    return max((at for at in times if at.tzinfo is not None), default=None)


async def _end(keeper: _Keeper, ticking: "asyncio.Task[None] | None") -> None:
    if ticking is not None:
        ticking.cancel()
        await asyncio.wait([ticking])
        with contextlib.suppress(LogError):  # the last promise then stands: a little later
            await keeper.tick(ahead_s=0.0)
    await keeper.close()


async def _keep_until_told(arguments: argparse.Namespace) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    log = KafkaLog(arguments.bootstrap)
    await log.ensure_topics(TOPICS, arguments.partitions)
    start_at = arguments.start_at or machine_now()
    keeping = keep_clock(log, scale=arguments.scale, start_at=start_at, fresh=arguments.fresh)
    async with keeping as clock:
        print(f"clock {clock.now().isoformat()} scale {clock.scale:g}", flush=True)
        await told.wait()


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError("a time has a zone: 2026-03-02T09:00+03:00")
    return at


def main(argv: Sequence[str] | None = None) -> None:
    """Keep the clock of a log until a signal comes."""
    parser = argparse.ArgumentParser(prog="contact_runtime.clock_keeper", description=main.__doc__)
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP", "127.0.0.1:19092")
    parser.add_argument("--bootstrap", default=bootstrap, help="Kafka (KAFKA_BOOTSTRAP)")
    partitions = int(os.environ.get("PARTITIONS", "4"))
    parser.add_argument("--partitions", type=int, default=partitions, help="of each topic")
    parser.add_argument("--scale", type=float, default=1.0, help="business seconds a second")
    parser.add_argument("--start-at", type=_aware, help="business time of a new log; default: now")
    parser.add_argument("--fresh", action="store_true", help="start there even if it has a clock")
    try:
        asyncio.run(_keep_until_told(parser.parse_args(argv)))
    except (ClockWouldGoBack, Unavailable) as error:
        raise SystemExit(f"{error.code}: {error}") from error


if __name__ == "__main__":
    main()
