"""ivr over HTTP in this process, on any store, with a stopped clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from contact_events.envelope import Envelope
from contact_events.registry import Event
from contact_runtime.clock import StoppedClock
from contact_runtime.hints import QueueHints
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.issuer import AUDIENCE, ISSUER, JWKS_FILE, mint
from contact_runtime.memory_store import MemoryStore
from contact_runtime.migrate import migrate
from contact_runtime.rows import Store
from contact_runtime.store import SqlStore, connect
from ivr.commands import Cause
from ivr.consumers import hear_one
from ivr.desk import Desk
from ivr.http import REFUSALS, routes
from ivr.people import People
from tests.support.ivr_histories import NINE

SOURCE = "/polycentre/ivr"
SHOP: dict[str, Any] = {
    "client_id": "acme",
    "client_name": "Acme",
    "name": "Shop",
    "dnis": ["+74950000001"],
    "greeting": {"ru": "Это Акме.", "en": "This is Acme."},
    "agent_greeting": {"ru": "Акме, здравствуйте", "en": "Acme, good day"},
    "menu": [
        {"digit": "1", "label": {"ru": "Продажи", "en": "Sales"}, "queue": "acme-sales"},
        {
            "digit": "2",
            "label": {"ru": "Часы", "en": "Hours"},
            "contained": True,
            "say": {"ru": "С девяти", "en": "From nine"},
        },
    ],
    "no_input": {"queue": "acme-any", "repeats": 1},
}
HELP: dict[str, Any] = {
    **SHOP,
    "client_id": "zeta",
    "client_name": "Zeta",
    "name": "Help",
    "dnis": ["+74950000002"],
    "menu": [],
    "no_input": {"queue": "zeta-help"},
}


@asynccontextmanager
async def ivr_store(url: str | None) -> AsyncIterator[Store]:
    """Open the store of a database, migrated as in production, or one in memory."""
    if url is None:
        yield MemoryStore(source=SOURCE)
        return
    await migrate("ivr", url)
    store = SqlStore(connect(url), source=SOURCE)
    yield store
    await store.close()


class FrontDoor:
    """ivr's application, its clock and everybody's tokens."""

    def __init__(self, store: Store, folder: Path, hints: QueueHints | None = None) -> None:
        self.store = store
        self.clock = StoppedClock(NINE)
        people = People.of_file(folder / "client-keys.json")
        self.desk = Desk(store, self.clock, people, hints=hints)
        self._folder = folder
        mint(folder, "supervisor")
        self.app: FastAPI = create_app(
            "ivr",
            routes=[routes],
            auth=Auth(str(folder / JWKS_FILE), ISSUER, AUDIENCE),
            refusals=REFUSALS,
            context=self.desk,
        )
        self._numbers = 0

    def as_(
        self,
        role: str,
        *,
        client: str | None = None,
        agent_id: str | None = None,
        subject: str | None = None,
    ) -> httpx.AsyncClient:
        """Return a client with a token of that role."""
        token = mint(self._folder, role, client=client, agent_id=agent_id, subject=subject)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url="http://ivr", headers=headers)

    async def with_projects(self) -> "FrontDoor":
        """Let two clients have a project each."""
        async with self.as_("administrator") as administrator:
            for project_id, project in [("acme-shop", SHOP), ("zeta-help", HELP)]:
                answer = await administrator.put(f"/v1/projects/{project_id}", json=project)
                assert answer.status_code == 200, answer.text
        return self

    async def call(self, dnis: str = "+74950000001", **changes: Any) -> dict[str, Any]:
        """Let a call in and return its view."""
        self._numbers += 1
        body = {"ani": "+79161234567", "dnis": dnis, "entry_site": "moscow", **changes}
        async with self.as_("integrator") as integrator:
            answer = await integrator.post(
                "/v1/calls", json=body, headers={"Idempotency-Key": f"k{self._numbers}"}
            )
        assert answer.status_code == 201, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def hears(self, fact: Event, sequence: int, *, stream: str = "a1") -> None:
        """Let ivr read one record of another service."""
        envelope = Envelope(
            id=f"{stream}/{sequence}",
            source="/polycentre/agent-state",
            subject=stream,
            time=self.clock.now(),
            pool="main",
            stream=stream,
            sequence=sequence,
            data=fact,
        )
        async with self.store.unit() as unit:
            cause = Cause(self.clock.now(), envelope.id, hints=self.desk.hints)
            await hear_one(unit, envelope, cause)
