"""What the routes of webhooks work with, and the work on one replica: reading and sending."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from contact_runtime.clock import Clock, machine_now
from contact_runtime.consuming import reading
from contact_runtime.errors import Transient
from contact_runtime.lease import Led
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.projection import folded
from contact_runtime.reader import Received
from contact_runtime.store import SqlStore
from contact_runtime.webhooks import deliveries
from contact_runtime.webhooks.deliveries import Deliveries, Delivery
from contact_runtime.webhooks.delivering import Worker
from contact_runtime.webhooks.endpoints import Endpoint, Endpoints, Wanted
from contact_runtime.webhooks.notices import TEST, Notice
from contact_runtime.webhooks.sending import Sender
from contact_runtime.webhooks.signing import SECRET_BYTES, secret_of
from contact_runtime.webhooks.telling import Telling

LINGER_S = 0.1
"""Webhooks may be so far behind (machine seconds): large batches cost less than small ones."""

LOOK_EVERY_S = 1.0
"""Machine seconds between looks for a first webhook; while there is none, nothing is read."""


class Webhooks:
    """The webhooks of a service, and the sender of this process."""

    def __init__(
        self,
        telling: Telling,
        store: SqlStore,
        clock: Clock,
        metrics: Metrics,
        sender: Sender,
        *,
        now: Callable[[], datetime] = machine_now,
    ) -> None:
        """Tell what `telling` says of facts to those who are subscribed in `store`.

        It is sent with `sender`, which is closed in the end; `now` is the machine's time.
        """
        self.telling = telling
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._now = now
        self._sender = sender
        self.unencrypted = sender.unencrypted
        self.endpoints = Endpoints(store.engine)
        self.deliveries = Deliveries(store.engine)
        self._worker = Worker(self.deliveries, sender, metrics, now=now)

    async def create(self, client: str | None, wanted: Wanted) -> tuple[Endpoint, str] | None:
        """Return a new webhook and its secret; None if there are as many as there may be."""
        made = secret_of(secrets.token_bytes(SECRET_BYTES))
        name = f"we_{secrets.token_hex(12)}"
        times = {"since": self._clock.now(), "now": self._now()}
        endpoint = await self.endpoints.create(name, client, wanted, made, **times)
        return None if endpoint is None else (endpoint, made)

    async def change(self, endpoint: Endpoint, wanted: Wanted) -> Endpoint | None:
        """Return the webhook as changed; None if somebody else has changed it meanwhile."""
        return await self.endpoints.change(
            endpoint.endpoint_id, endpoint.version, wanted, self._now()
        )

    async def rotate(self, endpoint: Endpoint, overlap_s: float) -> tuple[Endpoint, str] | None:
        """Return the webhook and its new secret; None if somebody else has changed it meanwhile."""
        made, now = secret_of(secrets.token_bytes(SECRET_BYTES)), self._now()
        changed = await self.endpoints.rotate(
            endpoint.endpoint_id,
            endpoint.version,
            made,
            until=now + timedelta(seconds=overlap_s),
            now=now,
        )
        return None if changed is None else (changed, made)

    async def enable(self, endpoint: Endpoint, *, repeat_dead: bool) -> Endpoint:
        """Return the webhook, enabled; what was given up is sent again if that is wanted."""
        changed = await self.endpoints.enable(endpoint.endpoint_id, self._now())
        if repeat_dead:
            await self.deliveries.repeat_dead(endpoint.endpoint_id, self._now())
        return changed or endpoint

    async def test(self, endpoint: Endpoint) -> Delivery:
        """Have a message sent that tells of nothing."""
        name, at = secrets.token_hex(12), self._clock.now()
        notice = Notice(id=name, type=TEST, at=at, client=endpoint.client, data={})
        return await self.deliveries.test(endpoint, notice, self._now())

    async def repeat(self, endpoint: Endpoint, delivery_id: str) -> Delivery | None:
        """Have a message sent again; None if there is no such message."""
        return await self.deliveries.repeat(endpoint.endpoint_id, delivery_id, self._now())

    def work(self, log: Log) -> list[Led]:
        """Return what one replica does: read the facts once there is a webhook, and send."""
        read = reading(
            self._store,
            log,
            reader=self.telling.reader,
            topics=self.telling.topics,
            handler=folded(self._fold),
            clock=self._clock,
            metrics=self._metrics,
            linger_s=LINGER_S,
        )

        async def read_once_wanted(stop: asyncio.Event) -> None:
            if await self._wanted(stop):
                await read(stop)

        return [read_once_wanted, self._worker.run]

    async def close(self) -> None:
        """Close the connections of the sender."""
        await self._sender.close()

    async def _fold(self, connection: AsyncConnection, batch: Sequence[Received]) -> None:
        told = [self.telling.notice_of(received.envelope) for received in batch]
        notices = [notice for notice in told if notice is not None]
        if notices and await deliveries.add(connection, notices, self._now()):
            self._worker.announce()

    async def _wanted(self, stop: asyncio.Event) -> bool:
        while not stop.is_set():
            with suppress(Transient):
                if await self.endpoints.any():
                    return True
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()
        return False
