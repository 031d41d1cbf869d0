"""Which free agent a call is offered, and which call a free agent takes first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from contact_events.routing import Searched, Why
from router.domain.crews import Crew
from router.domain.expected import home_wait_s
from router.domain.indexes import Indexes
from router.domain.lines import Place, Rank, Source
from router.domain.search import Search


@dataclass(frozen=True, slots=True)
class Choice:
    """The agent chosen, and all that was looked at on the way, the last search the one that found.

    `selection` is None where nobody was selected: the agent was named, or preferred.
    """

    agent_id: str
    searched: tuple[Searched, ...]
    home: str | None
    selection: str | None = None

    @property
    def step(self) -> str:
        """Return the name of the step that found the agent."""
        return self.searched[-1].step

    def why(self, waited_s: float, revisions: dict[str, int]) -> Why:
        """Return the choice as the decision tells it."""
        last = self.searched[-1]
        return Why(
            step=last.step,
            eligible=last.eligible,
            excluded=last.excluded,
            home_site_id=self.home,
            waited_s=waited_s,
            searched=self.searched,
            selection=self.selection,
            revisions=revisions,
        )


def choose(indexes: Indexes, place: Place) -> Choice | None:
    """Return whom to offer the call, by the steps it has reached; None when nobody is free.

    Where a step looks at several sites the caller's home comes first, if the policy says so. An
    agent who asked for a consultation is left out of it.
    """
    asker = indexes.state.calls[place.rank.call_id].asked_by_agent_id
    source, home = place.source, place.home if indexes.state.policy.home_first else None
    if source.kind == "agent":
        return _one(indexes, place, asker)
    searches = indexes.plan_at(source).searches
    for number, search in enumerate(searches, 1):
        crew = indexes.crews.of(search.crew)
        if not len(crew.free):
            continue
        found = _first(crew, reach(indexes, place, search, crew).sites, home, asker)
        if found is not None:
            told = tuple([_told(indexes, place, each, asker) for each in searches[:number]])
            return Choice(found, told, place.home, search.crew.selection)
    return None


def _one(indexes: Indexes, place: Place, asker: str | None) -> Choice | None:
    """Return the agent who was named, or who is preferred, if they are free."""
    agent_id, channel = place.source.item, place.source.channel
    if agent_id == asker or not indexes.crews.free_for(agent_id, channel):
        return None
    others = len(indexes.state.agents) - 1
    named = indexes.state.calls[place.rank.call_id].agent_id is not None
    step, reason = ("named", "not_named") if named else ("preferred", "not_preferred")
    looked = Searched(step=step, eligible=1, excluded={reason: others} if others else {})
    return Choice(agent_id, (looked,), place.home)


class Reach(NamedTuple):
    """The sites that a search looks at, None for all; and the waits it compared, if it does."""

    sites: list[str] | None
    home_wait_s: float | None = None
    away_wait_s: float | None = None


def reach(indexes: Indexes, place: Place, search: Search, crew: Crew) -> Reach:
    """Return where the search looks for an agent for the call."""
    sites = _sites(place, search)
    if search.wait_improved_s is None:
        return Reach(sites)
    home_s, margin_s = home_wait_s(indexes, place, crew), search.wait_improved_s
    free_at = [site for site in (crew.free_at if sites is None else sites) if crew.at(site)]
    away_s = min((_adjust_s(indexes, site) for site in free_at), default=None)
    better = [
        site
        for site in free_at
        if site == place.home or home_s is None or home_s > _adjust_s(indexes, site) + margin_s
    ]
    return Reach(better, home_s, away_s)


def _adjust_s(indexes: Indexes, site_id: str) -> float:
    """Return the expected wait of a site with a free agent: nothing, but for its adjustment."""
    site = indexes.state.sites.get(site_id)
    return site.adjust_by_s if site else 0.0


def _sites(place: Place, search: Search) -> list[str] | None:
    """Return the sites that the search looks at; None for all."""
    if search.reach == "any":
        return None
    if search.reach == "sites":
        return list(search.site_ids)
    return [place.home] if place.home is not None else []


def _first(crew: Crew, sites: list[str] | None, home: str | None, asker: str | None) -> str | None:
    """Return the first free agent of the sites; of `home` before the others, if it is given."""
    if home is not None and (sites is None or home in sites):
        at_home = crew.at(home)
        if at_home and (found := at_home.first_but(asker)):
            return str(found[1])
    if sites is None:
        anywhere = crew.free.first_but(asker)
        return anywhere[1] if anywhere else None
    heaps = (crew.at(site) for site in sites)
    firsts = (heap.first_but(asker) for heap in heaps if heap)
    first = min((found for found in firsts if found), default=None)
    return first[1] if first else None


def _told(indexes: Indexes, place: Place, search: Search, asker: str | None) -> Searched:
    """Return what a search saw: who was eligible, and who was left out for what."""
    crew = indexes.crews.of(search.crew)
    within = reach(indexes, place, search, crew)
    sites = within.sites
    counts = indexes.floor.excluded_from(crew)
    free = counts.pop("free", 0)
    reached = free if sites is None else sum(len(crew.at(site) or ()) for site in sites)
    counts["away"] = free - reached
    asks_here = asker is not None and any(
        asker in heap
        for heap in ([crew.free] if sites is None else [crew.at(site) for site in sites])
        if heap
    )
    counts["asker"] = int(asks_here)
    return Searched(
        step=search.step,
        eligible=reached - int(asks_here),
        excluded={reason: count for reason, count in sorted(counts.items()) if count},
        home_wait_s=within.home_wait_s,
        away_wait_s=within.away_wait_s,
        skipped=search.wait_improved_s is not None and not sites,
    )


def home_call(indexes: Indexes, place: Place, choice: Choice) -> tuple[Place, Choice] | None:
    """Return the call that is answered before this one because it is at home there, and by whom.

    Only where this one would be answered away from home, the other is of the same urgency and
    priority, and has waited less by no more than the fairness window. Where home does not go
    first the other has the choice of all sites as well: it goes before only if it stays at home.
    """
    site_id = indexes.state.agents[choice.agent_id].site_id
    if site_id == place.home or place.source.kind == "agent":
        return None
    window = timedelta(seconds=indexes.state.policy.fairness_window_s)
    latest = (place.rank.since + window, place.rank.waiting_since + window)
    ranks = (
        rank
        for rank in _first_at_home(indexes, choice.agent_id, place.source.channel, site_id)
        if rank[:2] == place.rank[:2] and (rank.since, rank.waiting_since) <= latest
    )
    first = min(ranks, default=None)
    if first is None:
        return None
    found = indexes.places[first.call_id]
    other = choose(indexes, found)
    if other is None:
        return None
    state = indexes.state
    stays = state.policy.home_first or state.agents[other.agent_id].site_id == site_id
    return (found, other) if stays else None


def _first_at_home(indexes: Indexes, agent_id: str, channel: str, site_id: str) -> Iterator[Rank]:
    for source in _queues_of(indexes, agent_id):
        if source.kind == "queue" and source.channel == channel:
            rank = indexes.waiting[source].first_at(site_id)
            if rank is not None:
                yield rank


def _queues_of(indexes: Indexes, agent_id: str) -> Iterator[Source]:
    queue_ids = {q for crew in indexes.crews.crews_of(agent_id) for q in crew.queues}
    for queue_id in sorted(queue_ids):
        line = indexes.lines.get(queue_id)
        if line is not None:
            yield from line.sources
