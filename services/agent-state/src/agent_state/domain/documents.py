"""What administrators say beside who the agents are: teams, reasons for NotReady, wrap-up codes.

What is deactivated stays, so that the past can be told; it cannot be chosen any more.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from agent_state.domain.agent import RonaPolicy
from contact_events.calls import Text

MOST_PARENTS: Final = 8


class Team(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Agents who work together. At most `breaks_at_once` of them are on a break; None: any number.

    A break that is granted is taken within `break_taken_within_s`, or passes to who waits. With
    `sign_out_after_shift` an agent gets no calls after the shift and is signed out
    `sign_out_grace_s` later, never out of a talk. `supervisors` are the subjects of the tokens of
    those who may order what its agents do. Without `rona` an agent who let an offer ring out
    stays NotReady until they say otherwise.
    """

    name: Text
    site_id: str | None = None
    breaks_at_once: int | None = None
    break_taken_within_s: float = 600.0
    sign_out_after_shift: bool = False
    sign_out_grace_s: float = 0.0
    rona: RonaPolicy | None = None
    supervisors: tuple[str, ...] = ()
    deactivated: bool = False


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why agents are NotReady: whether they are paid, whether it counts as time they could work.

    A stay that `is_break` is asked for and counts against the team's breaks.

    `longest_stay_s` is how long they may stay; None: as long as they like.
    """

    name: Text
    paid: bool = True
    counted_in_occupancy: bool = False
    longest_stay_s: float | None = None
    is_break: bool = False
    deactivated: bool = False


class Code(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a call was about; codes with the same `parent_id` are a branch of the tree."""

    name: Text
    parent_id: str | None = None
    deactivated: bool = False


SHIFT_OVER: Final = "shift_over"
"""The reason of who works no more, since their shift is over."""

SUPERVISOR: Final = "supervisor"
"""The reason of a supervisor who gives none."""

SYSTEM_REASONS: Final = {
    "signed_in": Reason(name=Text(ru="Вход", en="Signed in")),
    "rona": Reason(name=Text(ru="Не ответил", en="Did not answer")),
    "rejected": Reason(name=Text(ru="Отклонил вызов", en="Rejected a call")),
    "leg_lost": Reason(name=Text(ru="Потеря линии", en="Line lost")),
    "connection_lost": Reason(name=Text(ru="Потеря связи", en="Connection lost")),
    "signing_out": Reason(name=Text(ru="Заканчивает работу", en="Signing out")),
    SHIFT_OVER: Reason(name=Text(ru="Смена закончена", en="Shift over")),
    SUPERVISOR: Reason(name=Text(ru="Решение супервизора", en="Supervisor's order")),
}
"""Reasons that agent-state gives; nobody chooses them, and they cannot be deactivated."""

UNSAID: Final = "asked"
"""The reason of who gives none. Deactivate it to have everybody give one."""

STANDING_REASONS: Final = {
    **SYSTEM_REASONS,
    UNSAID: Reason(name=Text(ru="Без причины", en="No reason given")),
    "break": Reason(name=Text(ru="Перерыв", en="Break"), is_break=True),
    "lunch": Reason(name=Text(ru="Обед", en="Lunch"), paid=False, is_break=True),
    "meeting": Reason(name=Text(ru="Совещание", en="Meeting"), counted_in_occupancy=True),
    "training": Reason(name=Text(ru="Обучение", en="Training"), counted_in_occupancy=True),
}
"""Reasons that are there from the first start on."""


CodeState = Literal["unknown", "deactivated", "elsewhere"]


def state_of_code(above: Mapping[str, Code | None], branch: str | None) -> CodeState | None:
    """Return why nobody may choose a code of a call of this branch, None if they may.

    `above` has the code and then all the branches it is in, from the inside out; None: not there.
    The branch itself is no code of its calls, but what is in it.
    """
    codes = list(above.values())
    if codes[0] is None:
        return "unknown"
    if any(code is None or code.deactivated for code in codes):
        return "deactivated"
    return None if branch is None or branch in list(above)[1:] else "elsewhere"


def may_be_chosen(reason_id: str, said: Reason) -> bool:
    """Return whether an agent may give this reason."""
    return reason_id not in SYSTEM_REASONS and not said.deactivated
