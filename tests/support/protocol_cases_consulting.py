"""Histories that need the rules of consultations: 8, and 2 and 9 where they touch them."""

from tests.support.protocol_cases import DELIVER, LEAD, Directed
from tests.support.protocol_world import Action, Setting, Worker

PAIR = Setting({"a1": Worker(), "a2": Worker("minsk", skills=("q2",))})
TELEPHONES = Setting(
    {
        "a1": Worker(telephone=True),
        "a2": Worker("minsk", skills=("q2",), telephone=True),
    }
)
TRIO = Setting(
    {
        "a1": Worker(),
        "a2": Worker("minsk", skills=("q2",)),
        "a3": Worker("minsk", skills=()),
    }
)
ALONE = Setting({"a1": Worker(slots=2)})

TALK: tuple[Action, ...] = (*LEAD, ("arrive", "q1"), DELIVER, ("accept", "a1", 0), DELIVER)
"""The caller K1 talks with a1."""

ASKED: tuple[Action, ...] = (*TALK, ("consult_queue", "a1", 0, "q2"), DELIVER)
"""a1 waits, in the consultation C1, for somebody of q2; a2 is rung."""

JOINED: tuple[Action, ...] = (*ASKED, ("accept", "a2", 0), DELIVER)
"""a1 speaks with a2, and the caller is on hold."""

CONSULTING: dict[str, Directed] = {
    "ends_with_its_parent": Directed(PAIR, (*JOINED, ("hang_up", "K1"), DELIVER)),
    "ends_with_the_askers_talk": Directed(PAIR, (*JOINED, ("lose_socket", "a1"), DELIVER)),
    "asker_leaves": Directed(PAIR, (*JOINED, ("leave", "a1", 0), DELIVER)),
    "asker_learns_of_the_end": Directed(PAIR, (*JOINED, ("release", "a2", 0), DELIVER)),
    "moved_slot": Directed(PAIR, (*JOINED, ("complete", "a1", 0), DELIVER)),
    "moved_by_the_consultation_too": Directed(
        PAIR, (*JOINED, ("complete", "a1", 0), ("deliver", "tell ivr:K1"), DELIVER)
    ),
    "asker_is_let_go": Directed(PAIR, (*JOINED, ("complete", "a1", 0), DELIVER)),
    "unanswered_is_blind": Directed(
        PAIR, (*ASKED, ("complete", "a1", 0), DELIVER, ("accept", "a2", 0), DELIVER)
    ),
    "asker_left_out": Directed(
        ALONE,
        (
            *TALK,
            ("consult_queue", "a1", 0, "q1"),
            DELIVER,
            ("try", "accept", "a1", 1),
            DELIVER,
        ),
    ),
    "goes_on_as_its_parent": Directed(
        PAIR,
        (*JOINED, ("complete", "a1", 0), ("deliver", "as:call-arrived"), ("release", "a2", 0)),
    ),
    "telephone_moves_too": Directed(
        TELEPHONES,
        (
            *LEAD,
            ("arrive", "q1"),
            DELIVER,
            ("pick_up", "a1"),
            DELIVER,
            ("consult_queue", "a1", 0, "q2"),
            DELIVER,
            ("pick_up", "a2"),
            DELIVER,
            ("complete", "a1", 0),
            DELIVER,
        ),
    ),
    "lost_after_taking_over": Directed(
        PAIR, (*JOINED, ("complete", "a1", 0), DELIVER, ("lose_socket", "a2"), DELIVER)
    ),
    "known_by_its_reservation": Directed(
        PAIR,
        (
            *JOINED,
            ("hold", "a2", 0),
            ("complete", "a1", 0),
            ("deliver", "ivr:agent-state", "as:call-arrived"),
            ("deliver", "as:call-arrived"),
            DELIVER,
            ("lose_socket", "a2"),
            DELIVER,
        ),
    ),
    "offline_older_than_taking_over": Directed(
        PAIR,
        (
            *TALK,
            ("lose_socket", "a2"),
            ("ready", "a2"),
            ("consult_queue", "a1", 0, "q2"),
            ("deliver", "ivr:agent-state"),
            ("accept", "a2", 0),
            ("deliver", "ivr:agent-state"),
            ("complete", "a1", 0),
            ("deliver", "ivr:agent-state"),
            DELIVER,
        ),
    ),
    "slot_moves_once": Directed(
        TRIO,
        (
            *JOINED,
            ("try", "consult_agent", "a2", 0, "a3"),
            DELIVER,
            ("try", "accept", "a3", 0),
            DELIVER,
            ("try", "complete", "a2", 0),
            ("deliver", "tell ivr:C1", "tell ivr:C2"),
            ("complete", "a1", 0),
            ("deliver", "tell ivr:C1", "tell ivr:C2"),
            DELIVER,
        ),
    ),
    "consultation_fails": Directed(
        PAIR, (*TALK, ("not_ready", "a2"), ("consult_agent", "a1", 0, "a2"), DELIVER)
    ),
}
