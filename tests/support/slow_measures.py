"""Every measure again, slowly and plainly, from lists of events: what the fast ones must equal.

Nothing of reporting is used here. Each function says in a line or two what the measure means.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contact_events.agents import AgentChanged
from contact_events.answering import CallAnswered, CallHeld, CallRangOut, CallRejected, CallResumed
from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallContained,
    CallDisconnected,
    CallDiverted,
    CallFailed,
    CallFlowStep,
    CallQueued,
    CallRecovered,
    CallRefused,
)
from contact_events.locations import CallerLocated
from contact_events.routing import CallRouted
from contact_events.wrapping import CallReleased, CallWrappedUp

Events = list[tuple[datetime, Any]]
Key = dict[str, str]


@dataclass
class Wait:
    """A wait, by whom, where, and all that happened in it."""

    key: Key
    began: datetime
    by_transfer: bool
    attempts: set[int]
    told_s: float | None = None
    ended: datetime | None = None
    how: str | None = None
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    sent_on: datetime | None = None
    at_home: bool = False
    offers: list[datetime] = field(default_factory=list)
    rang_out: list[datetime] = field(default_factory=list)
    rejected: list[datetime] = field(default_factory=list)

    @property
    def waited_s(self) -> float:
        """How long the caller waited."""
        assert self.ended is not None
        return seconds(self.began, self.ended)


def whole_ms(at: datetime) -> int:
    """The moment in whole milliseconds."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def seconds(start: datetime, end: datetime) -> float:
    """How long it was."""
    return (whole_ms(end) - whole_ms(start)) / 1_000


def waits_of(events: Events, key: Key) -> list[Wait]:
    """Every wait of one call, told by its events in their order."""
    listener = _Listener(events, key)
    for at, event in events:
        if isinstance(event, CallQueued | CallRecovered):
            listener.queued(at, event)
        elif isinstance(event, CallConnected):
            listener.connected(at, event)
        elif isinstance(event, CallAbandoned | CallDiverted | CallFailed | CallDisconnected):
            listener.ended(at, event)
    for wait in listener.waits:
        _offers(events, wait)
    return listener.waits


class _Listener:
    """Hears one call: who waits since when, who talks since when."""

    def __init__(self, events: Events, key: Key) -> None:
        self.events = events
        self.waits: list[Wait] = []
        self.waiting: Wait | None = None
        self.talking: tuple[Wait, datetime] | None = None
        self.routed = {e.reservation_id: e for _, e in events if isinstance(e, CallRouted)}
        located = [e.region or "" for _, e in events if isinstance(e, CallerLocated)]
        homes = [e.why.home_site_id or "" for _, e in events if isinstance(e, CallRouted)]
        self.home = homes[-1] if homes else ""
        self.key = {**key, "region": located[0] if located else "", "home_site_id": self.home}

    def queued(self, at: datetime, event: CallQueued | CallRecovered) -> None:
        """A stay begins: the same wait if nobody was joined, else another."""
        if self.talking is not None:
            if isinstance(event, CallQueued):
                self.talking[0].sent_on = at
            self._talk_is_over(at)
        elif self.waiting is not None and isinstance(event, CallRecovered):
            self.waiting.attempts.add(event.attempt)
            return
        elif self.waiting is not None:
            self.waiting.ended, self.waiting.how = at, "overflowed"
        transfer = isinstance(event, CallQueued) and event.reason == "transfer"
        where = {**self.key, "queue_id": event.queue_id or "", "answering_site_id": ""}
        told_s = event.expected_wait_s if isinstance(event, CallQueued) else None
        self.waiting = Wait(where, at, transfer, {event.attempt}, told_s)
        self.waits.append(self.waiting)

    def connected(self, at: datetime, event: CallConnected) -> None:
        """Caller and agent are joined."""
        wait = self.waiting
        assert wait is not None
        wait.ended, wait.how = at, "answered"
        wait.key["answering_site_id"] = site = self.routed[event.reservation_id].site_id
        wait.at_home = site == self.home
        wait.hold_s = held_s(self.events, event.reservation_id)
        wait.wrap_up_s = wrap_up_s(self.events, event.reservation_id)
        self.talking, self.waiting = (wait, at), None

    def ended(self, at: datetime, event: Any) -> None:
        """The call is over."""
        if self.talking is not None:
            self._talk_is_over(at)
        elif self.waiting is not None:
            kinds = {"CallAbandoned": "abandoned", "CallDiverted": "callback"}
            self.waiting.ended, self.waiting.how = at, kinds.get(type(event).__name__, "failed")

    def _talk_is_over(self, at: datetime) -> None:
        assert self.talking is not None
        self.talking[0].talk_s += seconds(self.talking[1], at)
        self.talking = None


