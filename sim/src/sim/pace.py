"""How fast people live: business seconds into machine seconds."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from contact_runtime.clock import BusinessClock, machine_now


@dataclass(frozen=True, slots=True)
class Pace:
    """The business time at a moment of the machine, and how many times as fast it runs."""

    business_at: datetime
    machine_at: datetime
    scale: float

    def clock(self) -> BusinessClock:
        """Return a clock that shows what the system's clock shows."""
        return BusinessClock(self.business_at, self.machine_at, self.scale)


class Time:
    """Waiting in business time."""

    def __init__(self, pace: Pace) -> None:
        """Go at `pace`."""
        self._clock = pace.clock()
        self.scale = pace.scale

    def now(self) -> datetime:
        """Return the business time."""
        return self._clock.now()

    async def pass_by(self, business_s: float) -> None:
        """Return after this many business seconds."""
        await asyncio.sleep(max(0.0, business_s) / self.scale)

    async def until(self, at: datetime) -> None:
        """Return at this business time, at once if it is past."""
        await self._clock.sleep_until(at)

    def after(self, business_s: float) -> datetime:
        """Return the business time this many seconds from now."""
        return self.now() + timedelta(seconds=business_s)


def pace_of(at: str, scale: float) -> Pace:
    """Return the pace that the live board tells: its `at` and `scale`, heard just now."""
    return Pace(datetime.fromisoformat(at), machine_now(), scale)
