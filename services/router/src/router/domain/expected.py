"""How long a call is expected to wait, by queue and position.

The mean is that of R. Ibrahim and W. Whitt, Real-Time Delay Estimation in Overloaded Multiserver
Queues with Abandonments (Management Science 55, 2009), estimator QL_m: with `k` calls ahead, `s`
agents who each end a contact at rate `mu`, and callers who each leave at rate `theta`, the wait is
a sum of independent exponential steps, the i-th of rate s * mu + i * theta, i = 0..k. Its mean is
the sum of 1 / rate and its variance the sum of 1 / rate^2.

Handle times vary more, or less, than exponential ones, which is hardly felt at the head of a queue
and wholly far back in it: K. Sriram and W. Whitt, Characterizing Superposition Arrival Processes in
Packet Multiplexers for Voice and Data (IEEE J. on Selected Areas in Communications 4, 1986), show
it of many renewal processes together, as agents' contacts that end are. So the variance is taken
times the index of dispersion of the contacts that each agent ends in the meantime (`dispersion`).
To it comes that the mean handle time itself is learned from few contacts.

The interval is that of the gamma distribution with this mean and variance (E. B. Wilson and M. M.
Hilferty, The distribution of chi-square, PNAS 17, 1931). Decisions compare means; handle times'
variation moves the interval alone.

Agents whom several queues share: those who wait in another queue stand ahead with the share of
its agents that are this queue's too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import expm1, fsum, sqrt
from typing import Final, NamedTuple

from router.domain.crews import Crew, CrewKey
from router.domain.indexes import Indexes
from router.domain.lines import Place
from router.domain.paces import PACE_OF
from router.domain.rules import known_queue
from router.domain.search import crew_key, steps_of
from router.domain.state import Pace, Patience

SHARE: Final = 0.8
"""The probability with which a wait is stated to lie within the interval."""

_Z: Final = 1.2815515655446004
"""The 0.9 quantile of the standard normal distribution: a tenth lies beyond either end."""

UNKNOWN_HANDLE_S: Final = 180.0
"""What a contact is taken to last where none was handled yet, in any queue."""

_PRIOR: Final = 5
"""As how many contacts of the queue itself the mean of all queues counts: exponential ones."""

_MOST_STEPS: Final = 2_000
"""Beyond so many calls ahead the steps are taken to be alike."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The expected wait in seconds, and the interval in which it lies with probability `SHARE`."""

    mean_s: float
    low_s: float
    high_s: float

    def within(self, limit_s: float) -> "Estimate":
        """Return the estimate of a wait that ends after so many seconds at the latest."""
        return Estimate(*(min(each, limit_s) for each in (self.mean_s, self.low_s, self.high_s)))


NO_WAIT: Final = Estimate(0.0, 0.0, 0.0)


class Rates(NamedTuple):
    """How long a queue's contacts keep an agent, and how its callers leave.

    `leave_rate` is how many of the waiting callers leave a second, each. `scv` is the squared
    coefficient of variation of handle times, 1 of exponential ones, and `doubt` that of `handle_s`
    itself, which is the mean of the few that were seen.
    """

    handle_s: float
    leave_rate: float
    scv: float = 1.0
    doubt: float = 0.0


def expected_wait(indexes: Indexes, queue_id: str, channel: str = "voice") -> Estimate | None:
    """Return how long a call that came to the queue now would wait; None if nobody works there.

    It joins the end of the queue, and all who may take it at some step count. Where somebody is
    free whom the first steps do not reach from every home, it waits for the others, at most until
    the step that does; None if there are no others and no such step.
    """
    crew = whole_crew(indexes, queue_id, channel)
    if crew is None or not crew.working():
        return None
    within_s = _free_within_s(indexes, queue_id, channel) if len(crew.free) else None
    if within_s == 0:
        return NO_WAIT
    busy = crew.working() - len(crew.free)
    if not busy:
        return None if within_s is None else Estimate(within_s, within_s, within_s)
    found = estimate(_ahead(indexes, crew), busy, rates_of(indexes, queue_id))
    return found if within_s is None else found.within(within_s)


def home_wait_s(indexes: Indexes, place: Place, crew: Crew) -> float | None:
    """Return the expected wait for the caller's home site alone; None if nobody works there."""
    working = crew.working(place.home) if place.home is not None else 0
    if not working:
        return None
    if crew.at(place.home):
        return 0.0
    queue_id = place.queue_id or ""
    line = indexes.lines.get(queue_id)
    own = line.by_home.get(place.home, 0) if line else 0
    others = max(0.0, _ahead(indexes, crew) - (len(line.since) if line else 0))
    ahead = own + others * working / crew.working()
    return estimate(ahead, working, rates_of(indexes, queue_id)).mean_s


def estimate(ahead: float, agents: int, rates: Rates) -> Estimate:
    """Return the wait behind `ahead` calls for one of `agents`."""
    (found,) = estimates([ahead], agents, rates)
    return found