def _offers(events: Events, wait: Wait) -> None:
    for at, event in events:
        if getattr(event, "attempt", None) in wait.attempts:
            if isinstance(event, CallRouted):
                wait.offers.append(at)
            elif isinstance(event, CallRangOut):
                wait.rang_out.append(at)
            elif isinstance(event, CallRejected) and event.reason == "agent":
                wait.rejected.append(at)


def held_s(events: Events, reservation: str) -> float:
    """Holds of one talk: from each hold to its resumption, or to the release."""
    total, since = 0.0, None
    for at, event in events:
        if getattr(event, "reservation_id", None) != reservation:
            continue
        if isinstance(event, CallHeld):
            since = at
        elif isinstance(event, CallResumed | CallReleased) and since is not None:
            total, since = total + seconds(since, at), None
    return total


def wrap_up_s(events: Events, reservation: str) -> float:
    """From the release to the end of the work, once it is done."""
    mine = [(at, e) for at, e in events if getattr(e, "reservation_id", None) == reservation]
    released = [at for at, e in mine if isinstance(e, CallReleased)]
    done = [at for at, e in mine if isinstance(e, CallWrappedUp)]
    return seconds(released[0], done[0]) if released and done else 0.0


Within = Callable[[datetime], bool]


class Slow:
    """All measures of some waits within some time, one line each; T, S as given."""

    def __init__(self, waits: Iterable[Wait], within: Within, t_s: int = 20, s_s: int = 5) -> None:
        self.waits = list(waits)
        self.within = within
        self.t_s, self.s_s = t_s, s_s

    def ended(self, *how: str) -> list[Wait]:
        """Waits that ended so within the time."""
        return [w for w in self.waits if w.how in how and w.ended and self.within(w.ended)]

    def value(self, name: str) -> float | None:
        """Return the measure of this name."""
        began = [w for w in self.waits if self.within(w.began)]
        answered, gone = self.ended("answered"), self.ended("abandoned")
        in_time = len([w for w in answered if w.waited_s <= self.t_s])
        gone_in_time = len([w for w in gone if w.waited_s < self.t_s])
        short = len([w for w in gone if w.waited_s < self.s_s])
        sent_on = len([w for w in self.waits if w.sent_on and self.within(w.sent_on)])
        offers = self._moments("offers")
        others = len(self.ended("overflowed", "callback", "failed"))
        talk = sum(w.talk_s for w in answered)
        hold = sum(w.hold_s for w in answered)
        wrap_up = sum(w.wrap_up_s for w in answered)
        beyond = [w.waited_s - w.told_s for w in answered if w.told_s is not None]
        n = len(began)
        plain: dict[str, float] = {
            "offered": n,
            "answered": len(answered),
            "abandoned": len(gone),
            "overflowed": len(self.ended("overflowed", "callback")),
            "failed": len(self.ended("failed")),
            "callbacks": len(self.ended("callback")),
            "transfers_in": len([w for w in began if w.by_transfer]),
            "transfers_out": sent_on,
            "carried_over": n - len(answered) - len(gone) - others,
            "handling_cost": (talk + wrap_up) / 3_600 * 600,
        }
        divided: dict[str, tuple[float, float]] = {
            "service_level": (in_time, n),
            "service_level_negative": (in_time, n),
            "service_level_answered_only": (in_time, len(answered)),
            "service_level_positive": (in_time + gone_in_time, n),
            "service_level_ignore": (in_time, n - gone_in_time),
            "service_level_short_abandons_excluded": (in_time, n - short),
            "abandonment": (len(gone), n),
            "short_abandonment": (short, n),
            "abandonment_without_short": (len(gone) - short, n - short),
            "callback_share": (len(self.ended("callback")), n),
            "transfer_share": (sent_on, len(answered)),
            "home_share": (len([w for w in answered if w.at_home]), len(answered)),
            "asa": (sum(w.waited_s for w in answered), len(answered)),
            "time_to_abandon": (sum(w.waited_s for w in gone), len(gone)),
            "aht": (talk + wrap_up, len(answered)),
            "average_talk": (talk - hold, len(answered)),
            "average_hold": (hold, len(answered)),
            "average_wrap_up": (wrap_up, len(answered)),
            "expected_wait_error": (sum(abs(s) for s in beyond), len(beyond)),
            "expected_wait_bias": (sum(beyond), len(beyond)),
            "rona": (self._moments("rang_out"), offers),
            "rejection": (self._moments("rejected"), offers),
            "cost_per_answered": ((talk + wrap_up) / 3_600 * 600, len(answered)),
        }
        if name in plain:
            return plain[name]
        over, under = divided[name]
        return over / under if under > 0 else None

    def _moments(self, name: str) -> int:
        return len([at for w in self.waits for at in getattr(w, name) if self.within(at)])


