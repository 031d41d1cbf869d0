"""What the centre looks like now, folded from the same log as every report.

`LiveBoard` keeps what the board needs of today; `views` turns it into what one reader may see.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from contact_events.agents import AgentChanged, AgentStayOverran
from contact_events.alerts import AlertCleared, AlertRaised
from contact_events.billing import AlertRuleChanged
from contact_events.config import QueueChanged, SiteChanged
from contact_events.envelope import Envelope
from contact_events.hints import QueueState
from reporting.domain import facts as facts_of
from reporting.domain.counts import WaitCounts, summed
from reporting.domain.facts import CallFacts, Stay
from reporting.domain.measured import answered_stay
from reporting.domain.sums import queue_sums
from reporting.domain.timelines import AgentNow, after

AWAY_WINDOW = timedelta(minutes=15)
RATE_WINDOW = timedelta(minutes=1)
LINGER = timedelta(minutes=30)
"""How long an ended call is kept for what its agent still does about it."""


@dataclass(slots=True)
class LiveCall:
    """A call of today, what it has added to the figures, and whether its answer was counted."""

    facts: CallFacts
    counted: dict[str, WaitCounts] = field(default_factory=dict)
    answer_counted: bool = False
    end_counted: bool = False

    def waiting(self) -> Stay | None:
        """Return the stay in which the call waits now, or None."""
        stay = self.facts.stays[-1] if self.facts.stays else None
        waits = stay is not None and stay.connected_at is None and self.facts.end is None
        return stay if waits else None

    def talking(self) -> Stay | None:
        """Return the stay in which the call is in talk now, or None."""
        stay = self.facts.stays[-1] if self.facts.stays else None
        talks = stay is not None and stay.connected_at is not None and self.facts.end is None
        return stay if talks else None


@dataclass(frozen=True, slots=True)
class Answer:
    """A call answered: when, whose, at home where, and by which site."""

    at: datetime
    client_id: str | None
    home_site_id: str
    site_id: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert that is raised, and since when."""

    at: datetime
    alert: AlertRaised


@dataclass(slots=True)
class Today:
    """The figures since the day began in the centre's time zone, by client."""

    day: str = ""
    queues: dict[tuple[str, str | None], WaitCounts] = field(default_factory=dict)
    contained: Counter[str | None] = field(default_factory=Counter)
    failed: Counter[str | None] = field(default_factory=Counter)
    answered: Counter[tuple[str | None, str, bool]] = field(default_factory=Counter)
    """By client, home site, and whether another site answered."""
    drawn: dict[str | None, set[str]] = field(default_factory=dict)


