"""The worker that sends what waits, on one replica: many at once, few to each endpoint."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from contact_runtime.catalogue import (
    WEBHOOK_ATTEMPT_SECONDS,
    WEBHOOK_ATTEMPTS,
    WEBHOOK_DISABLED,
    WEBHOOK_LAG_SECONDS,
    WEBHOOK_WAITING,
)
from contact_runtime.clock import machine_now
from contact_runtime.errors import Transient
from contact_runtime.metrics import Metrics
from contact_runtime.webhooks.deliveries import Deliveries
from contact_runtime.webhooks.sending import Sender
from contact_runtime.webhooks.settling import Attempt
from contact_runtime.webhooks.signing import headers

EACH = 8
"""Attempts under way to one endpoint: so slow as it is, it holds no more than these."""

MOST = 200
"""Attempts under way in all."""

LOOK_EVERY_S = 0.5
"""Machine seconds between looks at what has come due; what is made here is looked for at once."""

SETTLED_IN_S = 0.02
"""Machine seconds that a transaction is given to commit what was announced in it."""

TOLD_EVERY_S = 5.0
LAST_S = 2.0
"""Machine seconds that attempts under way may still take when the worker is to stop."""

log = logging.getLogger(__name__)


class Worker:
    """Sends what is due. A message is sent again if its process dies before it was settled."""

    def __init__(
        self,
        deliveries: Deliveries,
        sender: Sender,
        metrics: Metrics,
        *,
        now: Callable[[], datetime] = machine_now,
        chance: Callable[[], float] = random.random,
        each: int = EACH,
    ) -> None:
        """Send with `sender` by the machine's time `now`; `chance` spreads pauses."""
        self._deliveries = deliveries
        self._sender = sender
        self._metrics = metrics
        self._now = now
        self._chance = chance
        self._each = each
        self._busy: Counter[str] = Counter()
        self._under_way: set[asyncio.Task[None]] = set()
        self._announced = asyncio.Event()
        self._told = float("-inf")

    def announce(self) -> None:
        """Tell that messages are being added: they are looked for in a moment."""
        self._announced.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop` is set."""
        async with asyncio.TaskGroup() as group:
            try:
                while not stop.is_set():
                    try:
                        await self._start(group)
                        await self._account()
                    except Transient as why:
                        log.warning("webhooks not looked at, again", extra={"why": str(why)})
                    await self._wait(stop)
                if self._under_way:
                    await asyncio.wait(self._under_way, timeout=LAST_S)
            finally:
                for task in self._under_way:
                    task.cancel()

    async def _start(self, group: asyncio.TaskGroup) -> None:
        self._announced.clear()
        room = MOST - len(self._under_way)
        claimed = await self._deliveries.claim(self._busy, self._now(), each=self._each, most=room)
        for attempt in claimed:
            self._busy[attempt.endpoint_id] += 1
            task = group.create_task(self._deliver(attempt))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, attempt: Attempt) -> None:
        try:
            began, now, body = time.monotonic(), self._now(), attempt.body.encode()
            secrets = [s for s in (attempt.secret, attempt.previous_secret) if s]
            signed = headers(secrets, attempt.delivery_id, now, body)
            outcome = await self._sender.post(attempt.url, signed, body)
            self._metrics.observe(WEBHOOK_ATTEMPT_SECONDS, value=time.monotonic() - began)
            settled = await self._deliveries.settle(attempt, outcome, self._now(), self._chance())
        except Transient as why:  # its claim runs out, and it is sent again with the same id
            log.warning("webhook not settled, again later", extra={"why": str(why)})
            return
        finally:
            self._busy[attempt.endpoint_id] -= 1
            self._busy += Counter()  # forgets who has none
            self.announce()
        self._metrics.add(WEBHOOK_ATTEMPTS, settled.became)
        if settled.disabled_for is not None:
            self._metrics.add(WEBHOOK_DISABLED, settled.disabled_for)
            log.error(
                "webhook endpoint disabled, until somebody enables it over the API",
                extra={"endpoint_id": attempt.endpoint_id, "why": settled.disabled_for},
            )

    async def _account(self) -> None:
        if time.monotonic() - self._told < TOLD_EVERY_S:
            return
        self._told = time.monotonic()
        backlog, now = await self._deliveries.backlog(), self._now()
        lag_s = (now - backlog.due_at).total_seconds() if backlog.due_at else 0.0
        self._metrics.set(WEBHOOK_WAITING, to=backlog.waiting)
        self._metrics.set(WEBHOOK_LAG_SECONDS, to=max(0.0, lag_s))
        await self._deliveries.prune(now)

    async def _wait(self, stop: asyncio.Event) -> None:
        told = [asyncio.ensure_future(one.wait()) for one in (stop, self._announced)]
        try:
            await asyncio.wait(told, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in told:
                one.cancel()
        if not stop.is_set() and self._announced.is_set():
            await asyncio.sleep(SETTLED_IN_S)
