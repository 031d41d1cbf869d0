"""Agents of one agent-state process: held, reconnecting at once, changing state.

A process of its own on a Kafka and a PostgreSQL of its own, and for a while another replica. The
desktops that are held and come back are processes of their own; those that change their status are
this one. The baseline of committed changes is one transaction for each command, on the same
database, with the same commands at once.
"""

from bench.agents import changes, desks
from bench.report import Report
from contact_runtime.database import connect
from contact_runtime.store import SqlStore
from tests.support.agent_process import agent_state

PARTITIONS = 4


async def measure(report: Report) -> None:
    """Measure desktops first, then changes of state through the process, then without it."""
    async with agent_state() as service:
        engine = connect(service.database_url)
        store = SqlStore(engine, source="/polycentre/agent-state", partitions=PARTITIONS)
        try:
            await desks.measure(report, service, store)
            await changes.through_the_process(report, service)
            await changes.grouped_and_alone(report, store)
        finally:
            await store.close()
    report.note = (
        f"{desks.AGENTS} agents with a desktop each, {desks.AT_ONCE} of them back at once; "
        "service, Kafka, PostgreSQL and desktops share this machine"
    )
