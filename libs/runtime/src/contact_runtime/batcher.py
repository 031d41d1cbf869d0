"""Group commit: commands that wait at the same moment share one transaction."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from contact_runtime.catalogue import COMMAND_BATCH_SIZE
from contact_runtime.database import DATABASE_ERRORS
from contact_runtime.errors import CommitUnknown, Transient
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Kind, Store, Unit

C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

MOST_COMMANDS = 100
"""Of one transaction."""

LINGER_S = 0.005
"""The least time from the start of one transaction to the next; the first command never waits."""

TRIES = 5
PAUSE_S = 0.02

_BROKEN: tuple[type[Exception], ...] = (Transient, *DATABASE_ERRORS)
"""After these the whole transaction is lost, whoever caused them."""

Needs = Callable[[C], Iterable[tuple[Kind[Any], str]]]
"""Which rows a command will load: they are locked for the whole batch with one statement a kind."""


class Handle(Protocol[C_contra, R_co]):
    """Carries out one command in the open transaction; writes by the unit's own methods only."""

    def __call__(self, unit: Unit, command: C_contra, /) -> Awaitable[R_co]:
        """Return what the caller gets; raise what the caller is refused with."""
        ...


@dataclass(slots=True)
class _Waiting(Generic[C, R]):
    command: C
    answer: asyncio.Future[R]


class CommandBatcher(Generic[C, R]):
    """Carries out commands, many in one transaction; `submit` returns after the commit.

    What is refused fails only its own caller: what it had put and published is taken back.
    """

    def __init__(
        self,
        store: Store,
        handle: Handle[C, R],
        *,
        needs: Needs[C] | None = None,
        metrics: Metrics | None = None,
        linger_s: float = LINGER_S,
    ) -> None:
        self._store = store
        self._handle = handle
        self._needs = needs
        self._metrics = metrics or Metrics()
        self._linger_s = linger_s
        self._started = 0.0
        self._waiting: deque[_Waiting[C, R]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def submit(self, command: C) -> R:
        """Carry out `command` and return its result once it is committed.

        Raises:
            Exception: whatever the command was refused with.
            CommitUnknown: the connection was lost within the commit.
            Transient: it failed several times; nothing was written.
        """
        waiting: _Waiting[C, R] = _Waiting(command, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work(), name="commands")
        return await waiting.answer

    async def close(self) -> None:
        """Return once nothing waits any more."""
        if self._working is not None:
            await asyncio.wait([self._working])

    async def _work(self) -> None:
        batch: list[_Waiting[C, R]] = []
        try:
            while self._waiting:
                await asyncio.sleep(self._started + self._linger_s - time.monotonic())
                self._started = time.monotonic()
                count = min(MOST_COMMANDS, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(count)]
                self._metrics.observe(COMMAND_BATCH_SIZE, value=count)
                await self._carry_out(batch)
        except asyncio.CancelledError:
            for waiting in (*batch, *self._waiting):
                waiting.answer.cancel()
            raise

    async def _carry_out(self, batch: Sequence[_Waiting[C, R]]) -> None:
        for _ in range(TRIES):
            try:
                return await self._try(batch)
            except CommitUnknown as unknown:
                return _refuse_all(batch, unknown)
            except Transient as why:
                failed: Exception = why
                await asyncio.sleep(PAUSE_S)
            except Exception as error:
                return await self._one_by_one(batch, error)
        _refuse_all(batch, failed)

    async def _one_by_one(self, batch: Sequence[_Waiting[C, R]], error: Exception) -> None:
        """Find whose fault it was that the transaction failed: only theirs fail again."""
        if len(batch) == 1:
            return _refuse_all(batch, error)
        for waiting in batch:
            await self._carry_out([waiting])

    async def _try(self, batch: Sequence[_Waiting[C, R]]) -> None:
        async with self._store.unit() as unit:
            await self._prefetch(unit, batch)
            answers = [await self._answer(unit, waiting) for waiting in batch]
        for waiting, (result, refusal) in zip(batch, answers, strict=True):
            if waiting.answer.done():
                continue  # its caller has gone
            if refusal is None:
                waiting.answer.set_result(result)
            else:
                waiting.answer.set_exception(refusal)

    async def _prefetch(self, unit: Unit, batch: Sequence[_Waiting[C, R]]) -> None:
        if self._needs is None:
            return
        keys: dict[str, tuple[Kind[Any], set[str]]] = {}
        for waiting in batch:
            for kind, key in self._needs(waiting.command):
                keys.setdefault(kind.name, (kind, set()))[1].add(key)
        for _, (kind, wanted) in sorted(keys.items()):
            await unit.load_many(kind, wanted)

    async def _answer(self, unit: Unit, waiting: _Waiting[C, R]) -> tuple[Any, Exception | None]:
        mark = unit.mark()
        try:
            return await self._handle(unit, waiting.command), None
        except _BROKEN:
            raise
        except Exception as refusal:
            unit.revert(mark)
            return None, refusal


def _refuse_all(batch: Sequence[_Waiting[Any, Any]], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
