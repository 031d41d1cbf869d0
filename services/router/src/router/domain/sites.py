"""Which status a site is to have: what people ordered, and what the rules find."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Literal, NamedTuple

from contact_events.config import LostRule, Reserve, SiteChanged
from contact_events.opening import next_change, open_at
from router.domain.expected import expected_wait
from router.domain.indexes import Indexes
from router.domain.paces import just_lost
from router.domain.rules import known_queue
from router.domain.state import Crowd, SiteStatus, Standing, State

Cause = Literal["order", "rule"]


class Verdict(NamedTuple):
    """The status that a site is to have now, and by whom."""

    status: SiteStatus
    cause: Cause


def verdict(indexes: Indexes, site_id: str, now: datetime) -> Verdict:
    """Return the status that the site is to have now.

    An order stands above the rules. Of these, a loss stands above a reserve, and a reserve above
    a calendar.
    """
    state = indexes.state
    site = state.sites.get(site_id)
    if site is None:
        return Verdict("open", "order")
    if site.deleted or site.status != "open":
        return Verdict("closed" if site.deleted else site.status, "order")
    if is_lost(state, site, now):
        return Verdict("lost", "rule")
    if site.reserve is not None:
        return Verdict(_reserve(indexes, site, site.reserve, now), "rule")
    calendar = state.calendars.get(site.calendar_id or "")
    if calendar is not None and not calendar.deleted and not open_at(calendar, now):
        return Verdict("draining", "rule")
    return Verdict("open", "order")


def look_again_at(state: State, site_id: str, now: datetime) -> datetime | None:
    """Return when time alone may change the verdict; None for never."""
    site = state.sites.get(site_id)
    if site is None or site.deleted or site.status != "open":
        return None
    moments = [at for at in _moments(state, site, now) if at > now]
    return min(moments, default=None)


def _moments(state: State, site: SiteChanged, now: datetime) -> Iterator[datetime]:
    standing = state.standings.get(site.site_id, Standing())
    crowd = state.crowds.get(site.site_id, Crowd())
    if standing.status == "lost" and state.policy.lost and crowd.lost_at:
        yield crowd.lost_at[-1] + timedelta(seconds=state.policy.lost.back_after_s)
    if site.reserve is not None and standing.since is not None:
        yield standing.since + timedelta(seconds=site.reserve.hold_s)
    calendar = state.calendars.get(site.calendar_id or "")
    if calendar is not None and not calendar.deleted:
        change = next_change(calendar, now)
        if change is not None:
            yield change


def is_lost(state: State, site: SiteChanged, now: datetime) -> bool:
    """Tell whether the site is lost by rule: found so, and not back yet."""
    rule = state.policy.lost
    standing = state.standings.get(site.site_id, Standing())
    crowd = state.crowds.get(site.site_id, Crowd())
    if rule is None:
        return False
    if standing.status != "lost":
        return _falls(rule, crowd, standing)
    if site.revision > standing.revision:
        return False  # people have ordered it since, and ordered it open
    return not _is_back(rule, crowd, standing, now)


def _falls(rule: LostRule, crowd: Crowd, standing: Standing) -> bool:
    """Tell whether so large a share was lost at once, since the status last changed."""
    lost = just_lost(rule, crowd, standing.since)
    base = crowd.signed_in + lost
    return lost > 0 and base >= rule.at_least and lost >= rule.share * base


def _is_back(rule: LostRule, crowd: Crowd, standing: Standing, now: datetime) -> bool:
    if crowd.signed_in >= standing.signed_in + max(1, ceil(rule.share * standing.lost)):
        return True
    quiet = timedelta(seconds=rule.back_after_s)
    last = crowd.lost_at[-1] if crowd.lost_at else standing.since
    return crowd.signed_in > 0 and (last is None or last + quiet <= now)


def _reserve(indexes: Indexes, site: SiteChanged, reserve: Reserve, now: datetime) -> SiteStatus:
    """Return the status of a reserve: closed until it is needed, draining when no longer."""
    standing = indexes.state.standings.get(site.site_id, Standing(status="closed"))
    waits = [_wait_s(indexes, queue_id) for queue_id in reserve.queue_ids]
    asked = indexes.asks_for(site.site_id)
    needed = asked or any(wait_s > reserve.open_above_s for wait_s in waits)
    if needed or _misses_target(indexes.state, reserve):
        return "open"
    if standing.status != "open":
        rings = any(r.site_id == site.site_id for r in indexes.state.reservations.values())
        return "draining" if standing.status == "draining" and rings else "closed"
    held = standing.since is None or now >= standing.since + timedelta(seconds=reserve.hold_s)
    calm = all(wait_s <= reserve.close_below_s for wait_s in waits)
    return "draining" if held and calm else "open"


def _wait_s(indexes: Indexes, queue_id: str) -> float:
    """Return the expected wait; endless where calls wait and nobody works."""
    estimate = expected_wait(indexes, queue_id)
    if estimate is not None:
        return estimate.mean_s
    line = indexes.lines.get(queue_id)
    return float("inf") if line and len(line.since) else 0.0


def _misses_target(state: State, reserve: Reserve) -> bool:
    """Tell whether too few of the last stays in a queue ended in a talk within its target."""
    if reserve.open_below_share is None:
        return False
    for queue_id in reserve.queue_ids:
        queue, patience = known_queue(state, queue_id), state.patience.get(queue_id)
        if queue is None or patience is None or len(patience.stays) < _FEWEST_STAYS:
            continue
        met = sum(talk and s <= queue.service_target_s for _, s, talk in patience.stays)
        if met < reserve.open_below_share * len(patience.stays):
            return True
    return False


_FEWEST_STAYS = 10
"""A share of fewer stays says nothing."""
