"""Histories that need the rules of joining, losing and letting go: 1, 2, 3, 6 and 7."""

from tests.support.protocol_cases import (
    DELIVER,
    HURRIED,
    LEAD,
    ONE,
    ONE_FAR,
    SIX_TICKS,
    TELEPHONE,
    TELEPHONE_AND_DESK,
    TRY_TO_ACCEPT,
    UNREAD_OFFERS,
    Directed,
)
from tests.support.protocol_rest import desk_only

JOINING: dict[str, Directed] = {
    # 1. the agent's hanging up is a request too
    "release_asked": Directed(
        ONE,
        (
            *LEAD,
            ("arrive", "q1"),
            DELIVER,
            ("accept", "a1", 0),
            ("release", "a1", 0),
            ("deliver", "ivr:answered"),
            DELIVER,
        ),
    ),
    "bye_is_release": Directed(
        TELEPHONE,
        (*LEAD, ("arrive", "q1"), DELIVER, ("pick_up", "a1"), DELIVER, ("bye", "a1"), DELIVER),
    ),
    "release_before_the_join": Directed(
        TELEPHONE,
        (*LEAD, ("arrive", "q1"), DELIVER, ("accept", "a1", 0), DELIVER, ("release", "a1", 0)),
    ),
    # 2. Offline is a loss only for acceptances before it
    "offline_seq": Directed(
        ONE,
        (
            *LEAD,
            ("arrive", "q1"),
            DELIVER,
            ("accept", "a1", 0),
            ("lose_socket", "a1"),
            ("deliver", "ivr:answered"),
            DELIVER,
        ),
    ),
    "offline_older_than_the_talk": Directed(
        ONE,
        (
            *LEAD,
            ("lose_socket", "a1"),
            ("ready", "a1"),
            ("arrive", "q1"),
            ("deliver", "ivr:agent-state"),
            ("accept", "a1", 0),
            ("deliver", "ivr:agent-state"),
            DELIVER,
        ),
    ),
    # 3. ends and highest attempts are remembered
    "attempts_known": Directed(
        HURRIED,
        (
            *LEAD,
            ("arrive", "q2"),
            UNREAD_OFFERS,
            ("site", "moscow", "closed"),
            UNREAD_OFFERS,
            ("tick",),
            ("tick",),
            UNREAD_OFFERS,
            ("read", "as", "routed"),
            TRY_TO_ACCEPT,
            DELIVER,
        ),
    ),
    "ends_known": Directed(
        ONE,
        (
            *LEAD,
            ("arrive", "q1"),
            UNREAD_OFFERS,
            ("hang_up", "K1"),
            UNREAD_OFFERS,
            ("read", "as", "routed"),
            TRY_TO_ACCEPT,
        ),
    ),
    "end_by_pos": Directed(
        ONE_FAR,
        (
            *LEAD,
            ("turn", 0, 1),
            ("send", 0),
            ("arrive", "q1"),
            UNREAD_OFFERS,
            ("hang_up", "K1"),
            UNREAD_OFFERS,
            ("read", "as", "routed"),
            ("read", "as", "routed"),
            TRY_TO_ACCEPT,
        ),
    ),
    # 6. a telephone rings only for a call that waits in that attempt
    "settled_no_ring": Directed(
        TELEPHONE,
        (
            *LEAD,
            ("arrive", "q1"),
            ("deliver", "ivr:agent-state"),
            ("reject", "a1", 0),
            ("deliver", "ivr:agent-state"),
            DELIVER,
        ),
    ),
    "rings_only_while_waiting": Directed(
        TELEPHONE_AND_DESK,
        (
            *LEAD,
            ("arrive", "q1"),
            ("deliver", "ivr:agent-state"),
            *SIX_TICKS,
            ("deliver", "ivr:agent-state", "tell as:a1"),
            ("accept", "a2", 0),
            ("deliver", "ivr:agent-state", "tell as:a1"),
            DELIVER,
        ),
    ),
    "outcome_drops_the_leg": Directed(
        TELEPHONE, (*LEAD, ("arrive", "q1"), DELIVER, ("reject", "a1", 0), DELIVER)
    ),
    # 7. what is not joined in time, or cannot be any more, is recovered
    "join_timer": Directed(
        TELEPHONE, (*LEAD, ("arrive", "q1"), DELIVER, ("accept", "a1", 0), DELIVER)
    ),
    "leg_known": Directed(
        TELEPHONE, (*LEAD, ("arrive", "q1"), DELIVER, ("pick_up", "a1"), ("lose_leg", "a1"))
    ),
    "lost_notready": Directed(TELEPHONE, (*LEAD, ("arrive", "q1")), desk_only),
}
