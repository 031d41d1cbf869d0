"""A channel's frames lead everybody to the same view, however often they were away."""

import asyncio
import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.intake import Intake
from reporting.channels import KEPT, RESTS_S, Channel, Head
from reporting.domain.live import LiveBoard
from reporting.domain.views import view_of
from tests.support.boards import applied, centre
from tests.support.busy_day import busy_day, interleaved
from tests.support.histories import Story


def head(n: int) -> Head:
    ages: Any = {"calls": 0.0, "agents": 0.0, "expected_waits": 0.0}
    return Head(f"at {n}", 1.0, ages, {"call-arrived/0": n, "routed/0": n // 3})


class Page:
    """One board: what it shows, the id it saw last, and the events it was sent."""

    def __init__(self) -> None:
        self.shown: dict[str, Any] = {}
        self.last: str | None = None
        self.events: list[str] = []

    def take(self, chunk: bytes) -> None:
        for event in chunk.decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in event.splitlines())
            data, self.last = json.loads(fields["data"]), fields["id"]
            self.events.append(fields["event"])
            whole = fields["event"] == "snapshot"
            self.shown = data if whole else applied(self.shown, data)

    async def look(self, channel: Channel) -> None:
        """Open the stream, take what is there, and go away again."""
        frames = channel.frames(self.last)
        try:
            async with asyncio.timeout(0):
                while True:
                    self.take(await anext(frames))
        except TimeoutError:
            await frames.aclose()


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_who_comes_and_goes_sees_what_a_new_board_sees(rnd: random.Random) -> None:
    board, intake = LiveBoard(), Intake()
    channel, pages = Channel(head(0), view_of(board, None)), [Page() for _ in range(3)]

    async def follow() -> None:
        for n, record in enumerate(interleaved(rnd, centre(busy_day(rnd)).log)):
            if intake.takes(record.place.topic, record.envelope):
                board.take(record.envelope)
            channel.show(head(n), view_of(board, None))
            if rnd.random() < 0.2:
                await rnd.choice(pages).look(channel)
        for page in (*pages, new := Page()):
            await page.look(channel)
        assert all(page.shown == new.shown for page in pages)

    asyncio.run(follow())


async def channel_with(page: Page) -> Channel:
    """Return a channel that the page has seen, and that can tell changes as such."""
    board = LiveBoard()
    for seen in centre(Story()).log:
        board.take(seen.envelope)
    channel = Channel(head(0), view_of(board, None))
    await page.look(channel)
    return channel


async def test_what_is_kept_is_told_as_changes_and_more_than_that_as_a_snapshot() -> None:
    page = Page()
    channel = await channel_with(page)
    view = channel.shown.view
    for missed, told in ((KEPT, ["change"] * KEPT), (KEPT + 1, ["snapshot"])):
        page.events.clear()
        for n in range(missed):
            channel.show(head(n), view)
        await page.look(channel)
        assert page.events == told


async def test_who_reads_too_slowly_is_sent_a_snapshot_instead_of_all_that_was() -> None:
    slow = Page()
    channel = await channel_with(slow)
    frames, view = channel.frames(slow.last), channel.shown.view
    channel.show(head(1), view)
    slow.take(await anext(frames))
    for n in range(KEPT + 1):
        channel.show(head(n), view)
    slow.take(await anext(frames))
    assert slow.events == ["snapshot", "change", "snapshot"]
    await frames.aclose()


async def test_a_channel_rests_only_a_while_after_the_last_board_has_gone() -> None:
    page = Page()
    channel, loop = await channel_with(page), asyncio.get_running_loop()
    assert not channel.idle(loop.time())
    assert channel.idle(loop.time() + RESTS_S + 1)
    frames = channel.frames(None)
    await anext(frames)
    assert not channel.idle(loop.time() + RESTS_S + 1)
    await frames.aclose()
    assert channel.idle(loop.time() + RESTS_S + 1)