def estimates(ahead: Iterable[float], agents: int, rates: Rates) -> Iterator[Estimate]:
    """Yield the wait behind each of the numbers of calls ahead, which do not fall."""
    rate, mean, variance, step = agents / rates.handle_s, 0.0, 0.0, 0
    for steps in (int(number) + 1 for number in ahead):
        while step < min(steps, _MOST_STEPS):
            pace = 1.0 / (rate + step * rates.leave_rate)
            mean += pace
            variance += pace * pace
            step += 1
        more, pace = steps - step, 1.0 / (rate + _MOST_STEPS * rates.leave_rate)
        yield _stated(mean + pace * more, variance + pace * pace * more, rates)


def _stated(mean: float, variance: float, rates: Rates) -> Estimate:
    """Return the estimate of this mean, and of this variance if handle times are exponential."""
    varies = variance * dispersion(mean / rates.handle_s, rates.scv) + rates.doubt * mean * mean
    shape = mean * mean / varies
    return Estimate(mean, mean * _gamma(shape, -_Z), mean * _gamma(shape, _Z))


def dispersion(contacts: float, scv: float) -> float:
    """Return the variance of how many contacts a busy agent ends, over their number on average.

    That is over a time in which so many `contacts` end on average. It is 1 for exponential handle
    times, and in so short a time that none ends; in the long run it is their `scv`.

    Source: D. R. Cox, Renewal Theory (1962), 4.5, the variance-time curve; with the renewal
    function of the two-phase hyperexponential distribution with balanced means that W. Whitt fits
    to a mean and an `scv` in Approximating a Point Process by a Renewal Process, I (Operations
    Research 30, 1982). Taken for an `scv` below 1 as well, for which there is no such distribution.
    """
    passed = 2.0 * contacts / (1.0 + scv)
    return 1.0 + (scv - 1.0) * (1.0 + expm1(-passed) / passed)


def _gamma(shape: float, z: float) -> float:
    """Return the quantile of the gamma distribution of mean 1, by Wilson and Hilferty."""
    ninth = 1.0 / (9.0 * shape)
    return max(0.0, 1.0 - ninth + z * sqrt(ninth)) ** 3


def whole_crew(indexes: Indexes, queue_id: str, channel: str = "voice") -> Crew | None:
    """Return the largest crew that the queue asks for a channel at any of its steps."""
    keys = [key for key in indexes.crews.asked_by(queue_id) if key.channel == channel]
    crews = (indexes.crews.of(key) for key in keys)
    return max(crews, key=lambda crew: (crew.working(), sorted(crew.key.needed)), default=None)


def _free_within_s(indexes: Indexes, queue_id: str, channel: str) -> float | None:
    """Return after how long a stay a step reaches somebody free, whatever the caller's home is.

    None if no step does.
    """
    state = indexes.state
    queue = known_queue(state, queue_id)
    if queue is None:
        return None
    for step in steps_of(queue, state.policy):
        if step.reach not in ("sites", "any") or step.wait_improved_s is not None:
            continue
        crew = indexes.crews.of(crew_key(queue, state.policy, channel, step.skills))
        if len(crew.free) if step.reach == "any" else any(map(crew.at, step.site_ids)):
            return step.after_s
    return None


def _ahead(indexes: Indexes, crew: Crew) -> float:
    """Return how many calls stand ahead of one that comes now."""
    waiting = {queue_id: len(line.since) for queue_id, line in indexes.lines.items()}
    return ahead_of(indexes, indexes.crews.sharing(crew), waiting)


def ahead_of(indexes: Indexes, shared: Mapping[CrewKey, int], waiting: Mapping[str, int]) -> float:
    """Return how many calls stand ahead of one for a crew that shares so many with each other.

    Of those `waiting` in each queue as many count as the queue's agents are the crew's too. What
    is added up comes in no order, so it is added up exactly: every replica has the same sum.
    """
    parts = []
    for key, count in shared.items():
        other = indexes.crews.of(key)
        calls = fsum(
            waiting[queue_id]
            / sum(k.channel == key.channel for k in indexes.crews.asked_by(queue_id))
            for queue_id in other.queues
            if queue_id in waiting
        )
        parts.append(calls * count / other.working())
    return fsum(parts)


def rates_of(indexes: Indexes, queue_id: str) -> Rates:
    """Return what was learned of the queue; what it lacks is taken from all queues."""
    paces = indexes.state.paces
    handled = sum(pace.handled for pace in paces.values())
    of_all = (
        sum(pace.handled * pace.handle_s for pace in paces.values()) / handled
        if handled
        else UNKNOWN_HANDLE_S
    )
    own = paces.get(queue_id, Pace())
    handle_s = (own.handled * own.handle_s + _PRIOR * of_all) / (own.handled + _PRIOR)
    own_scv = own.variance_s2 / max(1.0, own.handle_s) ** 2
    scv = (own.handled * own_scv + _PRIOR) / (own.handled + _PRIOR)
    patience = indexes.state.patience.get(queue_id, Patience())
    leave_rate = patience.left / patience.waited_s if patience.waited_s > 0 else 0.0
    # a mean in which each contact counts for 1 / n is as sure as that of 2 n - 1 of them
    worth = own.handled if own.handled < PACE_OF else 2 * PACE_OF - 1
    return Rates(max(1.0, handle_s), leave_rate, scv, scv / (worth + _PRIOR))
