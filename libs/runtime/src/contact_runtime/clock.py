"""Business time: one origin and scale for all processes, stored with the log.

Machine time (Kafka's stamps, leases, limits of I/O) is never scaled and does not come from here.
`contact_runtime.clock_keeper` sets the clock; every service asks `clock_from_log` at its start.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from contact_events.clock import ClockSet
from contact_events.envelope import Decoded, decode
from contact_events.topics import CLOCK
from contact_runtime.log import Log, NoSuchTopic, last_records

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_SLEEP_S = 1.0
"""Machine seconds between two looks at the clock: a suspended laptop must not oversleep."""


class Clock(Protocol):
    """Where business time comes from; it runs `scale` times as fast as the machine's."""

    scale: float

    def now(self) -> datetime:
        """Return the business time, aware, in UTC; never less than it was."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return once the business time is `at` or later."""
        ...


def machine_now() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)


class BusinessClock:
    """A clock that runs `scale` times as fast as the machine's, from one shared origin."""

    def __init__(
        self,
        business_origin: datetime,
        machine_origin: datetime,
        scale: float,
        *,
        machine: Callable[[], datetime] = machine_now,
    ) -> None:
        """Let it be `business_origin` when the machine's time is `machine_origin`.

        Raises:
            ValueError: `scale` is not above 0.
        """
        if scale <= 0:
            raise ValueError(f"business time goes forward: no scale of {scale}")
        self.scale = scale
        self._business_origin = business_origin
        self._machine_origin = machine_origin
        self._machine = machine
        self._latest = business_origin.astimezone(UTC)

    def now(self) -> datetime:
        """Return the business time; it stands still while the machine's time is set back."""
        elapsed = (self._machine() - self._machine_origin) * self.scale
        self._latest = max(self._latest, self._business_origin.astimezone(UTC) + elapsed)
        return self._latest

    async def sleep_until(self, at: datetime) -> None:
        """Return once the business time is `at` or later."""
        while True:
            left_s = (at - self.now()).total_seconds()
            if left_s <= 0:
                return
            await asyncio.sleep(min(LONGEST_SLEEP_S, left_s / self.scale))


class SystemClock(BusinessClock):
    """Business time that is machine time: production's clock."""

    def __init__(self) -> None:
        """Run at scale 1 from the same origin as the machine's clock."""
        super().__init__(EPOCH, EPOCH, 1.0)


class StoppedClock:
    """A clock for tests that stands still until it is advanced."""

    scale = 1.0

    def __init__(self, at: datetime) -> None:
        """Stand at `at`."""
        self._at = at.astimezone(UTC)
        self._advanced = asyncio.Event()

    def now(self) -> datetime:
        """Return where the clock stands."""
        return self._at

    def advance(self, seconds: float) -> None:
        """Go on by `seconds` and wake who slept until then.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError(f"business time never goes back: {seconds} s")
        self._at += timedelta(seconds=seconds)
        self._advanced.set()
        self._advanced = asyncio.Event()

    async def sleep_until(self, at: datetime) -> None:
        """Return once the clock was advanced to `at` or later."""
        while self._at < at:
            await self._advanced.wait()


async def clock_from_log(
    log: Log, *, machine: Callable[[], datetime] = machine_now
) -> BusinessClock:
    """Return the clock that the log's last `clock.set` names; without one, the wall clock.

    Raises:
        Unavailable: the log did not answer within its bound.
    """
    last = await last_setting(log)
    if last is None:
        return SystemClock()
    setting, _ = last
    return BusinessClock(setting.business_at, setting.machine_at, setting.scale, machine=machine)


async def last_setting(log: Log) -> tuple[ClockSet, int] | None:
    """Return the log's last `clock.set` and its sequence, or None if the clock was never set.

    Raises:
        Unavailable: the log did not answer within its bound.
    """
    try:
        records = await last_records(log, [CLOCK.name])
    except NoSuchTopic:
        return None
    for record in records:
        decoded = decode(record.value)
        if isinstance(decoded, Decoded) and isinstance(decoded.envelope.data, ClockSet):
            return decoded.envelope.data, decoded.envelope.sequence
    return None
