"""The busiest eight hours of a real day, driven through the whole system."""

import asyncio
import csv
import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.registry import event_type_of
from contact_events.topics import (
    AGENT_STATE,
    ANSWERED,
    CALL_ARRIVED,
    CALLER_LOCATED,
    ROUTED,
    WRAPPED_UP,
)
from contact_runtime.issuer import mint
from sim.dayfile import DIAL, busiest, read_day
from tests.support.auditing import assert_sound
from tests.support.local_run import Place, new_place
from tests.support.raw_log import envelopes
from tests.support.wait import until

BANK = Path(__file__).resolve().parents[3] / "shared" / "data" / "bank_calls_1999_02.csv"
DAY = date(1999, 2, 7)
LOOK = Path(__file__).resolve().parents[2] / "console" / "e2e" / "look.mjs"
LOOK_LIMIT_S = 300.0
HOURS = 8
SCALE = 110
DAY_LIMIT_S = 900.0
QUARTER_S = 900

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.chromium,
    pytest.mark.timeout(1200),
]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    if not BANK.exists():
        pytest.skip("the bank's calls of February 1999 are not beside the project")
    one = new_place(tmp_path)
    yield one
    await one.end()


def arrivals_of_the_file() -> Counter[tuple[int, str]]:
    """Count the file's calls by quarter of an hour and number dialled, with nothing of ours."""
    rows = busiest(read_day(BANK, DAY).rows, HOURS)
    first_s = min(row.at_s for row in rows) // QUARTER_S * QUARTER_S
    return Counter(((row.at_s - first_s) // QUARTER_S, row.dnis) for row in rows)


def test_the_hours_hold_what_a_plain_reading_of_the_file_says() -> None:
    if not BANK.exists():
        pytest.skip("the bank's calls of February 1999 are not beside the project")
    with BANK.open(newline="") as file:
        kinds = Counter(row["type"] for row in csv.DictReader(file) if row["date"] == str(DAY))
    rows = read_day(BANK, DAY).rows
    assert Counter(row.kind for row in rows) == kinds
    assert set(kinds) <= set(DIAL)


async def test_a_real_day_is_lived_and_every_figure_equals_a_plain_count(place: Place) -> None:
    run = await place.run(
        SCALE=str(SCALE), CALLS=str(BANK), DAY=str(DAY), HOURS=str(HOURS), AGENTS="60"
    )
    sim = place.state.logs / "sim.log"
    await run.until_said("Place a call", limit_s=240)
    await see_it_on_the_board(place)
    await until(
        "the day's end", lambda: "the day has ended" in sim.read_text(), limit_s=DAY_LIMIT_S
    )
    expected = arrivals_of_the_file()
    assert expected.total() >= 500
    counted = await count(place)
    assert counted.arrivals == expected
    assert await reported(place, counted) == counted.outcomes
    await assert_intervals(place, counted)
    await assert_sound(place, "--at-rest")


async def see_it_on_the_board(place: Place) -> None:
    """Open the board in Chromium and see the day go by; a picture stays with the test's output."""
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        assert not os.environ.get("CI"), "Chromium is missing: apt-get install -y chromium"
        return
    token = mint(place.state.keys, "supervisor")
    address = f"{place.settings.url('reporting')}/board/#token={token}"
    node = await asyncio.create_subprocess_exec(
        *("node", str(LOOK), address, str(place.outputs / "board.png")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await asyncio.wait_for(node.communicate(), LOOK_LIMIT_S)
    assert node.returncode == 0, complaint.decode()
    seen = json.loads(said)
    assert (seen["link"], seen["day"], seen["sites"]) == ("live", "running", 4)
    assert "patience" in seen["drawn"]
    assert token not in seen["address"]
    assert seen["strangers"] == []


class Counted:
    """The raw topics counted by hand: sets and sums, and nothing of reporting."""

    def __init__(self) -> None:
        self.began: dict[str, Envelope] = {}
        self.types: dict[str, set[str]] = defaultdict(set)
        self.ends: dict[str, str] = {}
        self.abandoned_in: dict[str, int] = {}
        self.connected_queue: Counter[str] = Counter()
        self.queue_of: dict[str, str] = {}

    def take(self, envelope: Envelope) -> None:
        name = event_type_of(type(envelope.data)).name
        data: Any = envelope.data
        if not name.startswith("call.") or not hasattr(data, "call_id"):
            return
        if name == "call.arrived":
            self.began[data.call_id] = envelope
        if name == "call.queued":
            self.queue_of[data.call_id] = data.queue_id
        if name == "call.connected" and name not in self.types[data.call_id]:
            began: Any = self.began[data.call_id].data
            if began.direction != "internal":  # a consultation is no caller's contact
                self.connected_queue[self.queue_of[data.call_id]] += 1
        if name == "call.abandoned":
            self.abandoned_in[data.call_id] = data.attempt
        self.types[data.call_id].add(name)

    @property
    def arrivals(self) -> Counter[tuple[int, str]]:
        """Count by quarter and number. A call is of the quarter in which it was to be placed.

        It arrives a moment later, which at this pace is seconds of the day.
        """
        planned = {
            call_id: datetime.fromisoformat(envelope.data.attributes["planned_at"])  # type: ignore[attr-defined]
            for call_id, envelope in self.began.items()
        }
        assert all(self.began[call_id].time >= at for call_id, at in planned.items())
        first_s = min(planned.values()).timestamp() // QUARTER_S * QUARTER_S
        return Counter(
            (int((at.timestamp() - first_s) // QUARTER_S), self.began[call_id].data.dnis)  # type: ignore[attr-defined]
            for call_id, at in planned.items()
        )

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(self._outcome(call_id) for call_id in self.began)

    def _outcome(self, call_id: str) -> str:
        types = self.types[call_id]
        if "call.connected" in types:
            return "answered"
        if "call.abandoned" in types:
            return "abandoned" if self.abandoned_in[call_id] else "abandoned_in_flow"
        for name in ("contained", "failed", "diverted", "refused"):
            if f"call.{name}" in types:
                return name
        return "still there"


async def count(place: Place) -> Counted:
    counted, intake = Counted(), Intake()
    topics = (CALL_ARRIVED, CALLER_LOCATED, ROUTED, ANSWERED, WRAPPED_UP, AGENT_STATE)
    for topic in topics:
        async for envelope in envelopes(place.addresses.kafka, [topic.name]):
            if intake.takes(topic.name, envelope):
                counted.take(envelope)
    return counted


async def ask(place: Place, path: str, **query: str) -> Any:
    token = mint(place.state.keys, "supervisor")
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.get(
            f"{place.settings.url('reporting')}{path}",
            params=query,
            headers={"Authorization": f"Bearer {token}"},
        )
    return json.loads(answer.raise_for_status().content)


async def reported(place: Place, counted: Counted) -> Counter[str]:
    """Return the outcomes that the reports tell, once they hold every call."""

    async def outcomes() -> Counter[str]:
        found: list[dict[str, Any]] = []
        query: dict[str, str] = {"limit": "500"}
        while True:
            page = await ask(place, "/v1/contact-records", **query)
            found += page["contact_records"]
            if page["next"] is None:
                break
            query["after"] = page["next"]
        whole = len(found) == len(counted.began) and all(r["outcome"] for r in found)
        return Counter(r["outcome"] for r in found) if whole else Counter()

    return await until("the reports to hold the day", outcomes, limit_s=60)


async def assert_intervals(place: Place, counted: Counted) -> None:
    """See that the queues' quarters sum to the connections in the raw topics."""
    intervals = (await ask(place, "/v1/queue-intervals"))["queue_intervals"]
    answered: Counter[str] = Counter()
    for interval in intervals:
        datetime.fromisoformat(interval["interval_start"])
        answered[interval["queue_id"]] += interval["answered"]
    assert {queue: count for queue, count in answered.items() if count} == counted.connected_queue
