"""Every part of agent-state, in the order in which they start."""

import asyncio
import gc
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from agent_state import break_desk, clocking, contacts, directory, http, roster_clock
from agent_state.commands import BreakOrder, Order, needs, obey
from agent_state.consumers import READER, READS, handler, tick
from agent_state.directory import Directory
from agent_state.domain.answers import Answer
from agent_state.kinds import furnish as furnish_standing
from agent_state.pages import serve_desktop
from agent_state.seats import RETRY_S
from agent_state.settings import Settings
from agent_state.sockets import HEARTBEAT_S, Sockets
from agent_state.tables import AGENT, BREAKS, ROSTER
from agent_state.webhooks.telling import TELLING
from contact_events.topics import Topic
from contact_runtime.administration.documents import Author
from contact_runtime.administration.office import Office
from contact_runtime.batcher import CommandBatcher
from contact_runtime.clock import Clock
from contact_runtime.consuming import consuming, reading
from contact_runtime.errors import Transient
from contact_runtime.ground import Ground, app_of
from contact_runtime.lease import Led
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.reader import LINGER_S, RecordHandler
from contact_runtime.rows import Store, Unit
from contact_runtime.serve import Background
from contact_runtime.webhooks.desk import Webhooks
from contact_runtime.webhooks.http import with_webhooks
from contact_runtime.webhooks.sending import Sender

DESCRIPTION = "Agents: presence, offers settled once each, talk and wrap-up; desktops' sockets."


def parts(
    store: Store,
    clock: Clock,
    metrics: Metrics,
    *,
    grace_s: float,
    heartbeat_s: float = HEARTBEAT_S,
) -> http.Context:
    """Return what the routes need: group commit for commands, and the sockets of this process."""

    async def obey_now(unit: Unit, order: Order) -> Answer:
        return await obey(unit, order, clock.now())

    orders: CommandBatcher[Order, Answer] = CommandBatcher(
        store, obey_now, needs=needs, metrics=metrics
    )
    office, planning = Office(store, clock, metrics), Office(store, clock, metrics)

    async def submit(order: Order | BreakOrder) -> Answer:
        if isinstance(order, Order):
            return await orders.submit(order)
        team_id = break_desk.team_of(await store.peek(AGENT, order.agent_id))
        return await planning.carry_out(
            lambda unit: break_desk.obey(unit, order, clock.now()), (BREAKS, team_id)
        )

    sockets = Sockets(
        store,
        submit,
        clock,
        place=secrets.token_hex(8),
        grace_s=grace_s,
        heartbeat_s=heartbeat_s,
    )

    async def close() -> None:
        await orders.close()
        await office.close()
        await planning.close()

    return http.Context(store, submit, sockets, office, planning, Directory(store), close)


async def furnished(store: Store, clock: Clock) -> None:
    """Return once the documents are there that every centre has from the first start on."""
    while True:
        with suppress(Transient):
            return await furnish_standing(store, Author("agent-state", clock.now(), "start"))
        await asyncio.sleep(RETRY_S)


def background(
    store: Store,
    log: Log,
    clock: Clock,
    sockets: Sockets,
    metrics: Metrics,
    beside: Sequence[Led] = (),
) -> list[Background]:
    """Return what runs beside the API: on one replica its reader, timers, relay and `beside`."""
    consumers = consuming(
        "agent-state",
        store,
        log,
        reader=READER,
        topics=READS,
        handler=handler(clock),
        clock=clock,
        metrics=metrics,
        timers=[(AGENT, tick), (ROSTER, roster_clock.tick), (BREAKS, break_desk.ticking(metrics))],
        beside=[*_projections(store, log, clock, metrics), *beside],
    )

    async def listen(stop: asyncio.Event) -> None:
        async with store.listening():  # so that sockets here show what is committed elsewhere
            await stop.wait()

    async def furnish(stop: asyncio.Event) -> None:
        await furnished(store, clock)
        await stop.wait()

    return [
        Background("standing documents", furnish),
        Background("listener", listen),
        Background("sockets", sockets.run),
        consumers,
    ]


def _projections(store: Store, log: Log, clock: Clock, metrics: Metrics) -> list[Led]:
    """Return the readers of what others say of contacts, of times and breaks, and of names."""

    def project(
        reader: str, topics: Sequence[Topic], handle: RecordHandler, linger_s: float
    ) -> Led:
        return reading(
            store,
            log,
            reader=reader,
            topics=topics,
            handler=handle,
            clock=clock,
            metrics=metrics,
            linger_s=linger_s,
        )

    times = clocking.handler(break_desk.follow)
    return [
        project(contacts.READER, contacts.READS, contacts.project, contacts.LINGER_S),
        project(clocking.READER, clocking.READS, times, clocking.LINGER_S),
        project(directory.READER, directory.READS, directory.learn, LINGER_S),
    ]


CYCLES_SOUGHT: Final = (5_000, 10, 20)
"""How seldom Python looks for cycles among what is new, older and old. What is old is desktops: to
walk through thousands of them while others come back holds all up, the lease's renewal too. A
socket that has closed leaves a few cycles, so they are sought in the end.
"""


async def main(settings: Settings) -> int:
    """Run agent-state until it is told to stop; return the exit code."""
    gc.set_threshold(*CYCLES_SOUGHT)
    ground = await Ground.of("agent-state", settings)
    store = ground.store(connections=settings.database_connections)
    context = parts(store, ground.clock, ground.metrics, grace_s=settings.socket_grace_s)
    app = app_of(
        "agent-state",
        settings,
        ground.metrics,
        routes=[http.routes],
        sockets=http.SOCKETS,
        refusals=http.REFUSALS,
        description=DESCRIPTION,
        context=context,
        larger=http.LARGER,
    )
    sender = Sender(settings.named_networks)
    webhooks = Webhooks(TELLING, store, ground.clock, ground.metrics, sender)
    with_webhooks(app, webhooks)
    if settings.desktop_dir is not None:
        serve_desktop(app, settings.desktop_dir, settings.ivr_url)
    try:
        sockets, work = context.sockets, webhooks.work(ground.log)
        tasks = background(store, ground.log, ground.clock, sockets, ground.metrics, work)
        return await ground.serve(app, tasks)
    finally:
        await webhooks.close()
        await context.close()
        await store.close()
