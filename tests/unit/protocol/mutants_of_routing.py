"""Rules of offers, queues and orders left out: 4, 5, 9 to 13, and of DESIGN 2 and 5."""

from tests.support.protocol_patching import Mutant, mutant

ROUTING: tuple[Mutant, ...] = (
    mutant(
        4,
        "changed_always",
        (
            "agent_state.domain.offers",
            """    return told(agent, [*read, rejected], at, "rejected")""",
            "    return [*read, rejected]",
        ),
    ),
    mutant(
        4,
        "named_slot",
        (
            "router.domain.rules",
            "(use.settled and use.reservation_id == slot.last_reservation_id)",
            "use.settled",
        ),
    ),
    mutant(
        4,
        "outcome_read",
        (
            "router.domain.rules",
            "(use.settled and use.reservation_id == slot.last_reservation_id)",
            "use.reservation_id == slot.last_reservation_id",
        ),
    ),
    mutant(
        5,
        "outcome_closes",
        (
            "router.domain.rules",
            """frozenset({"already_taken", "caller_gone", "superseded"})""",
            """frozenset({"already_taken"})""",
        ),
    ),
    mutant(
        5,
        "taken_keeps_out",
        (
            "router.domain.rules",
            """frozenset({"already_taken", "caller_gone", "superseded"})""",
            """frozenset({"caller_gone", "superseded"})""",
        ),
    ),
    mutant(
        5,
        "reject_notready",
        (
            "agent_state.domain.offers",
            """return told(agent, [rejected], at, "rejected", not_ready(agent, at, "rejected"))""",
            """return told(agent, [rejected], at, "rejected")""",
        ),
    ),
    mutant(
        9,
        "queue_known",
        (
            "router.domain.rules",
            "        return call.queued_at + timedelta(seconds=UNKNOWN_QUEUE_WAIT_S)",
            "        return AT_ONCE",
        ),
    ),
    mutant(
        9,
        "named_wait",
        (
            "router.domain.rules",
            "        return call.queued_at + timedelta(seconds=NAMED_WAIT_S)",
            "        return None",
        ),
    ),
    mutant(
        10,
        "ov_blocks",
        ("router.domain.rules", "call.overflowed >= attempt or call.closed", "call.closed"),
    ),
    mutant(
        10,
        "overflow_names_the_attempt",
        (
            "ivr.domain.decide",
            "    if not isinstance(call, Waiting) or call.attempt != command.attempt:",
            "    if not isinstance(call, Waiting):",
        ),
    ),
    mutant(
        10,
        "overflow_spares_the_join",
        (
            "ivr.domain.decide",
            "    if not isinstance(call, Waiting) or call.attempt != command.attempt:",
            "    if not isinstance(call, Waiting | Joining) or call.attempt != command.attempt:",
        ),
    ),
    mutant(
        11,
        "connected_settles",
        (
            "agent_state.domain.talks",
            "        elif isinstance(filling, Reserved) and filling.attempt <= command.attempt:",
            "        elif False:",
        ),
    ),
    mutant(
        11,
        "attempts_compared",
        (
            "agent_state.domain.talks",
            "        elif isinstance(filling, Reserved) and filling.attempt <= command.attempt:",
            "        elif isinstance(filling, Reserved):",
        ),
    ),
    mutant(
        11,
        "rescinded_waits_again",
        (
            "router.domain.rules",
            "reservation.attempt == attempt and not reservation.rescinded",
            "reservation.attempt == attempt",
        ),
    ),
    mutant(
        11,
        "rescinds_after_a_grace",
        (
            "router.domain.rules",
            "    return reservation.expires_at + timedelta(seconds=GRACE_S)",
            "    return None",
        ),
    ),
    mutant(
        11,
        "settle_on_offline",
        (
            "agent_state.domain.presence",
            """[settled(agent, r, "not_ready") for r in ringing_slots(agent)]""",
            "[]",
        ),
    ),
    mutant(
        12,
        "recovered_first",
        ("router.domain.placing", "(0 if call.recovered else 1)", "1"),
    ),
    mutant(
        12,
        "overflowed_to_the_end",
        (
            "ivr.domain.decide",
            """[CallFailed(call_id=call_id, attempt=call.attempt, reason="no_agent")]""",
            "[]",
        ),
    ),
    mutant(
        13,
        "site_in_log",
        (
            "router.leader",
            "        self._indexes.note(fold(self.state, fact))",
            """        touched = fold(self.state, fact)
        for _, site_id in (each for each in touched if each[0] == "site"):
            self.state.standings[site_id] = Standing(self.state.sites[site_id].status)
        self._indexes.note(touched)""",
        ),
        (
            "router.leader",
            "from router.domain.state import Fact, State",
            "from router.domain.state import Fact, Standing, State",
        ),
    ),
    mutant(
        0,
        "keep_seqs",
        (
            "router.domain.calls",
            "        state.calls.pop(call_id, None)",
            """        state.calls.pop(call_id, None)
        state.intake.sequences.pop((CALL_ARRIVED.name, call_id), None)""",
        ),
        (
            "router.domain.calls",
            "from contact_events.envelope import Envelope",
            "from contact_events.envelope import Envelope\n"
            "from contact_events.topics import CALL_ARRIVED",
        ),
    ),
    mutant(
        0,
        "zombies_are_void",
        (
            "contact_events.validity",
            "        current = (epoch, owner) == (leadership.epoch, leadership.owner)",
            "        current = True",
        ),
    ),
    mutant(
        0,
        "one_taker",
        (
            "agent_state.commands",
            "            unit.put(TAKER, key, Taker(fact.reservation_id))",
            "            assert key and Taker",
        ),
    ),
)
