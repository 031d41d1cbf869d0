"""Builds as they are ordered, under way and done: rows of the table `builds`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contact_runtime.database import in_our_words
from contact_runtime.log import Log, TopicPartition
from reporting.builds import asked
from reporting.builds.asked import AsOf, AsOfAhead, Positions
from reporting.tables import READER, builds, newest

KEPT = timedelta(days=1)
"""How long tables of an earlier moment are kept after a report was last made from them."""


SPARED = timedelta(minutes=10)
"""How long they are kept at least, however many there are."""

MOST_KEPT = 20
"""Beyond so many, those go that were not used for longest."""

MOST_UNDER_WAY = 5
"""Earlier moments that may be ordered and not folded yet: they are folded one after another."""


class TooManyBuilds(Exception):
    """Tables of so many other moments have been ordered already. Ask again once one is folded.

    They are folded one after another; the detail says how many may wait.
    """

    code = "too-many-builds"


class NoSuchBuild(Exception):
    """There is no build of this number."""

    code = "no-such-build"


@dataclass(frozen=True, slots=True)
class Build:
    """A fold beside the live tables: for which purpose, how far it is, where it ends."""

    build_id: int
    purpose: str
    state: str
    ordered_by: str
    ordered_at: datetime
    asked: str | None
    until: Positions | None
    done: int
    total: int
    finished_at: datetime | None
    used_at: datetime | None
    error: str | None

    @property
    def schema(self) -> str:
        """Return the schema in which its tables are."""
        return f"build_{self.build_id}"


class Builds:
    """Orders builds, and lends the tables of those that are done."""

    def __init__(self, engine: AsyncEngine, log: Log, topics: Sequence[str]) -> None:
        """Keep orders in the database of `engine`; positions are those of `topics` in `log`."""
        self._engine = engine
        self._log = log
        self._topics = topics

    async def rebuild(self, by: str) -> Build:
        """Order a rebuild; one that has been ordered and is not done is meant too."""
        under_way = builds.c.state.in_(("ordered", "folding"))
        return await self._ordered("rebuild", by, None, None, under_way)

    async def as_of(self, said: str, by: str) -> Build:
        """Return the build of the tables as of `said`; it is ordered if there is none.

        Its tables may be read once its state is `done`.

        Raises:
            AsOfUnreadable: `said` is neither a position of the log nor a moment.
            AsOfAhead: the log has not come so far.
            TooManyBuilds: others are to be folded first.
        """
        wanted = asked.read(said)
        until = await self._until(wanted)
        usable = builds.c.state.in_(("ordered", "folding", "done"))
        return await self._ordered("as_of", by, asked.write(wanted), until, usable)

    async def _until(self, wanted: AsOf) -> Positions:
        """Return where to stop at the latest; events after a moment end it earlier."""
        ends = await self._log.ends(self._topics)
        if isinstance(wanted, datetime):
            await self._reached(wanted)
            return ends
        beyond = [tp for tp, at in wanted.items() if at > ends.get(tp, 0)]
        if beyond:
            where = ", ".join(f"{tp.topic}/{tp.partition}" for tp in sorted(beyond))
            raise AsOfAhead(f"the log does not hold so much of {where}")
        return {tp: wanted.get(tp, 0) for tp in ends}

    async def _reached(self, moment: datetime) -> None:
        async with self._engine.connect() as connection:
            found = select(newest.c.at).where(newest.c.reader == READER)
            at = (await connection.execute(found)).scalar_one_or_none()
        if at is None or moment > at:
            raise AsOfAhead(f"the newest event is of {at.isoformat() if at else 'no time'}")

    async def _ordered(
        self, purpose: str, by: str, said: str | None, until: Positions | None, usable: Any
    ) -> Build:
        like = (builds.c.purpose == purpose) & builds.c.asked.is_not_distinct_from(said) & usable
        async with self._engine.begin() as connection:
            await connection.execute(text("LOCK TABLE builds IN SHARE ROW EXCLUSIVE MODE"))
            found = select(builds).where(like).order_by(builds.c.build_id.desc()).limit(1)
            row = (await connection.execute(found)).mappings().one_or_none()
            if row is None and purpose == "as_of":
                await _make_sure_of_room(connection)
            if row is None:
                values = {"purpose": purpose, "ordered_by": by, "asked": said, "state": "ordered"}
                fresh = insert(builds).values(**values, until=_text(until)).returning(builds)
                row = (await connection.execute(fresh)).mappings().one()
            elif purpose == "as_of":
                used = update(builds).where(builds.c.build_id == row["build_id"])
                await connection.execute(used.values(used_at=func.now()))
        return _build(row)

    async def get(self, build_id: int) -> Build:
        """Return one build.

        Raises:
            NoSuchBuild: there is none of this number.
        """
        async with self._engine.connect() as connection:
            found = select(builds).where(builds.c.build_id == build_id)
            row = (await connection.execute(found)).mappings().one_or_none()
        if row is None:
            raise NoSuchBuild(f"there is no build {build_id}")
        return _build(row)

    @asynccontextmanager
    async def tables(self, build: Build | None) -> AsyncIterator[AsyncConnection]:
        """Lend a connection that sees the tables of `build`; of None, the live ones."""
        with in_our_words():
            async with self._engine.begin() as connection:
                if build is not None:
                    await connection.execute(text(f"SET LOCAL search_path TO {build.schema}"))
                yield connection

    async def next(self) -> Build | None:
        """Return the first build that is ordered or was left unfinished."""
        unfinished = builds.c.state.in_(("folding", "ordered"))
        found = select(builds).where(unfinished).order_by(builds.c.state, builds.c.build_id)
        return await self._first(found.limit(1))

    async def outdated(self) -> Build | None:
        """Return tables of an earlier moment that nobody has used for long, or one too many."""
        last = func.coalesce(builds.c.used_at, builds.c.finished_at)
        folded = (builds.c.purpose == "as_of") & (builds.c.state == "done")
        old = select(builds).where(folded, last < func.now() - KEPT).limit(1)
        by_use = select(builds).where(folded).order_by(last.desc(), builds.c.build_id)
        beyond = by_use.offset(MOST_KEPT).subquery()
        used = func.coalesce(beyond.c.used_at, beyond.c.finished_at)
        too_many = select(beyond).where(used < func.now() - SPARED).order_by(used).limit(1)
        return await self._first(old) or await self._first(too_many)

    async def _first(self, found: Any) -> Build | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(found)).mappings().one_or_none()
        return _build(row) if row else None

    async def note(self, build: Build, **values: Any) -> None:
        """Keep how far the build has come."""
        if "until" in values:
            values["until"] = _text(values["until"])
        async with self._engine.begin() as connection:
            changed = update(builds).where(builds.c.build_id == build.build_id)
            await connection.execute(changed.values(**values))


async def _make_sure_of_room(connection: AsyncConnection) -> None:
    under_way = builds.c.state.in_(("ordered", "folding")) & (builds.c.purpose == "as_of")
    waiting = select(func.count()).select_from(builds).where(under_way)
    if (await connection.execute(waiting)).scalar_one() >= MOST_UNDER_WAY:
        raise TooManyBuilds(f"{MOST_UNDER_WAY} other moments have been ordered and are not folded")


def _text(positions: Positions | None) -> str | None:
    if positions is None:
        return None
    return msgspec.json.encode(
        [[tp.topic, tp.partition, at] for tp, at in positions.items()]
    ).decode()


def _build(row: Mapping[Any, Any]) -> Build:
    values = dict(row)
    if values["until"] is not None:
        found = msgspec.json.decode(values["until"], type=list[tuple[str, int, int]])
        values["until"] = {TopicPartition(topic, n): at for topic, n, at in found}
    return Build(**values)
