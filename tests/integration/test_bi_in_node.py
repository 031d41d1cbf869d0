"""Readers from outside follow the rows on real Kafka to the report's totals: Node, a notebook."""

import ast
import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from contact_events.envelope import Envelope
from contact_runtime.database import connect
from contact_runtime.kafka import KafkaLog
from contact_runtime.metrics import Metrics
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from deploy.local.kafka import LocalKafka
from reporting.bi import BI_TOPICS
from reporting.bi_relay import run_bi
from reporting.domain.recorded import recording
from reporting.domain.recorded_facts import facts
from reporting.projections import project
from tests.support.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

ISRAEL = ZoneInfo("Asia/Jerusalem")
ROOT = Path(__file__).parents[2]
CONSOLE, NOTEBOOK = ROOT / "console", ROOT / "deploy" / "bi" / "notebook.ipynb"
PARTITIONS = 4
CALLS = 40
SUMS = ("offered", "answered", "wait_to_answer_ms", "talk_ms", "wrap_up_ms", "answered_in_20")


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[SqlStore]:
    await migrate("reporting", postgres_url)
    found = SqlStore(connect(postgres_url), source="/polycentre/reporting", partitions=PARTITIONS)
    yield found
    await found.close()


def documented(bootstrap: str) -> list[str]:
    """Return the command of docs/bi.md, for this broker."""
    (command,) = re.findall(r"```sh\n(node .*?)\n```", (ROOT / "docs" / "bi.md").read_text())
    return [bootstrap if ":" in word else word for word in command.split()]


async def node(*words: str) -> dict[str, dict[str, int]]:
    """Return what the reader in Node prints."""
    if not (CONSOLE / "node_modules" / "@platformatic" / "kafka").exists():
        pytest.skip("the packages of console/ are not installed: make setup")
    ran = await asyncio.create_subprocess_exec(
        *words,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await asyncio.wait_for(ran.communicate(), 120)
    assert ran.returncode == 0, complaint.decode()
    found: dict[str, dict[str, int]] = json.loads(said)
    return found


async def nothing_waits(store: SqlStore) -> bool:
    counts = " + ".join(f"(SELECT count(*) FROM {rows.outbox.name})" for rows in BI_TOPICS)
    async with store.engine.connect() as connection:
        return bool((await connection.execute(text(f"SELECT {counts}"))).scalar_one() == 0)


async def in_tables(store: SqlStore, by: str, sums: tuple[str, ...]) -> dict[str, dict[str, int]]:
    columns = ", ".join(f"sum({name})::bigint AS {name}" for name in sums)
    asked = text(f"SELECT {by}, {columns} FROM {by.removesuffix('_id')}_intervals GROUP BY {by}")
    async with store.engine.connect() as connection:
        found = (await connection.execute(asked)).mappings().all()
    return {row[by]: {name: row[name] for name in sums} for row in found}


def batches() -> Iterator[list[Envelope]]:
    """Yield what happened in an hour of two queues and three agents, a few events at a time."""
    rows = [
        {
            **{"vru_line": "AA01", "call_id": str(n), "customer_id": "0", "priority": "0"},
            **{"type": "PS" if n % 3 else "NW", "date": "1999-02-01"},
            **{"vru_entry": f"9:{n:02}:00", "vru_exit": f"9:{n:02}:05", "vru_time": "5"},
            **{"q_start": f"9:{n:02}:05", "q_exit": f"9:{n:02}:{5 + n}", "q_time": str(n)},
            **{"ser_start": f"9:{n:02}:{5 + n}", "ser_exit": "9:59:59", "ser_time": str(60 + n)},
            **{"outcome": "AGENT" if n % 5 else "HANG", "server": f"A0{n % 3}"},
        }
        for n in range(1, CALLS + 1)
    ]
    remaining = facts(recording(rows, ISRAEL).calls, "main", ISRAEL.key)
    while batch := list(islice(remaining, 10)):
        yield batch


async def run_notebook(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the shipped notebook's cells leave behind."""
    monkeypatch.setenv("KAFKA", bootstrap)
    page = json.loads(NOTEBOOK.read_text())
    left: dict[str, Any] = {}
    for cell in (cell for cell in page["cells"] if cell["cell_type"] == "code"):
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        waiting = eval(compile("".join(cell["source"]), cell["id"], "exec", flags), left)
        if waiting is not None:
            await waiting
    return left


async def test_node_and_the_notebook_get_the_totals_of_the_report(
    store: SqlStore, empty_kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, stop = KafkaLog(empty_kafka.bootstrap), asyncio.Event()
    await log.ensure_topics([rows.topic for rows in BI_TOPICS], PARTITIONS)
    publishing = asyncio.create_task(
        run_bi(store.engine, log, "json", PARTITIONS, stop=stop, metrics=Metrics())
    )
    for batch in batches():
        async with store.unit() as unit:
            await project(unit.driver, batch)
    await until("every row to be published", partial(nothing_waits, store), limit_s=60)
    stop.set()
    await publishing
    command = documented(empty_kafka.bootstrap)
    assert await node(*command) == await in_tables(store, "queue_id", ("offered", "answered"))
    reader = command[:3]
    queues = await node(*reader, "bi.queue-intervals", "queue_id", *SUMS)
    assert queues == await in_tables(store, "queue_id", SUMS)
    assert sum(queue["answered"] for queue in queues.values()) == CALLS - CALLS // 5
    of_agents = ("offered", "answered", "talk_ms")
    agents = await node(*reader, "bi.agent-intervals", "agent_id", *of_agents)
    assert agents == await in_tables(store, "agent_id", of_agents)
    left = await run_notebook(empty_kafka.bootstrap, monkeypatch)
    assert left["queues"] == {
        queue_id: {
            "offered": of["offered"],
            "service_level": of["answered_in_20"] / of["offered"],
            "asa_s": of["wait_to_answer_ms"] / of["answered"] / 1_000,
        }
        for queue_id, of in queues.items()
    }
    assert sum(left["overflow"].values()) == CALLS - CALLS // 5
