"""The notebook for analysts: it follows a topic of rows and makes figures of them."""

from typing import Any, Final

_INTRODUCTION: Final = """\
# Contacts and queues from the log

Reads `bi.queue-intervals` and `bi.contact-records` from their start (format `json`). Of each
key the last row counts; a record without a value means that the row is gone. Set `KAFKA` first."""

_READ: Final = """\
import json
import os
from collections import defaultdict

from aiokafka import AIOKafkaConsumer

KAFKA = os.environ.get("KAFKA", "127.0.0.1:19092")


async def read(topic):
    \"\"\"Return the rows of a topic: of each key the last one.\"\"\"
    rows = {}
    start = {"bootstrap_servers": KAFKA, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(topic, **start) as consumer:
        while batch := await consumer.getmany(timeout_ms=3000):
            for record in (record for records in batch.values() for record in records):
                if record.value is None:
                    rows.pop(record.key, None)
                else:
                    rows[record.key] = json.loads(record.value)
    return list(rows.values())"""

_FETCH: Final = """\
queue_intervals = await read("bi.queue-intervals")
contacts = await read("bi.contact-records")
len(queue_intervals), len(contacts)"""

_QUEUES: Final = """\
# Per queue: offered, answered within 20 s of them, and how long the answered waited (s).
sums = defaultdict(lambda: defaultdict(int))
for row in queue_intervals:
    for name in ("offered", "answered", "answered_in_20", "wait_to_answer_ms"):
        sums[row["queue_id"]][name] += row[name]
queues = {
    queue_id: {
        "offered": of["offered"],
        "service_level": of["answered_in_20"] / of["offered"] if of["offered"] else None,
        "asa_s": of["wait_to_answer_ms"] / of["answered"] / 1000 if of["answered"] else None,
    }
    for queue_id, of in sums.items()
}
queues"""

_SITES: Final = """\
# Where callers were answered, by their home site: the overflow matrix.
overflow = defaultdict(int)
for contact in contacts:
    if contact["connected_at"] is not None and contact["direction"] != "internal":
        overflow[contact["home_site_id"], contact["answering_site_id"]] += 1
dict(overflow)"""


def notebook() -> dict[str, Any]:
    """Return the notebook, without outputs."""
    code = [_READ, _FETCH, _QUEUES, _SITES]
    cells = [_cell("markdown", "introduction", _INTRODUCTION)]
    cells += [_cell("code", f"cell-{n}", source) for n, source in enumerate(code, 1)]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(kind: str, name: str, source: str) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    cell: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {}, "source": lines}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell
