"""Why a call went where it went: every agent, with the reason it was or was not chosen.

It looks at the same indexes with the same functions as the decision did, so that what it tells is
what was so. It scans all agents: it runs beside the leader, never in its loop.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from contact_events.routing import Searched
from router.domain.choose import choose, reach
from router.domain.crews import Crew
from router.domain.indexes import Indexes
from router.domain.lines import Place
from router.domain.rules import standing
from router.domain.search import Search
from router.domain.state import Agent

Reason = Literal[
    "chosen",
    "behind",
    "away",
    "asker",
    "offline",
    "not_ready",
    "site_closed",
    "busy",
    "unsettled",
    "channel",
    "team",
    "skill_missing",
    "skill_low",
    "not_named",
    "not_preferred",
]

ELIGIBLE: Final = frozenset({"chosen", "behind"})
COUNTED_AS: Final = dict.fromkeys(("channel", "team", "skill_missing", "skill_low"), "skills")
"""Under which name `Why.excluded` counts a reason, where it is another."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One agent and why not; `order` among the eligible, 1 for who goes first.

    `skill` is the first skill that fails, `level` what the agent has of it (None: nothing), and
    `needed` what was asked for.
    """

    agent_id: str
    site_id: str
    reason: Reason
    order: int | None = None
    skill: str | None = None
    level: int | None = None
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What a call met: the steps searched, all agents, and who was free at which site.

    `needed` are the skills with levels that the last search asked for; `chosen` is None where
    nobody could be.
    """

    candidates: tuple[Candidate, ...]
    searched: tuple[Searched, ...] = ()
    selection: str | None = None
    home_site_id: str | None = None
    needed: tuple[tuple[str, int], ...] = ()

    @property
    def chosen(self) -> Candidate | None:
        """Return who was chosen."""
        return next((each for each in self.candidates if each.reason == "chosen"), None)

    @property
    def excluded(self) -> dict[str, int]:
        """Return how many were left out for what, as `Why` counts them."""
        return excluded(self.candidates)

    @property
    def free_at(self) -> dict[str, int]:
        """Return how many could have taken the call at each site, within reach or not."""
        return self._at(ELIGIBLE | {"away"})

    @property
    def eligible_at(self) -> dict[str, int]:
        """Return how many of them were within reach at each site."""
        return self._at(ELIGIBLE)

    def _at(self, reasons: frozenset[str]) -> dict[str, int]:
        return dict(Counter(each.site_id for each in self.candidates if each.reason in reasons))


def excluded(candidates: Iterable[Candidate]) -> dict[str, int]:
    """Return how many were left out for what, as `Why` counts them."""
    reasons = (each.reason for each in candidates if each.reason not in ELIGIBLE)
    counts = Counter(COUNTED_AS.get(reason, reason) for reason in reasons)
    return dict(sorted(counts.items()))


def candidates(indexes: Indexes, call_id: str, now: datetime) -> list[Candidate]:
    """Return all agents, those who could be chosen first and in order, then the others by id."""
    return list(account(indexes, call_id, now).candidates)


def account(indexes: Indexes, call_id: str, now: datetime) -> Account:
    """Return what the call meets if it is its turn now; nobody if it does not wait.

    The agents are told as the search sees them that finds one, or as the last one does.
    """
    indexes.advance(now)
    place = indexes.places.get(call_id)
    if place is None:
        return Account(())
    if place.source.kind == "agent":
        return _one(indexes, place)
    choice = choose(indexes, place)
    searches = indexes.plan_at(place.source).searches
    if not searches:
        return Account((), home_site_id=place.home)
    search = searches[len(choice.searched) - 1] if choice else searches[-1]
    found = _many(indexes, place, search, choice.agent_id if choice else None)
    return Account(
        candidates=found,
        searched=choice.searched if choice else (),
        selection=search.crew.selection,
        home_site_id=place.home,
        needed=tuple(sorted(search.crew.needed)),
    )


