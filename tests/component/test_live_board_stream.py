"""Boards on a real port: snapshot, changes, coming back by event id, and how old figures are."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contact_events.hints import QueueState
from contact_runtime.memory_log import MemoryLog
from reporting.live_protocol import asyncapi
from tests.support.boards import Board, BoardService, board_service, centre, empty_log, write
from tests.support.histories import Story


@pytest.fixture
async def log() -> MemoryLog:
    return await empty_log()


@pytest.fixture
async def service(log: MemoryLog, tmp_path: Path) -> AsyncIterator[BoardService]:
    async with board_service(log, tmp_path / "keys") as running:
        yield running


def one_waits(call: str = "c1", story: Story | None = None) -> Story:
    story = story or centre(Story())
    story.arrives(call)
    story.queues(call)
    return story


async def same(one: Board, other: Board) -> None:
    """Return once both boards have heard the same event, and show the same after it."""
    last = one.told[-1]
    while other.told[-1].id != last.id:
        await other.hear()
    assert other.shown == one.shown


async def test_a_board_is_sent_a_snapshot_and_then_what_changes(
    log: MemoryLog, service: BoardService
) -> None:
    async with service.board() as board:
        assert (await board.hear()).event == "snapshot"
        await write(log, one_waits())
        changed = await board.sees("totals", waiting=1)
        assert changed.data["position"] == {"call-arrived/0": 2} | {"routing-config/0": 3}
        quiet = await board.hear()
        assert (quiet.event, set(quiet.data)) == ("change", {"at", "scale", "ages_s", "position"})
        assert quiet.data["position"] == {}


async def test_all_who_see_the_same_are_sent_the_same_frames(service: BoardService) -> None:
    async with service.board() as one, service.board() as other:
        for board in (one, other):
            await board.hear()
        await one.hear()
        await same(one, other)
        assert (await one.hear()) == (await other.hear())


async def test_a_board_that_comes_back_is_sent_the_changes_it_missed_and_nothing_else(
    log: MemoryLog, service: BoardService
) -> None:
    written = await write(log, story := one_waits())
    async with service.board() as stays:
        await stays.sees("totals", waiting=1)
        async with service.board() as board:
            await board.sees("totals", waiting=1)
            shown, last = board.shown, board.told[-1].id
        await write(log, one_waits("c2", story), written)
        await stays.sees("totals", waiting=2)
        async with service.board(last) as again:
            again.shown = shown
            await again.sees("totals", waiting=2)
            assert {told.event for told in again.told} == {"change"}
            await same(again, stays)


@pytest.mark.parametrize("last", ["", "0", "f00dcafe-1", "x-y-z", "-", "f00dcafe-1e3"])
async def test_an_id_that_this_replica_did_not_give_brings_a_snapshot(
    service: BoardService, last: str
) -> None:
    async with service.board(last) as board:
        assert (await board.hear()).event == "snapshot"


async def test_an_id_of_another_replica_brings_a_snapshot(
    log: MemoryLog, service: BoardService, tmp_path: Path
) -> None:
    async with board_service(log, tmp_path / "other") as other:
        async with other.board() as board:
            last = (await board.hear()).id
        async with service.board(last) as board:
            assert (await board.hear()).event == "snapshot"


async def test_an_id_of_another_view_brings_a_snapshot_of_the_own_one(
    log: MemoryLog, service: BoardService
) -> None:
    await write(log, one_waits())
    async with service.board() as board:
        last = (await board.sees("totals", waiting=1)).id
    async with service.board(last, role="client", client="other") as board:
        told = await board.hear()
        assert (told.event, told.data["totals"]["waiting"]) == ("snapshot", 0)
        assert told.data["queues"] == []


async def test_expected_waits_grow_old_while_the_router_is_silent_and_calls_do_not(
    log: MemoryLog, service: BoardService
) -> None:
    story = centre(Story())
    hint = QueueState(queue_id="cards", waiting=0, free_agents=1, expected_wait_s=0.0)
    story.append(hint, "queue-state/cards")
    story.claim()
    written = await write(log, story)
    async with service.board() as board:
        while board.shown.get("ages_s", {}).get("expected_waits", 0.0) < 1.0:
            await board.hear()
        assert board.shown["ages_s"]["calls"] < board.shown["ages_s"]["expected_waits"]
        story.claim(2)
        await write(log, story, written)
        while board.shown["ages_s"]["expected_waits"] >= 1.0:
            await board.hear()


async def test_the_stream_s_description_is_there_for_everybody(service: BoardService) -> None:
    async with httpx.AsyncClient(base_url=service.url) as client:
        assert (await client.get("/v1/live-protocol")).json() == asyncapi()
        assert (await client.get("/v1/live")).status_code == 401
