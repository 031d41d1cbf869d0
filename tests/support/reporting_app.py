"""reporting's HTTP API on a store in memory or a real one, without sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from contact_runtime.administration.office import Office
from contact_runtime.clock import Clock, StoppedClock, SystemClock
from contact_runtime.database import connect
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.issuer import AUDIENCE, ISSUER, JWKS_FILE, mint
from contact_runtime.memory_log import MemoryLog
from contact_runtime.memory_store import MemoryStore
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Store
from contact_runtime.store import SqlStore
from contact_runtime.webhooks.addresses import networks_of
from contact_runtime.webhooks.desk import Webhooks
from contact_runtime.webhooks.http import with_webhooks
from contact_runtime.webhooks.sending import Sender
from reporting import http
from reporting.billing.invoices import Books
from reporting.boards import Boards
from reporting.builds.building import builds_in
from reporting.domain.live import LiveBoard
from reporting.reports.cursors import Cursors
from reporting.reports.desk import Reports
from reporting.webhooks.telling import TELLING
from tests.support.receiver import on_this_machine
from tests.support.specimens import NOON

SOURCE = "/polycentre/reporting"


@dataclass
class Reporting:
    """The application, the store it writes to, and its clock, which stands still."""

    transport: httpx.ASGITransport
    store: Store
    clock: StoppedClock
    keys: Path

    def client(self, role: str, **claims: Any) -> httpx.AsyncClient:
        """Return an HTTP client of somebody with this role."""
        headers = {"Authorization": f"Bearer {mint(self.keys, role, **claims)}"}
        return httpx.AsyncClient(
            transport=self.transport, base_url="http://reporting", headers=headers
        )


def webhooks_of(store: SqlStore, clock: Clock, networks: str = "127.0.0.0/8") -> Webhooks:
    """Return the webhooks of one replica, which reach this machine and public addresses."""
    sender = Sender(networks_of(networks), resolve=on_this_machine)
    return Webhooks(TELLING, store, clock, Metrics(), sender)


@asynccontextmanager
async def reporting_app(
    keys: Path,
    store: Store | None = None,
    log: MemoryLog | None = None,
    *,
    networks: str = "127.0.0.0/8",
) -> AsyncIterator[Reporting]:
    """Run the routes of reporting while the block is open; tables and webhooks need a real store.

    `networks` inside are those that webhooks may go to.
    """
    store, clock, log = store or MemoryStore(source=SOURCE), StoppedClock(NOON), log or MemoryLog()
    mint(keys, "supervisor")
    office = Office(store, clock)
    engine = store.engine if isinstance(store, SqlStore) else connect("postgresql:///nowhere")
    reports = Reports(store, engine, Cursors(None), ZoneInfo("Europe/Moscow"))
    boards = Boards(SystemClock(), LiveBoard("UTC"))
    app = create_app(
        "reporting",
        routes=http.ROUTES,
        auth=Auth(str(keys / JWKS_FILE), ISSUER, AUDIENCE),
        refusals=http.REFUSALS,
        context=http.Context(
            engine,
            boards,
            store,
            office,
            Books(store, engine, log),
            builds_in(engine, log),
            reports,
        ),
    )
    if isinstance(store, SqlStore):
        with_webhooks(app, webhooks_of(store, clock, networks))
    yield Reporting(httpx.ASGITransport(app), store, clock, keys)
    await office.close()
    await engine.dispose()
