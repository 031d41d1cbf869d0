"""Under load at scale 1 each part is killed and comes back: nobody is lost, nobody asked twice."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contact_events.calls import CallArrived, CallFlowStep
from contact_events.topics import CALL_ARRIVED
from contact_runtime.issuer import mint
from tests.support.auditing import assert_sound
from tests.support.load import Load
from tests.support.local_run import Place, Run, new_place
from tests.support.raw_log import envelopes
from tests.support.wait import until

UP_LIMIT_S = 240.0
VICTIMS = ("ivr", "router", "agent-state", "reporting", "geo", "kafka")

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(900)]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    one = new_place(tmp_path)
    yield one
    await one.end()


async def kill(place: Place, run: Run, load: Load, victim: str) -> None:
    """Kill one process and see the calls go on once it is back."""
    before = run.printed.count(f"{victim} is back")
    place.kill(victim)
    await until(
        f"{victim} to be back",
        lambda: run.printed.count(f"{victim} is back") > before,
        limit_s=UP_LIMIT_S,
    )
    await load.until_more_are_over(10)


async def test_each_process_is_killed_under_load_and_no_call_is_lost(place: Place) -> None:
    run = await place.run(SIM="0", SCALE="1")
    await run.until_said("Place a call", limit_s=UP_LIMIT_S)
    load = Load(place)
    limits = httpx.Limits(max_connections=2_000, max_keepalive_connections=200)
    async with httpx.AsyncClient(limits=limits) as client:
        try:
            await load.run(client)
            await load.until_more_are_over(10)
            for victim in VICTIMS:
                await kill(place, run, load, victim)
                await assert_sound(place)
            await load.end()
        finally:
            load.abort()
        assert load.callers is not None
        assert load.callers.fates == Counter({"disconnected": load.placed})
        await caught_up(place, client, load.placed)
    await assert_sound(place, "--at-rest")
    await assert_asked_once(place, load.placed)


async def caught_up(place: Place, client: httpx.AsyncClient, calls: int) -> None:
    """Wait until every call stands in the reports, answered."""
    token = mint(place.state.keys, "supervisor")

    async def answered() -> bool:
        found, after = 0, None
        while True:
            query = {"limit": "500"} | ({"after": after} if after else {})
            page = await client.get(
                f"{place.settings.url('reporting')}/v1/contact-records",
                params=query,
                headers={"Authorization": f"Bearer {token}"},
            )
            records = page.raise_for_status().json()
            found += sum(1 for r in records["contact_records"] if r["outcome"] == "answered")
            after = records["next"]
            if after is None:
                return found == calls

    await until(f"{calls} answered contacts in the reports", answered, limit_s=60)


async def assert_asked_once(place: Place, calls: int) -> None:
    """See in the log that each call arrived once and chose from its menu once."""
    arrived: set[str] = set()
    chosen: dict[str, set[int]] = {}
    async for envelope in envelopes(place.addresses.kafka, [CALL_ARRIVED.name]):
        if isinstance(envelope.data, CallArrived):
            arrived.add(envelope.data.call_id)
        elif isinstance(envelope.data, CallFlowStep) and envelope.data.choice is not None:
            chosen.setdefault(envelope.data.call_id, set()).add(envelope.sequence)
    assert len(arrived) == calls
    assert {len(choices) for choices in chosen.values()} == {1}