def contact_measures(calls: Iterable[Events], within: Within) -> dict[str, float | None]:
    """Measures of contacts as a whole."""
    said = [(at, e) for events in calls for at, e in events if within(at)]
    arrived = len([e for _, e in said if isinstance(e, CallArrived)])
    contained = len([e for _, e in said if isinstance(e, CallContained)])
    refused = len([e for _, e in said if isinstance(e, CallRefused)])
    left = len([e for _, e in said if isinstance(e, CallAbandoned) and e.attempt == 0])
    own_s = 0.0
    for events in calls:
        leaves = (CallQueued, CallContained, CallRefused, CallAbandoned)
        over = next((at for at, e in events if isinstance(e, leaves)), None)
        if over is not None and within(over):
            own_s += seconds(events[0][0], over)
    return {
        "arrived": arrived,
        "contained": contained,
        "refused": refused,
        "abandoned_in_flow": left,
        "contained_share": contained / (arrived - refused) if arrived > refused else None,
        "average_self_service": own_s / arrived if arrived else None,
    }


def resolution(
    calls: Iterable[Events], within: Within, days: int, newest: datetime
) -> dict[str, float | None]:
    """Contacts whose caller did not come again within so many days."""
    known = [_visit(events) for events in calls]
    resolvable = repeated = 0
    for ref, came, ended, helped in known:
        if ref is None or ended is None or not helped or not within(came):
            continue
        until = ended + timedelta(days=days)
        if until > newest:
            continue
        resolvable += 1
        repeated += any(r == ref and ended < at <= until for r, at, _, _ in known)
    share = (resolvable - repeated) / resolvable if resolvable else None
    return {
        "resolvable": resolvable,
        "repeated": repeated,
        "first_contact_resolution": share,
    }


def _visit(events: Events) -> tuple[str | None, datetime, datetime | None, bool]:
    came, arrived = events[0]
    ends = (CallContained, CallRefused, CallAbandoned, CallDiverted, CallDisconnected, CallFailed)
    ended = next((at for at, e in events if isinstance(e, ends)), None)
    helped = any(isinstance(e, CallConnected | CallContained) for _, e in events)
    return (arrived.caller.ref if arrived.caller else None), came, ended, helped


def state_s(events: Events, within: Within, status: str) -> float:
    """Seconds that an agent was in a state; the one that still lasts is not counted.

    Cut second by second at the edges of `within` would be slow beyond sense: quarters will do.
    """
    total = 0.0
    changes = [(at, e) for at, e in events if isinstance(e, AgentChanged)]
    for (at, event), (until, _) in zip(_distinct(changes), _distinct(changes)[1:], strict=False):
        if event.status != status:
            continue
        while at < until:
            quarter_s = 900 - at.timestamp() % 900
            end = min(until, at + timedelta(seconds=quarter_s))
            total += seconds(at, end) if within(at) else 0.0
            at = end
    return total


def _distinct(changes: Events) -> Events:
    kept: Events = []
    for at, event in changes:
        same = kept and (kept[-1][1].status, kept[-1][1].reason) == (event.status, event.reason)
        if not same:
            kept.append((at, event))
    return kept


def accepted(calls: Iterable[Events], agent: str, within: Within) -> dict[str, int]:
    """What became of an agent's offers."""
    said = [e for events in calls for at, e in events if within(at)]
    mine = [e for e in said if getattr(e, "agent_id", None) == agent]
    return {
        "offers": len(
            [e for e in mine if isinstance(e, CallAnswered | CallRejected | CallRangOut)]
        ),
        "rang_out": len([e for e in mine if isinstance(e, CallRangOut)]),
        "answered": len([e for e in mine if isinstance(e, CallConnected)]),
    }


def steps(calls: Iterable[Events], within: Within) -> int:
    """How often callers came to any step."""
    return len([e for c in calls for at, e in c if isinstance(e, CallFlowStep) and within(at)])
