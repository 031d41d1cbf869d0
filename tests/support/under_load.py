"""A whole system at scale 1 under load, and what must be true of it in the end."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from contact_events.calls import CallArrived, CallFlowStep
from contact_events.topics import CALL_ARRIVED
from contact_runtime.issuer import mint
from contact_runtime.kafka import KafkaLog
from router.verify import verify
from sim.apis import Json, many_connections
from tests.support.auditing import Auditing, assert_sound
from tests.support.load import Load
from tests.support.local_run import Place, new_place
from tests.support.order_of_offers import misplaced
from tests.support.raw_log import envelopes
from tests.support.routed_log import POOL, RoutedLog
from tests.support.router_faults import World
from tests.support.wait import until

UP_LIMIT_S = 240.0
CAUGHT_UP_LIMIT_S = 120.0


@asynccontextmanager
async def under_load(folder: Path) -> AsyncIterator[World]:
    """Start a system and its callers and agents; afterwards both are gone, whatever happened."""
    place = new_place(folder)
    try:
        run = await place.run(SIM="0", SCALE="1")
        await run.until_said("Place a call", limit_s=UP_LIMIT_S)
        load = Load(place)
        async with many_connections() as client:
            try:
                await load.run(client)
                await load.until_more_are_over(10)
                routed = await RoutedLog.open(place.addresses.kafka, place.settings.partitions)
                yield World(place, run, load, routed, Auditing(place), folder)
                await routed.close()
            finally:
                load.abort()
    finally:
        await place.end()


async def end_and_hold(world: World) -> None:
    """Let the load end, and see that nobody was lost, asked twice, or overtaken.

    That every decision comes out of the log again holds across all changes of leader.
    """
    place, load = world.place, world.load
    await load.end()
    assert load.callers is not None
    fates = load.callers.fates
    assert fates == Counter({"disconnected": load.placed}), f"{fates} of {load.placed} calls"
    calls = load.placed + world.beside
    await _caught_up(place, calls)
    await assert_sound(place, "--at-rest")
    await _asked_once(place, calls)
    await world.routed.read()
    assert await misplaced(place.addresses.kafka, world.routed) == []
    assert (await verify(KafkaLog(place.addresses.kafka), POOL, 0)).difference is None


async def _caught_up(place: Place, calls: int) -> None:
    """Wait until every call stands in the reports, answered."""
    headers = {"Authorization": f"Bearer {mint(place.state.keys, 'supervisor')}"}
    url = f"{place.settings.url('reporting')}/v1/contact-records"

    async def answered() -> bool:
        found, after = 0, None
        while True:
            query = {"limit": "500"} | ({"after": after} if after else {})
            page = await client.get(url, params=query, headers=headers)
            records = page.raise_for_status().json()
            found += sum(map(_is_caller_answered, records["contact_records"]))
            after = records["next"]
            if after is None:
                return found == calls

    async with httpx.AsyncClient(timeout=30) as client:
        words = f"{calls} answered contacts in the reports"
        await until(words, answered, limit_s=CAUGHT_UP_LIMIT_S)


def _is_caller_answered(record: Json) -> bool:
    """Tell whether it is an answered call, and not what one agent asked another about it."""
    return record["outcome"] == "answered" and record["parent_call_id"] is None


async def _asked_once(place: Place, calls: int) -> None:
    """See in the log that each call arrived once and chose from its menu once."""
    arrived: set[str] = set()
    chosen: dict[str, set[int]] = {}
    async for envelope in envelopes(place.addresses.kafka, [CALL_ARRIVED.name]):
        if isinstance(envelope.data, CallArrived) and envelope.data.parent_call_id is None:
            arrived.add(envelope.data.call_id)
        elif isinstance(envelope.data, CallFlowStep) and envelope.data.choice is not None:
            chosen.setdefault(envelope.data.call_id, set()).add(envelope.sequence)
    assert len(arrived) == calls
    assert {len(choices) for choices in chosen.values()} == {1}, chosen
