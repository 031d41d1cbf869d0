"""What a history that needs a rule of the protocol is made of: see `protocol_directed`."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.protocol_world import Action, Setting, Worker, World

BOTH = ("q1", "q2")
ONE = Setting({"a1": Worker()})
ONE_FAR = Setting({"a1": Worker()}, stride=256)
TELEPHONE = Setting({"a1": Worker(telephone=True)})
TWO = Setting({"a1": Worker(), "a2": Worker("minsk")})
TELEPHONE_AND_DESK = Setting({"a1": Worker(telephone=True), "a2": Worker("minsk")})
HURRIED = Setting({"a1": Worker(skills=BOTH), "a2": Worker("minsk")}, max_wait_s=10.0)
HURRIED_TELEPHONE = Setting({"a1": Worker(skills=BOTH, telephone=True)}, max_wait_s=10.0)

DELIVER: Action = ("deliver",)
LEAD: tuple[Action, ...] = (("claim", 0), ("land", 0), DELIVER)
SIX_TICKS: tuple[Action, ...] = (("tick",),) * 6
"""So long that an offer has expired, and its grace is over."""

TRY_TO_ACCEPT: Action = ("try", "accept", "a1", 0)
"""Possible only if a rule is left out."""

UNREAD_OFFERS: Action = ("deliver", "as:routed")


@dataclass(frozen=True)
class Directed:
    """A history that needs its rule; with `mode` all agents behave so at its end."""

    setting: Setting
    actions: tuple[Action, ...]
    mode: Callable[[World], bool] | None = None
    ready: bool = True
