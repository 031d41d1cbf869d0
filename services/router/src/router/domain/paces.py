"""What the router learns of handling, of patience and of sites, from one topic each.

Each figure is updated in the order of one topic alone, so it is the same whatever the interleaving.
"""

from datetime import datetime, timedelta
from math import exp, inf, log
from typing import Final

from contact_events.config import LostRule
from router.domain.state import Agent, Crowd, Pace, Patience

BUSY_FADES_S: Final = 3600.0
"""Business seconds after which time spent busy weighs 1/e of what it did."""

PACE_OF: Final = 50
"""How many handled contacts a queue's handle times, mean and variance, follow."""

PATIENCE_OF: Final = 200
"""How many stays a queue's rate of leaving follows."""

STAYS_KEPT: Final = 50
"""Of how many last stays the share answered within the target is taken."""

LOSSES_KEPT_S: Final = 60.0
"""How long a lost connection is remembered beside later ones. Longer than any rule's `within_s`."""


def busier(before: Agent | None, at: datetime) -> float:
    """Return the seconds spent busy up to `at`, each weighed by exp(-age / BUSY_FADES_S)."""
    if before is None:
        return 0.0
    faded = exp(-max(0.0, (at - before.at).total_seconds()) / BUSY_FADES_S)
    busy = any(slot.state != "free" for slot in before.slots)
    return before.busy_s * faded + (BUSY_FADES_S * (1.0 - faded) if busy else 0.0)


def occupancy_key(agent: Agent) -> float:
    """Return a figure that orders idle agents by occupancy, the same at any time.

    While agents are idle all their weighted seconds fade by the same factor, so the logarithm of
    them, less the fading so far, does not change.
    """
    if agent.busy_s <= 0.0:
        return -inf
    return log(agent.busy_s) + agent.at.timestamp() / BUSY_FADES_S


def paced(pace: Pace, handle_s: float) -> Pace:
    """Return the pace after one more handled contact.

    Source: B. P. Welford, Note on a Method for Calculating Corrected Sums of Squares and Products
    (Technometrics 4, 1962); from `PACE_OF` contacts on older ones fade.
    """
    handled = min(pace.handled + 1, PACE_OF)
    apart = handle_s - pace.handle_s
    mean = pace.handle_s + apart / handled
    squares = apart * (handle_s - mean)
    return Pace(handled, mean, pace.variance_s2 + (squares - pace.variance_s2) / handled)


def stayed(patience: Patience, at: datetime, waited_s: float, ended: str) -> Patience:
    """Return the patience after one more stay, which `ended` in "talk", "left" or "moved"."""
    fade = 1.0 - 1.0 / PATIENCE_OF
    stays = patience.stays
    if ended != "moved":
        stays = (*stays[-(STAYS_KEPT - 1) :], (at, waited_s, ended == "talk"))
    return Patience(
        left=patience.left * fade + (ended == "left"),
        waited_s=patience.waited_s * fade + waited_s,
        stays=stays,
    )


def came(crowd: Crowd) -> Crowd:
    """Return the crowd of a site after one more agent signed in."""
    return Crowd(crowd.signed_in + 1, crowd.lost_at)


def went(crowd: Crowd, at: datetime, *, lost: bool) -> Crowd:
    """Return the crowd of a site after an agent signed out, or was lost."""
    if not lost:
        return Crowd(crowd.signed_in - 1, crowd.lost_at)
    since = at - timedelta(seconds=LOSSES_KEPT_S)
    kept = crowd.lost_at
    if kept and kept[0] < since:
        kept = tuple(loss for loss in kept if loss >= since)
    return Crowd(crowd.signed_in - 1, (*kept, at))


def just_lost(rule: LostRule | None, crowd: Crowd, since: datetime | None) -> int:
    """Return how many connections were lost after `since`, within seconds of the last one."""
    if rule is None or not crowd.lost_at:
        return 0
    first = crowd.lost_at[-1] - timedelta(seconds=rule.within_s)
    return sum(at >= first and (since is None or at > since) for at in crowd.lost_at)
