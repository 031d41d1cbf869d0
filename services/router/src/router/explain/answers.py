"""The answers of explaining, put together from the index and from the log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from contact_runtime.clock import EPOCH, Clock
from contact_runtime.database import in_our_words
from contact_runtime.http.problems import not_found
from router.domain.sentences import Names
from router.explain import queries
from router.explain.folds import Folds
from router.explain.past_views import decision_view, state_view
from router.explain.story import entries
from router.explain.views import CallStory

DECISION: Final = "decision"
STATE: Final = "state"
_MICROSECOND: Final = timedelta(microseconds=1)


class MomentInTheFuture(Exception):
    """That moment has not come yet. Ask for one up to now, in business time."""

    code = "moment-in-the-future"


class MomentBeforeTheLog(Exception):
    """Nobody led the pool at that moment yet. Ask for one since the log began."""

    code = "moment-before-the-log"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer worked out: whole, and without agents; that is None where only operators ask."""

    client_id: str | None
    whole: bytes
    without_agents: bytes | None = None

    def __len__(self) -> int:
        """Return how many bytes it takes."""
        return len(self.whole) + len(self.without_agents or b"")


@dataclass(frozen=True, slots=True)
class Answers:
    """Works answers out."""

    engine: AsyncEngine
    folds: Folds
    clock: Clock

    async def story(self, call_id: str) -> CallStory:
        """Return the call's way.

        Raises:
            Problem: 404, nothing was said of such a call.
        """
        with in_our_words():
            async with self.engine.connect() as connection:
                told = await queries.story(connection, call_id)
                if not told:
                    raise not_found("the call")
                names = Names(await queries.names_of(connection, told[0].pool))
        client = next((moment.client_id for moment in told if moment.client_id), None)
        return CallStory(
            call_id=call_id,
            pool=told[0].pool,
            client_id=client,
            entries=entries(told, names, call_id),
        )

    async def client_of(self, decision_id: str) -> str | None:
        """Return whose call the decision is about; None for nobody's.

        Raises:
            Problem: 404, there is no such decision.
        """
        with in_our_words():
            async with self.engine.connect() as connection:
                row = await queries.decision(connection, decision_id)
        if row is None:
            raise not_found("the decision")
        client: str | None = row["client_id"]
        return client

    async def check_moment(self, pool: str, at: datetime) -> None:
        """Do nothing if the pool was led at that moment.

        Raises:
            MomentInTheFuture: it has not come.
            MomentBeforeTheLog: nobody led yet.
            Problem: 404, there is no such pool.
        """
        with in_our_words():
            async with self.engine.connect() as connection:
                since = await queries.led_since(connection, pool)
        if since is None:
            raise not_found("the pool")
        now = self.clock.now()
        if at > now:
            raise MomentInTheFuture(f"{at.isoformat()} is after {now.isoformat()}")
        if at < since:
            raise MomentBeforeTheLog(f"the pool is led since {since.isoformat()}")

    async def work(self, job_id: str) -> Answer:
        """Work out the answer that a job's id asks for.

        Raises:
            Problem: 404, it asks for nothing that is there.
        """
        match job_id.split("~"):
            case [kind, decision_id] if kind == DECISION:
                return await self._decision(decision_id)
            case [kind, pool, moment] if kind == STATE and moment.isdecimal():
                return await self._state(pool, _moment(int(moment)))
        raise not_found("the job")

    async def _decision(self, decision_id: str) -> Answer:
        with in_our_words():
            async with self.engine.connect() as connection:
                row = await queries.decision(connection, decision_id)
                if row is None:
                    raise not_found("the decision")
                names = Names(await queries.names_of(connection, row["pool"]))
        offset: int = row["log_offset"]

        async def fold() -> Answer:
            view = decision_view(await self.folds.decided(row["pool"], offset), offset, names)
            public = view.model_copy(update={"candidates": None})
            return Answer(
                row["client_id"], view.model_dump_json().encode(), public.model_dump_json().encode()
            )

        return await self.folds.run(DECISION, fold)

    async def _state(self, pool: str, at: datetime) -> Answer:
        await self.check_moment(pool, at)
        with in_our_words():
            async with self.engine.connect() as connection:
                hint = await queries.last_before(connection, pool, at)

        async def fold() -> Answer:
            view = state_view(await self.folds.at(pool, at, hint), at)
            return Answer(None, view.model_dump_json().encode())

        return await self.folds.run(STATE, fold)


def decision_job(decision_id: str) -> str:
    """Return the id of the job that explains the decision."""
    return f"{DECISION}~{decision_id}"


def state_job(pool: str, at: datetime) -> str:
    """Return the id of the job that tells the state of that moment."""
    return f"{STATE}~{pool}~{(at.astimezone(UTC) - EPOCH) // _MICROSECOND}"


def _moment(microseconds: int) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise not_found("the job") from None
