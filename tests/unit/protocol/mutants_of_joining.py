"""Rules of joining, losing and letting go left out: 1, 2, 3, 6 and 7."""

from tests.support.protocol_patching import Mutant, mutant

JOINING: tuple[Mutant, ...] = (
    mutant(
        1,
        "release_asked",
        (
            "agent_state.domain.decide",
            "return talks.release(agent, command)",
            "return talks.release(agent, command, at)",
        ),
        (
            "agent_state.domain.talks",
            "def release(agent: Agent, command: ReleaseCall) -> list[Fact]:",
            "def release(agent: Agent, command: ReleaseCall, at: datetime) -> list[Fact]:",
        ),
        (
            "agent_state.domain.talks",
            """    return [
        CallReleaseRequested(
            call_id=talk.call_id, reservation_id=talk.reservation_id, agent_id=agent.agent_id
        )
    ]""",
            """    number, _ = find(agent, command.reservation_id)
    return told(agent, [_released(agent, number, talk, "left")], at, "released")""",
        ),
        (
            "ivr.consumers",
            "READS = (ANSWERED, AGENT_STATE, ROUTED, ROUTING_CONFIG)",
            """from contact_events.topics import WRAPPED_UP
from ivr.domain.commands import Release
from contact_events.wrapping import CallReleased
READS = (ANSWERED, AGENT_STATE, ROUTED, ROUTING_CONFIG, WRAPPED_UP)""",
        ),
        (
            "ivr.consumers",
            "        case AgentChanged() as changed:",
            """        case CallReleased(reason="left") as left:
            await handle(unit, left.call_id, Release(left.reservation_id), cause)
        case AgentChanged() as changed:""",
        ),
    ),
    mutant(
        1,
        "bye_is_release",
        ("ivr.domain.joining", "            if command.abnormal:", "            if True:"),
    ),
    mutant(
        1,
        "release_before_the_join",
        (
            "ivr.domain.joining",
            "        case Joining(reservation_id=accepted) if accepted == reservation_id:",
            "        case Joining(reservation_id=accepted) if not accepted:",
        ),
    ),
    mutant(
        2,
        "offline_seq",
        (
            "ivr.domain.joining",
            "        stale = command.offline_sequence > call.accepted_sequence",
            "        stale = False",
        ),
    ),
    mutant(
        2,
        "offline_older_than_the_talk",
        (
            "ivr.domain.joining",
            "    if call.accepted_sequence >= command.sequence:\n        return []\n",
            "",
        ),
        (
            "ivr.domain.agents",
            "for call, at in self.calls.items() if at < sequence)",
            "for call in self.calls)",
        ),
    ),
    mutant(
        3,
        "attempts_known",
        (
            "agent_state.domain.call_memo",
            "superseded=memo.attempt > routed.attempt",
            "superseded=False",
        ),
    ),
    mutant(
        3,
        "ends_known",
        ("agent_state.domain.call_memo", "ended=memo.ended_at is not None", "ended=False"),
    ),
    mutant(
        3,
        "end_by_pos",
        (
            "agent_state.domain.ends",
            "min(block_of(position), ends.oldest + MOST_BLOCKS)",
            "ends.oldest + MOST_BLOCKS",
        ),
    ),
    mutant(
        6,
        "settled_no_ring",
        (
            "ivr.domain.joining",
            "if reservation_id in call.legs or reservation_id in call.settled:",
            "if reservation_id in call.legs:",
        ),
    ),
    mutant(
        6,
        "rings_only_while_waiting",
        (
            "ivr.domain.joining",
            "if not isinstance(call, Waiting | Joining) or call.attempt != command.attempt:",
            "if not isinstance(call, Waiting | Joining | Connected):",
        ),
        (
            "ivr.domain.joining",
            "reservation_id in call.settled:",
            'reservation_id in getattr(call, "settled", ()):',
        ),
        (
            "ivr.domain.evolve",
            """    if not isinstance(call, Waiting | Joining):
        return call
    leg =""",
            "    leg =",
        ),
    ),
    mutant(
        6,
        "outcome_drops_the_leg",
        (
            "ivr.domain.evolve",
            "        legs={r: leg for r, leg in call.legs.items() if r != fact.reservation_id},\n",
            "",
        ),
    ),
    mutant(
        7,
        "join_timer",
        (
            "ivr.domain.call",
            "            return call.accepted_at + timedelta(seconds=JOIN_S)",
            "            return None",
        ),
    ),
    mutant(
        7,
        "leg_known",
        (
            "ivr.domain.joining",
            """    if leg is None or leg.state == "ringing":""",
            """    if leg is None or leg.state != "up":""",
        ),
    ),
    mutant(7, "lost_notready", ("agent_state.domain.talks", "    if lost:", "    if False:")),
)
