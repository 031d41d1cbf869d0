"""The agents by what they can do: for each set of needed skills, who is free, and where."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from contact_events.config import Selection
from router.domain.heaps import Heap
from router.domain.rules import Condition

Needed: TypeAlias = frozenset[tuple[str, int]]
Order: TypeAlias = tuple[float, float, int, str]

WORKING: Final = ("free", "busy", "unsettled")
"""The conditions of agents who serve, or will when they are free."""


class CrewKey(NamedTuple):
    """Which agents: for a channel, with these skills at these levels, of these teams (all if none).

    `selection` orders the free ones among them.
    """

    channel: str
    needed: Needed
    teams: frozenset[str]
    selection: Selection


class Member(NamedTuple):
    """How an agent was last counted for one channel.

    `changed` is the offset of the agent's last change, `offered` the number of the last offer to
    them, `occupied` orders by occupancy; all are 0 of who is not free: only the free are ordered.
    """

    channel: str
    profile: Needed
    team_id: str | None
    site_id: str
    condition: Condition
    changed: int = 0
    offered: int = 0
    occupied: float = 0.0


def _longest_idle(agent_id: str, member: Member, needed: Needed) -> Order:
    return 0, 0, member.changed, agent_id


def _least_occupied(agent_id: str, member: Member, needed: Needed) -> Order:
    return member.occupied, 0, member.changed, agent_id


def _most_skilled(agent_id: str, member: Member, needed: Needed) -> Order:
    asked = {skill for skill, _ in needed}
    level = sum(level for skill, level in member.profile if skill in asked)
    return -level, 0, member.changed, agent_id


def _least_skilled(agent_id: str, member: Member, needed: Needed) -> Order:
    levels = sum(level for _, level in member.profile)
    return len(member.profile), levels, member.changed, agent_id


def _round_robin(agent_id: str, member: Member, needed: Needed) -> Order:
    return member.offered, 0, member.changed, agent_id


ORDERS: Final[Mapping[Selection, Callable[[str, Member, Needed], Order]]] = {
    "longest_idle": _longest_idle,
    "least_occupied": _least_occupied,
    "most_skilled": _most_skilled,
    "least_skilled": _least_skilled,
    "round_robin": _round_robin,
}
"""The named selections: the lowest goes first, and no two agents are equal."""


@dataclass(slots=True, eq=False)
class Crew:
    """The agents of a key: who is free, in order, and how many stand how at which site."""

    key: CrewKey
    queues: set[str] = field(default_factory=set)
    free: Heap[Order] = field(default_factory=Heap)
    free_at: dict[str, Heap[Order]] = field(default_factory=dict)
    standing: dict[str, int] = field(default_factory=dict)
    standing_at: dict[str, dict[str, int]] = field(default_factory=dict)

    def takes(self, channel: str, skills: Mapping[str, int], team_id: str | None) -> bool:
        """Tell whether an agent with these skills, of this team, belongs here."""
        key = self.key
        return (
            channel == key.channel
            and (not key.teams or team_id in key.teams)
            and all(skills.get(skill, -1) >= level for skill, level in key.needed)
        )

    def at(self, site_id: str | None) -> Heap[Order] | None:
        """Return the free agents of the site; None if there never was one."""
        return self.free_at.get(site_id) if site_id is not None else None

    def signed_in(self, site_id: str | None = None) -> int:
        """Return how many are signed in, at the site or anywhere."""
        counts = self.standing if site_id is None else self.standing_at.get(site_id, {})
        return sum(counts.values()) - counts.get("offline", 0)

    def working(self, site_id: str | None = None) -> int:
        """Return how many serve, or will when they are free, at the site or anywhere."""
        counts = self.standing if site_id is None else self.standing_at.get(site_id, {})
        return sum(counts.get(condition, 0) for condition in WORKING)

    def enter(self, agent_id: str, member: Member) -> None:
        """Count an agent in."""
        site_id, condition = member.site_id, member.condition
        self.standing[condition] = self.standing.get(condition, 0) + 1
        at_site = self.standing_at.setdefault(site_id, {})
        at_site[condition] = at_site.get(condition, 0) + 1
        if condition == "free":
            order = ORDERS[self.key.selection](agent_id, member, self.key.needed)
            self.free.put(agent_id, order)
            if site_id not in self.free_at:
                self.free_at[site_id] = Heap()
            self.free_at[site_id].put(agent_id, order)

    def leave(self, agent_id: str, member: Member) -> None:
        """Count an agent out."""
        self.standing[member.condition] -= 1
        self.standing_at[member.site_id][member.condition] -= 1
        if member.condition == "free":
            self.free.drop(agent_id)
            self.free_at[member.site_id].drop(agent_id)


_Kind: TypeAlias = tuple[str, Needed, str | None]
"""What decides which crews an agent is in: channel, skills with levels, team."""


class Crews:
    """The crews that queues ask; queues that need the same share one."""

    def __init__(self) -> None:
        """Begin without queues and agents."""
        self._crews: dict[CrewKey, Crew] = {}
        self._asked: dict[str, frozenset[CrewKey]] = {}
        self._of_kind: dict[_Kind, tuple[Crew, ...]] = {}
        self._members: dict[str, tuple[Member, ...]] = {}
        self._working: dict[_Kind, int] = {}

    def of(self, key: CrewKey) -> Crew:
        """Return the crew; a queue must have asked for it."""
        return self._crews[key]

    def asked_by(self, queue_id: str) -> frozenset[CrewKey]:
        """Return the crews that the queue asks; none if there is no such queue."""
        return self._asked.get(queue_id, frozenset())

    def crews_of(self, agent_id: str) -> Iterator[Crew]:
        """Yield the crews that the agent is in."""
        for member in self._members.get(agent_id, ()):
            yield from self._crews_of(member)

    def sharing(self, crew: Crew) -> dict[CrewKey, int]:
        """Return for each crew how many working agents it shares with this one."""
        shared: dict[CrewKey, int] = {}
        for kind, count in self._working.items():
            crews = self._of(kind) if count else ()
            if crew in crews:
                for other in crews:
                    shared[other.key] = shared.get(other.key, 0) + count
        return shared

    def free_for(self, agent_id: str, channel: str) -> bool:
        """Tell whether the agent can be offered a call of the channel."""
        return any(
            member.channel == channel and member.condition == "free"
            for member in self._members.get(agent_id, ())
        )

    def members(self, agent_id: str) -> tuple[Member, ...]:
        """Return how the agent was last counted, by channel."""
        return self._members.get(agent_id, ())

    def put(self, agent_id: str, members: tuple[Member, ...]) -> bool:
        """Count the agent as it stands now; tell whether that is new."""
        before = self._members.get(agent_id, ())
        if before == members:
            return False
        for member in before:
            self._count(member, -1)
            for crew in self._crews_of(member):
                crew.leave(agent_id, member)
        self._members[agent_id] = members
        for member in members:
            self._count(member, 1)
            for crew in self._crews_of(member):
                crew.enter(agent_id, member)
        return True

    def serve(self, queue_id: str, keys: frozenset[CrewKey]) -> None:
        """Let the queue ask these crews, and no others; with none it is no more."""
        for key in self._asked.pop(queue_id, frozenset()) - keys:
            crew = self._crews[key]
            crew.queues.discard(queue_id)
            if not crew.queues:
                del self._crews[key]
        for key in keys:
            (self._crews.get(key) or self._raise(key)).queues.add(queue_id)
        if keys:
            self._asked[queue_id] = keys
        self._of_kind.clear()

    def _raise(self, key: CrewKey) -> Crew:
        crew = self._crews[key] = Crew(key)
        for agent_id, members in self._members.items():
            for member in members:
                if crew.takes(member.channel, dict(member.profile), member.team_id):
                    crew.enter(agent_id, member)
        return crew

    def _count(self, member: Member, change: int) -> None:
        if member.condition in WORKING:
            kind = _kind(member)
            self._working[kind] = self._working.get(kind, 0) + change

    def _crews_of(self, member: Member) -> tuple[Crew, ...]:
        return self._of(_kind(member))

    def _of(self, kind: _Kind) -> tuple[Crew, ...]:
        found = self._of_kind.get(kind)
        if found is None:
            channel, profile, team_id = kind
            skills = dict(profile)
            crews = self._crews.values()
            found = tuple(crew for crew in crews if crew.takes(channel, skills, team_id))
            self._of_kind[kind] = found
        return found


def _kind(member: Member) -> _Kind:
    return member.channel, member.profile, member.team_id