class LiveBoard:
    """The state of the centre now. Give it every new, valid event of the log."""

    def __init__(self, time_zone: str = "Europe/Moscow") -> None:
        """Start with nobody there; the day begins at midnight of `time_zone`."""
        self.rules: dict[str, AlertRuleChanged] = {}
        """What raises alerts, by rule."""
        self.alerts: dict[str, Raised] = {}
        """The alerts that are raised now, by rule."""
        self.sites: dict[str, SiteChanged] = {}
        self.queues: dict[str, QueueChanged] = {}
        self.expected: dict[str, float | None] = {}
        """By queue: how long a call that comes now is expected to wait, as the router says."""
        self._pools: dict[str, str] = {}
        """By queue: the pool whose router said it."""
        self.agents: dict[str, AgentNow] = {}
        self.overdue: dict[str, AgentStayOverran] = {}
        """By agent: who is NotReady for longer than they may be."""
        self.serves: dict[str, frozenset[str]] = {}
        """By agent: the calls that fill their slots."""
        self.calls: dict[str, LiveCall] = {}
        self.open: dict[str, LiveCall] = {}
        """Of the calls, those that have not ended."""
        self.arrivals: deque[tuple[datetime, str | None]] = deque()
        self.answers: deque[Answer] = deque()
        self.today = Today()
        self.now: datetime | None = None
        self._ended: deque[tuple[datetime, str]] = deque()
        self._strangers: deque[tuple[datetime, str]] = deque()
        """Calls that something was said of before their arrival was read, and when."""
        self._zone = ZoneInfo(time_zone)

    def take(self, envelope: Envelope) -> None:
        """Fold one event."""
        self.pass_time(envelope.time)
        event = envelope.data
        call_id = facts_of.call_of(event)
        if call_id is not None:
            self._call(call_id, envelope)
        elif isinstance(event, AgentChanged):
            self._agent(event, envelope.time)
        elif isinstance(event, AgentStayOverran):
            self.overdue[event.agent_id] = event
        elif isinstance(event, QueueState):
            self.expected[event.queue_id] = event.expected_wait_s
            self._pools[event.queue_id] = envelope.pool
        else:
            self._document(envelope)

    def _document(self, envelope: Envelope) -> None:
        event = envelope.data
        if isinstance(event, SiteChanged):
            self.sites[event.site_id] = event
        elif isinstance(event, QueueChanged):
            self.queues[event.queue_id] = event
        elif isinstance(event, AlertRuleChanged):
            self.rules[event.alert_rule_id] = event
        elif isinstance(event, AlertRaised):
            self.alerts[event.alert_rule_id] = Raised(envelope.time, event)
        elif isinstance(event, AlertCleared):
            self.alerts.pop(event.alert_rule_id, None)

    def said_of(self) -> set[str]:
        """Return the pools whose routers said how long is to be waited in a queue there is."""
        queues = (queue for queue in self.queues.values() if not queue.deleted)
        return {self._pools[queue.queue_id] for queue in queues if queue.queue_id in self._pools}

    def home_of(self, facts: CallFacts) -> str | None:
        """Return the site at which the caller is at home, as far as is known: see the router."""
        offers = sorted(facts.offers.values(), key=lambda offer: (offer.attempt, offer.at))
        if offers and offers[-1].home_site_id:
            return offers[-1].home_site_id
        located = (
            site_id
            for site_id, site in sorted(self.sites.items())
            if facts.region in site.regions and not site.deleted
        )
        return next(located, facts.arrival.entry_site_id if facts.arrival else None)

    def pass_time(self, at: datetime) -> None:
        """Let it be `at`: what is too old leaves the windows, a new day begins with nothing."""
        if self.now is not None and at <= self.now:
            return
        self.now = at
        day = at.astimezone(self._zone).date().isoformat()
        if day != self.today.day:
            self.today = Today(day)
        while self._ended and self._ended[0][0] < at - LINGER:
            self.calls.pop(self._ended.popleft()[1], None)
        while self.arrivals and self.arrivals[0][0] < at - RATE_WINDOW:
            self.arrivals.popleft()
        while self.answers and self.answers[0].at < at - AWAY_WINDOW:
            self.answers.popleft()

    def _agent(self, changed: AgentChanged, at: datetime) -> None:
        agent_id = changed.agent_id
        self.agents[agent_id] = after(self.agents.get(agent_id), changed, at)
        calls = (slot.call_id for slot in changed.slots)
        self.serves[agent_id] = frozenset(call for call in calls if call is not None)
        stay = self.overdue.get(agent_id)
        if stay is not None and (changed.status, changed.reason) != ("NotReady", stay.reason):
            del self.overdue[agent_id]

    def _call(self, call_id: str, envelope: Envelope) -> None:
        call = self.calls.get(call_id)
        if call is None:
            call = self.calls[call_id] = LiveCall(CallFacts(call_id=call_id))
            self.open[call_id] = call
            self._strangers.append((envelope.time, call_id))
        knew_arrival = call.facts.arrival is not None
        facts_of.evolve(call.facts, envelope)
        arrival, client = call.facts.arrival, call.facts.client_id
        if arrival is not None and not knew_arrival:
            self.arrivals.append((arrival.at, client))
            drawn = {name.strip() for name in arrival.drawn.split(",") if name.strip()}
            self.today.drawn.setdefault(client, set()).update(drawn)
            self._forget_strangers(arrival.at)
        self._count(call)
        self._answer(call)
        self._end(call)

    def _forget_strangers(self, at: datetime) -> None:
        """Drop calls whose arrival must have been read by now: they ended and had been dropped.

        It goes by the time of arrivals, since that topic may be read behind the others.
        """
        while self._strangers and self._strangers[0][0] < at - LINGER:
            call = self.calls.get(self._strangers.popleft()[1])
            if call is not None and call.facts.arrival is None:
                del self.calls[call.facts.call_id]
                self.open.pop(call.facts.call_id, None)

    def _count(self, call: LiveCall) -> None:
        before, call.counted = call.counted, by_queue(call.facts)
        if before == call.counted:
            return
        for queue_id in before.keys() | call.counted.keys():
            key = (queue_id, call.facts.client_id)
            counts = self.today.queues.get(key, WaitCounts())
            counts = summed(counts, call.counted.get(queue_id, WaitCounts()))
            self.today.queues[key] = summed(counts, before.get(queue_id, WaitCounts()), -1)

    def _answer(self, call: LiveCall) -> None:
        stay = answered_stay(call.facts)
        offer = call.facts.offers.get(stay.reservation_id or "") if stay else None
        if stay is None or offer is None or stay.connected_at is None or call.answer_counted:
            return
        call.answer_counted = True
        home = offer.home_site_id or offer.site_id
        client = call.facts.client_id
        self.answers.append(Answer(stay.connected_at, client, home, offer.site_id))
        self.today.answered[client, home, home != offer.site_id] += 1

    def _end(self, call: LiveCall) -> None:
        end = call.facts.end
        if end is None or call.end_counted:
            return
        call.end_counted = True
        del self.open[call.facts.call_id]
        self._ended.append((end.at, call.facts.call_id))
        if end.type == "contained":
            self.today.contained[call.facts.client_id] += 1
        elif end.type == "failed":
            self.today.failed[call.facts.client_id] += 1


def by_queue(facts: CallFacts) -> dict[str, WaitCounts]:
    """Return what the call adds to each queue, over all intervals."""
    sums: dict[str, WaitCounts] = {}
    for key, counts in queue_sums(facts).items():
        known = sums.get(key.queue_id)
        sums[key.queue_id] = counts if known is None else summed(known, counts)
    return sums
