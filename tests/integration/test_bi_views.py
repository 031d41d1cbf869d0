"""The shipped views, on tables as the JDBC sinks make them, give the measures of the catalogue."""

from typing import Any

import pytest
from sqlalchemy import DateTime, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_runtime.database import connect
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from deploy.local.bi_files import FOLDER, figures
from reporting.bi import BI_TOPICS, BiTopic
from reporting.domain.measures.catalogue import measured
from reporting.domain.measures.definition import STANDARD
from reporting.projections import project
from tests.support.histories import Story, plain_call

pytestmark = pytest.mark.postgres

CONTACTS, QUEUES, _ = BI_TOPICS


def sunk(rows: BiTopic, into: str) -> str:
    """Return what makes the table of a sink: moments in UTC without a zone."""
    columns = ", ".join(
        f"{c.name} AT TIME ZONE 'UTC' AS {c.name}" if isinstance(c.type, DateTime) else c.name
        for c in rows.columns
    )
    return f"CREATE TABLE warehouse.{into} AS SELECT {columns} FROM public.{rows.table.name}"


def story() -> Story:
    """Return a call that is answered and, in the same queue, one that is abandoned after 40 s."""
    found = plain_call()
    found.arrives("c2")
    found.queues("c2")
    found.passes(40)
    found.abandons("c2")
    return found


async def view(connection: AsyncConnection, name: str) -> list[dict[str, Any]]:
    found = await connection.execute(text(f"SELECT * FROM warehouse.{name}"))
    return [dict(row) for row in found.mappings()]


async def test_each_measure_of_a_view_is_the_catalogues(postgres_url: str) -> None:
    await migrate("reporting", postgres_url)
    store = SqlStore(connect(postgres_url), source="/polycentre/reporting")
    async with store.unit() as unit:
        await project(unit.driver, [seen.envelope for seen in story().log])
    async with store.engine.begin() as connection:
        sums = text(f"SELECT {', '.join(f'sum({n})' for n in counted())} FROM queue_intervals")
        expected = dict(zip(counted(), (await connection.execute(sums)).one(), strict=True))
        await connection.execute(text("CREATE SCHEMA warehouse"))
        for rows, into in ((CONTACTS, "contact_records"), (QUEUES, "queue_intervals")):
            await connection.execute(text(sunk(rows, into)))
        await connection.execute(text("SET search_path = warehouse"))
        for statement in (FOLDER / "postgresql_views.sql").read_text().split(";\n"):
            if statement.strip():
                await connection.execute(text(statement))
        for name in ("queue_hours", "queue_days", "queue_months"):
            (row,) = await view(connection, name)
            for measure, _ in figures(QUEUES):
                value = measured(measure.name, expected, STANDARD)
                assert row[measure.name] == pytest.approx(value), measure.name
        (answered,) = await view(connection, "overflow")
        assert (answered["home_site_id"], answered["answering_site_id"]) == ("minsk", "moscow")
        assert answered["answered"] == 1
    await store.close()


def counted() -> list[str]:
    keys = (*QUEUES.keys, "row_version", "restated_at")
    return [column.name for column in QUEUES.columns if column.name not in keys]
