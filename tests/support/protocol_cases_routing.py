"""Histories that need the rules of offers, queues and orders: 4, 5, 9 to 13, DESIGN 2 and 5."""

from tests.support.protocol_cases import (
    DELIVER,
    HURRIED,
    HURRIED_TELEPHONE,
    LEAD,
    ONE,
    SIX_TICKS,
    TWO,
    UNREAD_OFFERS,
    Directed,
)
from tests.support.protocol_rest import refuse_all
from tests.support.protocol_world import Setting, Worker

ROUTING: dict[str, Directed] = {
    # 4. a slot is free once the agent says so, naming the last offer, and its outcome was read
    "changed_always": Directed(
        ONE,
        (
            *LEAD,
            ("arrive", "q1"),
            UNREAD_OFFERS,
            ("hang_up", "K1"),
            UNREAD_OFFERS,
            DELIVER,
            ("arrive", "q1"),
            DELIVER,
        ),
    ),
    "named_slot": Directed(
        ONE,
        (
            *LEAD,
            ("arrive", "q1"),
            ("deliver", "router:agent-state"),
            ("accept", "a1", 0),
            ("arrive", "q1"),
            ("deliver", "router:agent-state"),
            DELIVER,
        ),
    ),
    "outcome_read": Directed(
        ONE,
        (
            *LEAD,
            ("arrive", "q1"),
            ("arrive", "q1"),
            DELIVER,
            ("hang_up", "K1"),
            ("deliver", "router:answered"),
            DELIVER,
        ),
    ),
    # 5. outcomes that prove an attempt over close it; who rejects is offered nothing more
    "outcome_closes": Directed(
        ONE,
        (
            *LEAD,
            ("arrive", "q1"),
            DELIVER,
            ("hang_up", "K1"),
            ("deliver", "router:call-arrived"),
            DELIVER,
        ),
    ),
    "taken_keeps_out": Directed(
        TWO,
        (
            *LEAD,
            ("arrive", "q1"),
            DELIVER,
            *SIX_TICKS,
            ("deliver", "as:routed"),
            ("accept", "a1", 0),
            ("deliver", "tell as:a1"),
            DELIVER,
        ),
    ),
    "reject_notready": Directed(ONE, (*LEAD, ("arrive", "q1")), refuse_all),
    # 9. no such queue, no such agent
    "queue_known": Directed(
        ONE,
        (
            ("claim", 0),
            ("land", 0),
            ("arrive", "q1"),
            ("deliver", "router:routing-config"),
            DELIVER,
        ),
    ),
    "named_wait": Directed(
        TWO,
        (
            *LEAD,
            ("not_ready", "a2"),
            ("arrive", "q1"),
            DELIVER,
            ("accept", "a1", 0),
            DELIVER,
            ("to_agent", "a1", 0, "a2"),
            DELIVER,
        ),
    ),
    # 10. an overflow names the attempt, spares a join, and ends the offers
    "ov_blocks": Directed(
        HURRIED,
        (*LEAD, ("arrive", "q2"), ("tick",), ("tick",), ("deliver", "ivr:routed"), DELIVER),
        ready=False,
    ),
    "overflow_names_the_attempt": Directed(
        HURRIED,
        (
            *LEAD,
            ("arrive", "q2"),
            DELIVER,
            ("site", "moscow", "closed"),
            ("tick",),
            ("tick",),
            ("deliver", "as:routed", "ivr:routed"),
            ("accept", "a1", 0),
            ("deliver", "as:routed", "ivr:routed"),
            ("to_queue", "a1", 0, "q1"),
            ("deliver", "as:routed", "ivr:routed"),
            DELIVER,
        ),
    ),
    "overflow_spares_the_join": Directed(
        HURRIED_TELEPHONE,
        (
            *LEAD,
            ("arrive", "q2"),
            DELIVER,
            ("site", "moscow", "closed"),
            ("tick",),
            ("tick",),
            ("deliver", "as:routed", "ivr:routed"),
            ("accept", "a1", 0),
            ("deliver", "as:routed", "ivr:routed"),
            DELIVER,
        ),
    ),
    # 11. expiry, rescission, and comparing attempts
    "attempts_compared": Directed(
        TWO,
        (
            *LEAD,
            ("arrive", "q1"),
            DELIVER,
            ("accept", "a1", 0),
            ("deliver", "as:call-arrived"),
            ("lose_socket", "a1"),
            ("deliver", "as:call-arrived"),
            DELIVER,
        ),
    ),
    "settle_on_offline": Directed(
        ONE, (*LEAD, ("arrive", "q1"), DELIVER, ("lose_socket", "a1"), DELIVER)
    ),
    # 12. the order of the queue, and its end
    "recovered_first": Directed(
        Setting({"a1": Worker()}, max_wait_s=10.0),
        (
            *LEAD,
            ("arrive", "q2"),
            ("arrive", "q1"),
            DELIVER,
            ("accept", "a1", 0),
            DELIVER,
            ("tick",),
            ("tick",),
            DELIVER,
            ("lose_socket", "a1"),
            DELIVER,
            ("ready", "a1"),
            DELIVER,
        ),
    ),
    "overflowed_to_the_end": Directed(
        ONE, (*LEAD, ("arrive", "q2"), DELIVER, ("delete", "q2"), DELIVER)
    ),
    # 13. what people order is an input of the router
    "site_in_log": Directed(ONE, (*LEAD, ("site", "moscow", "closed"), ("arrive", "q1"), DELIVER)),
    # DESIGN 2 and 5: nothing counts twice, nothing void counts, an attempt is taken once
    "keep_seqs": Directed(
        ONE,
        (*LEAD, ("arrive", "q1"), ("hang_up", "K1"), DELIVER, ("repeat", "ivr", "K1", 3, 0)),
    ),
    "zombies_are_void": Directed(
        ONE,
        (
            *LEAD,
            *(("turn", 0, 1), ("send", 0), ("follow", 0, "routed")) * 3,
            ("arrive", "q1"),
            ("deliver", "router:turn"),
            ("turn", 0),
            ("kill", 0),
            ("claim", 1),
            ("land", 1),
            DELIVER,
            ("land", 0),
            DELIVER,
        ),
    ),
    "one_taker": Directed(
        TWO,
        (
            *LEAD,
            ("arrive", "q1"),
            DELIVER,
            *SIX_TICKS,
            ("deliver", "as:routed"),
            ("accept", "a1", 0),
            ("deliver", "ivr:answered", "router:answered"),
            ("try", "accept", "a2", 0),
            DELIVER,
        ),
    ),
}
