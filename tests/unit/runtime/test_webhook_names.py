"""Looking for the names of webhooks' receivers."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from contact_runtime.webhooks.resolving import AT_ONCE, Resolver

LIMIT_S = 10.0


class Names:
    """A resolver of a system: the name `slow` is found only once it is `let_go`."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host == "slow":
            self.let_go.wait(LIMIT_S)
        if host == "nobody":
            raise OSError("no such name")
        return [f"{host} {port}"]


async def test_a_name_that_is_slow_stops_no_other_and_is_looked_for_once() -> None:
    names = Names()
    resolver = Resolver(names)
    slow = [asyncio.create_task(resolver("slow", 443)) for _ in range(2 * AT_ONCE)]
    async with asyncio.timeout(LIMIT_S):
        assert await resolver("quick", 443) == ["quick 443"]
        names.let_go.set()
        assert await asyncio.gather(*slow) == [["slow 443"]] * (2 * AT_ONCE)
    assert sorted(names.asked) == ["quick", "slow"]


async def test_who_gives_up_takes_nothing_from_others() -> None:
    names = Names()
    resolver = Resolver(names)
    first, second = (asyncio.create_task(resolver("slow", 443)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    names.let_go.set()
    async with asyncio.timeout(LIMIT_S):
        assert await second == ["slow 443"]


async def test_a_name_is_looked_for_anew_each_time() -> None:
    names = Names()
    resolver = Resolver(names)
    for _ in range(2):
        with pytest.raises(OSError, match="no such name"):
            await resolver("nobody", 443)
    assert names.asked == ["nobody", "nobody"]
