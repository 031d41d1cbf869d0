"""The histories of DESIGN 3's table, in every interleaving of the deliveries that remain."""

from dataclasses import dataclass

import pytest

from tests.support.protocol_cases import DELIVER, LEAD, ONE, TWO
from tests.support.protocol_every import Script, Search
from tests.support.protocol_world import Setting

ARRIVED: Script = (*LEAD, ("arrive", "q1"))
RINGING: Script = (*ARRIVED, DELIVER)
ACCEPTED: Script = (*RINGING, ("accept", "a1", 0))
TALKING: Script = (*ACCEPTED, DELIVER)


@dataclass(frozen=True)
class Row:
    """A row of the table: from where on, what people do, and what stands on the topics."""

    setting: Setting
    first: Script
    script: Script
    told: tuple[str, ...]


ROWS = {
    "plain call": Row(
        ONE,
        ARRIVED,
        (("accept", "a1", 0), ("hang_up", "K1")),
        (
            "c: Arrived Queued(1) Connected(R1) Disconnected",
            "r: Routed(R1)",
            "a: Answered(R1)",
            "w: Released(R1) WrappedUp(R1)",
            "s: Reserved Talking WrapUp Ready",
        ),
    ),
    "the agent hangs up": Row(
        ONE,
        ARRIVED,
        (("accept", "a1", 0), ("release", "a1", 0)),
        (
            "c: Arrived Queued(1) Connected(R1) Disconnected",
            "r: Routed(R1)",
            "a: Answered(R1) ReleaseRequested(R1)",
            "w: Released(R1) WrappedUp(R1)",
            "s: Reserved Talking WrapUp Ready",
        ),
    ),
    "rings out": Row(
        TWO,
        (*RINGING, *(("tick",),) * 4),
        (("accept", "a2", 0),),
        (
            "c: Arrived Queued(1) Connected(R2) Disconnected",
            "r: Routed(R1) Routed(R2)",
            "a: RangOut(R1) Answered(R2)",
            "w: Released(R2) WrappedUp(R2)",
            "s: Reserved NotReady(rona) Reserved Talking WrapUp Ready",
        ),
    ),
    "hangs up while it rings": Row(
        TWO,
        ARRIVED,
        (("hang_up", "K1"),),
        (
            "c: Arrived Queued(1) Abandoned",
            "r: Routed(R1)",
            "a: Rejected(R1,caller_gone)",
            "w: ",
            "s: Reserved Ready",
        ),
    ),
    "both at once": Row(
        TWO,
        RINGING,
        (("hang_up", "K1"), ("accept", "a1", 0)),
        (
            "c: Arrived Queued(1) Abandoned",
            "r: Routed(R1)",
            "a: Answered(R1)",
            "w: Released(R1)",
            "s: Reserved Talking Ready",
        ),
    ),
    "transfer to a queue": Row(
        TWO,
        TALKING,
        (("to_queue", "a1", 0, "q1"), ("accept", "a2", 0)),
        (
            "c: Arrived Queued(1) Connected(R1) Queued(2) Connected(R2) Disconnected",
            "r: Routed(R1) Routed(R2)",
            "a: Answered(R1) TransferRequested(R1) Answered(R2)",
            "w: Released(R1) WrappedUp(R1) Released(R2) WrappedUp(R2)",
            "s: Reserved Talking WrapUp Reserved Talking Ready WrapUp Ready",
        ),
    ),
    "agent lost": Row(
        TWO,
        TALKING,
        (("lose_socket", "a1"), ("accept", "a2", 0)),
        (
            "c: Arrived Queued(1) Connected(R1) Recovered(2,agent_offline)"
            " Connected(R2) Disconnected",
            "r: Routed(R1) Routed(R2)",
            "a: Answered(R1) Answered(R2)",
            "w: Released(R1) WrappedUp(R1) Released(R2) WrappedUp(R2)",
            "s: Reserved Talking Offline(connection_lost) Offline(connection_lost)"
            " Reserved Talking Offline(connection_lost) WrapUp Ready",
        ),
    ),
    "agent lost as they accept": Row(
        TWO,
        ACCEPTED,
        (("lose_socket", "a1"),),
        (
            "c: Arrived Queued(1) Recovered(2,not_joined) Abandoned",
            "r: Routed(R1) Routed(R2)",
            "a: Answered(R1) RangOut(R2)",
            "w: Released(R1)",
            "s: Reserved Talking Offline(connection_lost) Offline(connection_lost)"
            " Reserved NotReady(rona)",
        ),
    ),
    "router fails between batch and read-back": Row(
        ONE,
        ARRIVED,
        (("kill", 0), ("claim", 1), ("accept", "a1", 0)),
        (
            "c: Arrived Queued(1) Connected(R1) Disconnected",
            "r: Routed(R1)",
            "a: Answered(R1)",
            "w: Released(R1) WrappedUp(R1)",
            "s: Reserved Talking WrapUp Ready",
        ),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_history_of_the_table_ends_well_in_every_interleaving(name: str) -> None:
    row = ROWS[name]
    ready = tuple(("ready", agent_id) for agent_id in row.setting.workers)
    found = Search(row.setting, row.script).run((*ready, *row.first))
    assert found.bad == {}
    assert row.told in found.told
