"""The baseline's process: the same contact rows by quixstreams, told on one line of JSON.

    uv run --no-project --with 'quixstreams[postgresql]' python quix_job.py KAFKA TOPIC PORT EVENTS

It is run apart, since quixstreams wants an older pydantic-settings than the services do. A call's
state is a value of its state store (RocksDB, without changelog topics), as little as the row needs;
rows go to PostgreSQL by its own sink, upserted by their key.
"""

import json
import sys
import tempfile
import time
from datetime import datetime
from typing import Any

from quixstreams import Application, State
from quixstreams.sinks.community.postgresql import PostgreSQLSink

bootstrap, topic, port, database, events = sys.argv[1:]


def folded(event: dict[str, Any], state: State) -> dict[str, Any]:
    """Return the contact's row after this event."""
    row = state.get("row") or {"call_id": event["subject"], "wrap_up_ms": 0}
    data, at, kind = event["data"], event["time"], event["type"]
    if kind == "call.arrived":
        row |= {"arrived_at": at, "channel": data["channel"], "dnis": data["dnis"]}
    elif kind == "call.queued":
        row |= {"queued_at": at, "queue_id": data["queue_id"]}
    elif kind == "call.routed":
        row |= {"agent_id": data["agent_id"], "answering_site_id": data["site_id"]}
    elif kind == "call.connected":
        row |= {"connected_at": at, "wait_ms": between(row["queued_at"], at)}
    elif kind == "call.disconnected":
        row |= {"ended_at": at, "outcome": "answered"}
        row["talk_ms"] = between(row["connected_at"], at)
    elif kind == "call.released":
        row["released_at"] = at
    elif kind == "call.wrapped_up":
        row["wrap_up_ms"] = between(row["released_at"], at)
    state.set("row", row)
    return row


def between(start: str, end: str) -> int:
    """Return milliseconds from one moment to the other."""
    return round((moment(end) - moment(start)).total_seconds() * 1_000)


def moment(text: str) -> datetime:
    """Return the moment that an event tells."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


sink = PostgreSQLSink(
    host="127.0.0.1",
    port=int(port),
    dbname=database,
    user="postgres",
    password="",
    table_name="quix_contacts",
    primary_key_columns="call_id",
    upsert_on_primary_key=True,
    include_metadata=False,
)
with tempfile.TemporaryDirectory() as folder:
    app = Application(
        broker_address=bootstrap,
        consumer_group=f"bench-{time.time_ns()}",
        auto_offset_reset="earliest",
        state_dir=folder,
        use_changelog_topics=False,
        commit_every=5_000,
        loglevel="WARNING",
    )
    rows = app.dataframe(app.topic(topic, value_deserializer="json")).apply(folded, stateful=True)
    rows.sink(sink)
    began = time.perf_counter()
    app.run(count=int(events), timeout=60.0, collect=False)
    print(json.dumps({"events": int(events), "took_s": time.perf_counter() - began}))
