"""Agents of one agent-state process: held, reconnecting at once, changing state.

A process of its own on a Kafka and a PostgreSQL of its own; the desktops are this process. The
baseline of committed changes is one transaction for each command, on the same database, with the
same commands at once.
"""

from bench.agents import changes, desks
from bench.report import Report
from tests.support.agent_process import agent_state


async def measure(report: Report) -> None:
    """Measure desktops first, then changes of state through the process, then without it."""
    async with agent_state() as service:
        await desks.measure(report, service)
        await changes.through_the_process(report, service)
        await changes.grouped_and_alone(report, service)
    report.note = (
        f"{desks.AGENTS} agents with a desktop each, {desks.AT_ONCE} of them back at once; "
        "service, Kafka, PostgreSQL and desktops share this machine"
    )
