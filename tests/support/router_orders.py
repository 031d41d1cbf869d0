"""What people can order of a running system under load, and what must hold at once.

That nobody is lost or asked twice holds in the end: see `tests.support.under_load`.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import httpx

from contact_events.routing import CallOverflowed, CallRouted, SiteStatusChanged
from contact_runtime.issuer import mint
from sim import centre
from tests.support.routed_log import Said, now_s
from tests.support.router_faults import Fault, World
from tests.support.wait import until

WAITING = 20
FILL_LIMIT_S = 60.0
OBEYED_LIMIT_S = 30.0
LEARNS = "saransk"
"""The site whose agents lose their skills for a while."""

Json = dict[str, Any]
_TAKEN_AND_GIVEN: tuple[Json, ...] = ({"skills": {}}, {})


async def site_closed_at_peak(world: World) -> float:
    """A site is closed while calls ring and talk there, and opened again."""
    began, before = now_s(), await world.routed.read()
    site_id = centre.SITES[0].site_id
    async with _administrator(world) as to:
        async with _site_ordered(to, site_id, "closed"):
            closed = await _status(world, site_id, "closed", before)
            await world.load.until_more_are_over(5)
            end = await world.routed.read()
        there = [
            said
            for said in world.routed.said
            if closed.offset < said.offset < end and _offers(said, site_id)
        ]
        assert not there, "nobody is offered a call at a closed site"
        opened = await _status(world, site_id, "open", end)
    await world.routed.until(
        "an offer there again", lambda said: _offers(said, site_id), after=opened.offset
    )
    return now_s() - began


async def queue_deleted_with_many_waiting(world: World) -> float:
    """With every site closed 20 calls wait; their queue is deleted, and then all sites open."""
    began, before = now_s(), await world.routed.read()
    queue_id, other = "romashka-returns", "romashka-orders"
    async with _administrator(world) as to:
        async with _every_site_closed(to):
            waiting = partial(_waiting, world, queue_id)
            words = f"{WAITING} calls in {queue_id}"
            with world.load.rush(3):
                await until(words, waiting, limit_s=FILL_LIMIT_S)
            kept = await _get(to, f"/v1/queues/{queue_id}")
            document = centre.queue_documents()[queue_id]
            await _put(to, f"/v1/queues/{queue_id}", document | {"overflow_to": other})
            await _delete(to, f"/v1/queues/{queue_id}")
            moved = await world.routed.until(
                f"{WAITING} calls sent on",
                lambda _: len(_sent_on(world, other, before)) >= WAITING,
                after=before,
                limit_s=OBEYED_LIMIT_S,
            )
        await world.routed.until(
            "an offer of a call that was sent on",
            lambda said: _offered_again(world, said, other, before),
            after=moved.offset,
        )
        await _put(to, f"/v1/queues/{queue_id}", document)
        assert (await _get(to, f"/v1/queues/{queue_id}"))["revision"] > kept["revision"]
    return now_s() - began


async def skills_taken_while_they_ring(world: World) -> float:
    """Every agent of a site loses their skills in the middle of it all, and has them again."""
    began, url = now_s(), world.place.settings.url("agent-state")
    crew = centre.agent_documents(world.load.crew, world.load.seed)
    there = {a: crew[a] | {"wrap_up_s": 1.0} for a in crew if a.startswith(LEARNS)}
    assert there
    async with httpx.AsyncClient(base_url=url, headers=_token(world)) as to:
        for taken in _TAKEN_AND_GIVEN:
            for agent_id, document in there.items():
                path, changed = f"/v1/agents/{agent_id}", document | taken
                answer = await to.put(path, json=changed, headers={"If-Match": "*"})
                answer.raise_for_status()
            await world.load.until_more_are_over(5)
    return now_s() - began


ORDERS: tuple[Fault, ...] = (
    site_closed_at_peak,
    queue_deleted_with_many_waiting,
    skills_taken_while_they_ring,
)


def _token(world: World) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint(world.place.state.keys, 'administrator')}"}


@asynccontextmanager
async def _administrator(world: World) -> AsyncIterator[httpx.AsyncClient]:
    url = world.place.settings.url("router")
    async with httpx.AsyncClient(base_url=url, headers=_token(world), timeout=30) as client:
        yield client


@asynccontextmanager
async def _site_ordered(to: httpx.AsyncClient, site_id: str, status: str) -> AsyncIterator[None]:
    """Order the site's status; in the end it is open again, whatever happened."""
    document = next(s.document() for s in centre.SITES if s.site_id == site_id)
    await _put(to, f"/v1/sites/{site_id}", document | {"status": status})
    try:
        yield
    finally:
        await _put(to, f"/v1/sites/{site_id}", document)


@asynccontextmanager
async def _every_site_closed(to: httpx.AsyncClient) -> AsyncIterator[None]:
    async with AsyncExitStack() as closed:
        for site in centre.SITES:
            await closed.enter_async_context(_site_ordered(to, site.site_id, "closed"))
        yield


async def _get(to: httpx.AsyncClient, path: str) -> Json:
    answer = (await to.get(path)).raise_for_status()
    return dict(answer.json())


async def _put(to: httpx.AsyncClient, path: str, document: Json) -> None:
    now = await to.get(path)
    match = {"If-Match": now.headers["ETag"]} if now.status_code == httpx.codes.OK else {}
    (await to.put(path, json=document, headers=match)).raise_for_status()


async def _delete(to: httpx.AsyncClient, path: str) -> None:
    now = (await to.get(path)).raise_for_status()
    (await to.delete(path, headers={"If-Match": now.headers["ETag"]})).raise_for_status()


async def _status(world: World, site_id: str, status: str, after: int) -> Said:
    def is_so(said: Said) -> bool:
        event = said.event
        return (
            said.counts
            and isinstance(event, SiteStatusChanged)
            and (event.site_id, event.status) == (site_id, status)
        )

    words = f"{site_id} {status}"
    return await world.routed.until(words, is_so, after=after, limit_s=OBEYED_LIMIT_S)


def _offers(said: Said, site_id: str) -> bool:
    return said.counts and isinstance(said.event, CallRouted) and said.event.site_id == site_id


async def _waiting(world: World, queue_id: str) -> bool:
    """Tell whether so many calls wait in the queue, as the leading router counts them."""
    url = f"{world.place.settings.ops_url(await world.leader())}/metrics"
    async with httpx.AsyncClient() as client:
        page = (await client.get(url)).raise_for_status().text
    figure = f'router_waiting_calls{{queue="{queue_id}"}} '
    counts = [line for line in page.splitlines() if line.startswith(figure)]
    return bool(counts) and float(counts[0].removeprefix(figure)) >= WAITING


def _sent_on(world: World, other: str, after: int) -> set[str]:
    """Return the calls that were sent on to the other queue since."""
    events = (said.event for said in world.routed.said if said.counts and said.offset >= after)
    return {e.call_id for e in events if isinstance(e, CallOverflowed) and e.queue_id == other}


def _offered_again(world: World, said: Said, other: str, after: int) -> bool:
    event = said.event
    return (
        said.counts
        and isinstance(event, CallRouted)
        and event.queue_id == other
        and event.call_id in _sent_on(world, other, after)
    )
