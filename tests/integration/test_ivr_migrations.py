"""What earlier releases of ivr wrote is there after the migrations of this one."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import text

from contact_events.calls import LONGEST_CALL_S
from contact_runtime.database import connect
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from ivr.domain.commands import HangUp
from ivr.tables import CALL
from tests.support.ivr_histories import NINE, connected, queued

INSERT = text("INSERT INTO states (kind, key, version, state) VALUES ('call', :key, 1, :state)")


@pytest.mark.postgres
async def test_calls_of_before_that_wait_or_talk_are_due_at_their_latest_end(
    postgres_url: str,
) -> None:
    await migrate("ivr", postgres_url, revision="0001")
    store = SqlStore(connect(postgres_url), source="/polycentre/ivr", partitions=4)
    over = queued()
    over.when(HangUp())
    async with store.engine.begin() as connection:
        for key, told in {"k1": queued(), "k2": connected(), "k3": over}.items():
            state = msgspec.json.encode(told.call).decode()
            await connection.execute(INSERT, {"key": key, "state": state})
    await migrate("ivr", postgres_url)
    latest = NINE + timedelta(seconds=LONGEST_CALL_S)
    assert sorted(await store.due(CALL, 10)) == [(latest, "k1"), (latest, "k2")]
    await store.close()
