"""Which free agent a call is offered, and which call a free agent takes first."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from contact_events.routing import Why
from router.domain.crews import Crew
from router.domain.indexes import Indexes, Place, Rank


class Choice(NamedTuple):
    """The agent chosen, at which step of the policy, among how many, and who was left out."""

    agent_id: str
    step: str
    eligible: int
    excluded: dict[str, int]
    home: str | None

    def why(self, waited_s: float) -> Why:
        """Return the choice as the decision tells it."""
        return Why(
            step=self.step,
            eligible=self.eligible,
            excluded=self.excluded,
            home_site_id=self.home,
            waited_s=waited_s,
        )


def choose(indexes: Indexes, place: Place) -> Choice | None:
    """Return whom to offer the call: the named agent, or longest idle at home, or anywhere.

    An agent who asked for a consultation is left out of it. None when nobody is free.
    """
    asker = indexes.state.calls[place.rank.call_id].asked_by_agent_id
    kind, item = place.source
    if kind == "agent":
        return _named(indexes, place, asker)
    crew = indexes.crews.of(item)
    if crew is None or not crew.free:
        return None
    at_home = crew.at(place.home)
    if at_home and (found := at_home.first_but(asker)):
        return _choice(indexes, place, crew, "home", found[1], asker)
    if found := crew.free.first_but(asker):
        return _choice(indexes, place, crew, "any", found[1], asker)
    return None


def _named(indexes: Indexes, place: Place, asker: str | None) -> Choice | None:
    agent_id = place.source[1]
    if agent_id == asker or not indexes.crews.is_free(agent_id):
        return None
    others = len(indexes.state.agents) - 1
    excluded = {"not_named": others} if others else {}
    return Choice(agent_id, "named", 1, excluded, place.home)


def _choice(
    indexes: Indexes, place: Place, crew: Crew, step: str, agent_id: str, asker: str | None
) -> Choice:
    counts = indexes.standing_for(place.source[1])
    eligible = counts.pop("free", 0)
    if step == "home":
        here = crew.at(place.home)
        at_home = len(here) if here else 0
        counts["away"] = eligible - at_home
        asks_here = asker is not None and here is not None and asker in here
        eligible = at_home
    else:
        asks_here = asker is not None and asker in crew.free
    counts["asker"] = int(asks_here)
    excluded = {reason: count for reason, count in sorted(counts.items()) if count}
    return Choice(agent_id, step, eligible - int(asks_here), excluded, place.home)


def home_call(indexes: Indexes, place: Place, choice: Choice) -> Place | None:
    """Return the call that the agent takes before this one because it is at home there.

    Only where this one would be answered away from home, the other is of the same urgency and
    priority, and has waited less by no more than the fairness window.
    """
    site_id = indexes.state.agents[choice.agent_id].site_id
    if choice.step != "any" or site_id == place.home:
        return None
    policy = indexes.state.policy
    window = timedelta(seconds=policy.fairness_window_s if policy else 0.0)
    latest = place.rank.since + window
    ranks = (
        rank
        for rank in _first_at_home(indexes, choice.agent_id, site_id)
        if rank[:2] == place.rank[:2] and rank.since <= latest
    )
    first = min(ranks, default=None)
    if first is None:
        return None
    found = indexes.places[first.call_id]
    return found if choose(indexes, found) else None


def _first_at_home(indexes: Indexes, agent_id: str, site_id: str) -> Iterator[Rank]:
    for queue_id in indexes.crews.queues_of(agent_id):
        waiting = indexes.waiting.get(("queue", queue_id))
        rank = waiting.first_at(site_id) if waiting else None
        if rank is not None:
            yield rank
