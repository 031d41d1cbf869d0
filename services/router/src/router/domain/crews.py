"""The agents by what they can do: for each set of needed skills, who is free, and where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from router.domain.heaps import Heap
from router.domain.rules import Condition

IdleKey: TypeAlias = tuple[int, str]
"""Longest idle first: the offset of the agent's last change, then the id."""

Needed: TypeAlias = frozenset[tuple[str, int]]

_UNORDERED: Final[IdleKey] = (0, "")
"""Who is not free has no place among the idle, so a change of it alone is none."""


@dataclass(slots=True, eq=False)
class Crew:
    """All agents who have the needed skills at the needed levels, and how many stand how."""

    needed: Needed
    queues: set[str] = field(default_factory=set)
    free: Heap[IdleKey] = field(default_factory=Heap)
    free_at: dict[str, Heap[IdleKey]] = field(default_factory=dict)
    standing: dict[str, int] = field(default_factory=dict)

    def takes(self, skills: Mapping[str, int]) -> bool:
        """Tell whether an agent with these skills belongs here."""
        return all(skills.get(skill, -1) >= level for skill, level in self.needed)

    def at(self, site_id: str | None) -> Heap[IdleKey] | None:
        """Return the free agents of the site; None if there never was one."""
        return self.free_at.get(site_id) if site_id is not None else None

    def enter(self, agent_id: str, member: "Member") -> None:
        """Count an agent in."""
        self.standing[member.condition] = self.standing.get(member.condition, 0) + 1
        if member.condition == "free":
            self.free.put(agent_id, member.key)
            if member.site_id not in self.free_at:
                self.free_at[member.site_id] = Heap()
            self.free_at[member.site_id].put(agent_id, member.key)

    def leave(self, agent_id: str, member: "Member") -> None:
        """Count an agent out."""
        self.standing[member.condition] -= 1
        if member.condition == "free":
            self.free.drop(agent_id)
            self.free_at[member.site_id].drop(agent_id)


class Member(NamedTuple):
    """How an agent was last counted."""

    profile: Needed
    site_id: str
    condition: Condition
    key: IdleKey


class Crews:
    """The crews of all queues; queues that need the same share one."""

    def __init__(self) -> None:
        """Begin without queues and agents."""
        self._crews: dict[Needed, Crew] = {}
        self._of_queue: dict[str, Crew] = {}
        self._of_profile: dict[Needed, tuple[Crew, ...]] = {}
        self._members: dict[str, Member] = {}

    def of(self, queue_id: str) -> Crew | None:
        """Return the crew of the queue; None if there is no such queue."""
        return self._of_queue.get(queue_id)

    def queues_of(self, agent_id: str) -> Iterator[str]:
        """Yield the queues that the agent can serve."""
        for crew in self._crews_of(self._members[agent_id].profile):
            yield from crew.queues

    def is_free(self, agent_id: str) -> bool:
        """Tell whether the agent can be offered a call."""
        member = self._members.get(agent_id)
        return member is not None and member.condition == "free"

    def put(
        self,
        agent_id: str,
        skills: Mapping[str, int],
        site_id: str,
        condition: Condition,
        key: IdleKey,
    ) -> bool:
        """Count the agent as it stands now; tell whether it can be offered what it could not."""
        before = self._members.get(agent_id)
        order = key if condition == "free" else _UNORDERED
        now = Member(frozenset(skills.items()), site_id, condition, order)
        if before == now:
            return False
        if before is not None:
            for crew in self._crews_of(before.profile):
                crew.leave(agent_id, before)
        self._members[agent_id] = now
        for crew in self._crews_of(now.profile):
            crew.enter(agent_id, now)
        return condition == "free"

    def serve(self, queue_id: str, skills: Mapping[str, int] | None) -> None:
        """Let the queue need these skills; None: the queue is no more."""
        old = self._of_queue.pop(queue_id, None)
        if old is not None:
            old.queues.discard(queue_id)
            if not old.queues:
                del self._crews[old.needed]
        if skills is not None:
            needed = frozenset(skills.items())
            crew = self._crews.get(needed) or self._raise(needed)
            crew.queues.add(queue_id)
            self._of_queue[queue_id] = crew
        self._of_profile.clear()

    def _raise(self, needed: Needed) -> Crew:
        crew = self._crews[needed] = Crew(needed)
        for agent_id, member in self._members.items():
            if crew.takes(dict(member.profile)):
                crew.enter(agent_id, member)
        return crew

    def _crews_of(self, profile: Needed) -> tuple[Crew, ...]:
        found = self._of_profile.get(profile)
        if found is None:
            skills = dict(profile)
            found = tuple(crew for crew in self._crews.values() if crew.takes(skills))
            self._of_profile[profile] = found
        return found
