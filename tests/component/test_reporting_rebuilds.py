"""Who may order a rebuild over HTTP, and what they are told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contact_runtime.database import connect
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from tests.support.reporting_app import SOURCE, Reporting, reporting_app

pytestmark = pytest.mark.postgres


@pytest.fixture
async def reporting(postgres_url: str, tmp_path: Path) -> AsyncIterator[Reporting]:
    await migrate("reporting", postgres_url)
    store = SqlStore(connect(postgres_url), source=SOURCE)
    async with reporting_app(tmp_path, store) as app:
        yield app


async def test_an_administrator_orders_a_rebuild_once_and_sees_how_far_it_is(
    reporting: Reporting,
) -> None:
    async with reporting.client("administrator") as ann:
        ordered = await ann.post("/v1/rebuilds")
        assert (ordered.status_code, ordered.json()["state"]) == (202, "ordered")
        again = await ann.post("/v1/rebuilds")
        assert again.headers["Location"] == ordered.headers["Location"]
        seen = await ann.get(ordered.headers["Location"])
    assert seen.json() == ordered.json()
    assert (seen.json()["done"], seen.json()["finished_at"]) == (0, None)


async def test_a_rebuild_is_the_operators_and_its_number_must_be_known(
    reporting: Reporting,
) -> None:
    for role, claims in (("supervisor", {}), ("client", {"client": "acme"})):
        async with reporting.client(role, **claims) as other:
            assert (await other.post("/v1/rebuilds")).status_code == 403
    async with reporting.client("administrator") as ann:
        missing = await ann.get("/v1/rebuilds/7")
    assert (missing.status_code, missing.json()["code"]) == (404, "no-such-build")
