"""Rules of consultations left out: 8, and 2 and 9 where they touch them."""

from tests.support.protocol_patching import Mutant, mutant

_NOTHING_ENDS = (
    "ivr.domain.consulting",
    "    return before.consult_call_id if before.consult_call_id != still else None",
    "    return None",
)

CONSULTING: tuple[Mutant, ...] = (
    mutant(8, "ends_with_its_parent", _NOTHING_ENDS),
    mutant(8, "ends_with_the_askers_talk", _NOTHING_ENDS),
    mutant(
        8,
        "asker_leaves",
        (
            "ivr.consultations",
            "                await handle(unit, consult_call_id, HangUp(), cause)",
            "                pass",
        ),
    ),
    mutant(
        8,
        "asker_learns_of_the_end",
        (
            "agent_state.domain.consults",
            "    return [ConsultOver(call_id)] if _asked(agent, call_id) else []",
            "    return []",
        ),
    ),
    mutant(
        8,
        "moved_slot",
        (
            "agent_state.domain.consults",
            "found is None or found[1].call_id == move.call_id:",
            "True:",
        ),
    ),
    mutant(
        8,
        "moved_by_the_consultation_too",
        (
            "agent_state.consumers",
            "moved = diverted_to(parent, fact, await whole_card(unit, parent))",
            "moved = None",
        ),
    ),
    mutant(
        8,
        "asker_is_let_go",
        (
            "agent_state.consumers",
            "            return LeaveCall(reservation_id=reservation_id)",
            "            return None",
        ),
    ),
    mutant(
        8,
        "unanswered_is_blind",
        ("ivr.domain.consulting", "        case Waiting() | Joining():", "        case Joining():"),
    ),
    mutant(
        8,
        "asker_left_out",
        (
            "router.domain.choose",
            "    asker = indexes.state.calls[place.rank.call_id].asked_by_agent_id",
            "    asker = None",
        ),
    ),
    mutant(
        8,
        "goes_on_as_its_parent",
        (
            "ivr.consultations",
            "    while isinstance(call, Ended) and call.next_call_id is not None:",
            "    while False:",
        ),
    ),
    mutant(
        8,
        "telephone_moves_too",
        (
            "ivr.domain.consulting",
            "    return replace(call, legs={**call.legs, **consultation.legs})",
            "    return call",
        ),
    ),
    mutant(
        8,
        "lost_after_taking_over",
        (
            "ivr.consultations",
            "        unit.put(AGENT, party.joined_agent_id, took_over)\n",
            "",
        ),
    ),
    mutant(
        8,
        "known_by_its_reservation",
        ("ivr.domain.agents", "if reservation in reservations", "if False"),
    ),
    mutant(
        2,
        "offline_older_than_taking_over",
        (
            "ivr.domain.evolve",
            "accepted_sequence=fact.accepted_sequence or 0",
            "accepted_sequence=0",
        ),
        (
            "ivr.consultations",
            "party.reservation_id, party.accepted_sequence)",
            "party.reservation_id, 0)",
        ),
    ),
    mutant(
        8,
        "slot_moves_once",
        (
            "agent_state.domain.consults",
            "    if talk.card is not None and talk.card.parent_call_id is not None:",
            "    if False:",
        ),
    ),
    mutant(
        9,
        "consultation_fails",
        (
            "ivr.domain.decide",
            """    fails = command.to == "sender" and call.parent_call_id is not None""",
            "    fails = False",
        ),
    ),
)