def _one(indexes: Indexes, place: Place) -> Account:
    """Return the account of a call that waits for one agent, named or preferred."""
    choice = choose(indexes, place)
    call = indexes.state.calls[place.rank.call_id]
    others: Reason = "not_named" if call.agent_id is not None else "not_preferred"
    found = []
    for agent_id, agent in indexes.state.agents.items():
        reason = others
        if agent_id == place.source.item:
            reason = "chosen" if choice else _hindrance(indexes, place, agent_id, agent)
        order = 1 if reason == "chosen" else None
        found.append(Candidate(agent_id, agent.site_id, reason, order))
    return Account(
        candidates=_in_order(found),
        searched=choice.searched if choice else (),
        home_site_id=place.home,
    )


def _hindrance(indexes: Indexes, place: Place, agent_id: str, agent: Agent) -> Reason:
    """Return why the one agent who was wanted cannot take the call."""
    if agent_id == indexes.state.calls[place.rank.call_id].asked_by_agent_id:
        return "asker"
    channel = place.source.channel
    if all(slot.channel != channel for slot in agent.slots):
        return "channel"
    condition, _ = standing(indexes.state, agent_id, agent, channel)
    assert condition != "free", "who is free is chosen"
    return condition


def _many(
    indexes: Indexes, place: Place, search: Search, chosen: str | None
) -> tuple[Candidate, ...]:
    state = indexes.state
    crew = indexes.crews.of(search.crew)
    sites = reach(indexes, place, search, crew).sites
    asker = state.calls[place.rank.call_id].asked_by_agent_id
    within = {
        agent_id: None
        for agent_id, agent in state.agents.items()
        if agent_id in crew.free and (sites is None or agent.site_id in sites)
    }
    order = _order(indexes, place, crew, [each for each in within if each != asker])
    found = []
    for agent_id, agent in state.agents.items():
        told = _left_out(indexes, crew, agent_id, agent)
        if told.reason == "behind" and agent_id not in within:
            told = replace(told, reason="away")
        elif told.reason == "behind" and agent_id == asker:
            told = replace(told, reason="asker")
        elif told.reason == "behind":
            reason: Reason = "chosen" if agent_id == chosen else "behind"
            told = replace(told, reason=reason, order=order[agent_id])
        found.append(told)
    return _in_order(found)


def _order(indexes: Indexes, place: Place, crew: Crew, free: list[str]) -> dict[str, int]:
    """Return the order of the free agents within reach: home where it goes first, then selected."""
    keys, agents = dict(crew.free.items()), indexes.state.agents
    home_first = indexes.state.policy.home_first
    ranked = sorted(
        free, key=lambda each: (home_first and agents[each].site_id != place.home, keys[each])
    )
    return {agent_id: number for number, agent_id in enumerate(ranked, 1)}


def _left_out(indexes: Indexes, crew: Crew, agent_id: str, agent: Agent) -> Candidate:
    """Return why the agent is out of the question for the crew; "behind" where it is not."""
    key, out = crew.key, Candidate(agent_id, agent.site_id, "behind")
    if all(slot.channel != key.channel for slot in agent.slots):
        return replace(out, reason="channel")
    if key.teams and agent.team_id not in key.teams:
        return replace(out, reason="team")
    for skill, needed in sorted(key.needed):
        level = agent.skills.get(skill)
        if level is None or level < needed:
            reason: Reason = "skill_missing" if level is None else "skill_low"
            return replace(out, reason=reason, skill=skill, level=level, needed=needed)
    condition, _ = standing(indexes.state, agent_id, agent, key.channel)
    return out if condition == "free" else replace(out, reason=condition)


def _in_order(found: list[Candidate]) -> tuple[Candidate, ...]:
    last = len(found) + 1
    return tuple(sorted(found, key=lambda each: (each.order or last, each.agent_id)))
