"""A queue's steps as searches: which crew is looked through, where, and after what wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from contact_events.config import PolicyChanged, QueueChanged, Step
from router.domain.crews import CrewKey

ANYWHERE: Final = (Step(name="any", reach="any"),)
"""Nobody waits while an able agent is free anywhere."""

HOME_FIRST: Final = (Step(name="home", reach="home"), *ANYWHERE)

SHORTEST_STAY_S: Final = 1.0
"""How long a call stays before a step moves it on: two queues that name each other never spin."""

Reach = Literal["home", "sites", "any"]


@dataclass(frozen=True, slots=True)
class Search:
    """One place to look for an agent. `wait_improved_s`: only while home would take longer."""

    step: str
    crew: CrewKey
    reach: Reach
    site_ids: tuple[str, ...] = ()
    wait_improved_s: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a queue does for a call that has reached so many of its steps.

    `by_home`: it looks differently for callers at home elsewhere, so calls of one home only are
    alike. `raised` is added to the priority, `opens` are the reserve sites asked for, `moves` is
    the step that sends the call elsewhere.
    """

    searches: tuple[Search, ...]
    by_home: bool
    raised: int
    opens: tuple[str, ...]
    moves: Step | None


def steps_of(queue: QueueChanged, policy: PolicyChanged) -> tuple[Step, ...]:
    """Return the queue's steps, or those of a queue that says nothing."""
    return queue.steps or (HOME_FIRST if policy.home_first else ANYWHERE)


def reached(steps: tuple[Step, ...], began: datetime, now: datetime) -> int:
    """Return how many steps a call has reached that has waited here since `began`."""
    count = 0
    for step in steps:
        if _after_s(step) > 0 and began + timedelta(seconds=_after_s(step)) > now:
            break
        count += 1
    return count


def next_at(steps: tuple[Step, ...], began: datetime, count: int) -> datetime | None:
    """Return when the step after the first `count` is reached; None if there is none."""
    return began + timedelta(seconds=_after_s(steps[count])) if count < len(steps) else None


def _after_s(step: Step) -> float:
    """Return after how long a stay the step is reached."""
    return step.after_s if step.move_to is None else max(step.after_s, SHORTEST_STAY_S)


def plan(queue: QueueChanged, policy: PolicyChanged, channel: str, count: int) -> Plan:
    """Return what the queue does for a call of `channel` that has reached `count` steps."""
    steps = steps_of(queue, policy)[:count]
    searches = tuple(
        Search(
            step=step.name,
            crew=crew_key(queue, policy, channel, step.skills),
            reach=step.reach,
            site_ids=step.site_ids,
            wait_improved_s=step.wait_improved_s,
        )
        for step in steps
        if step.reach is not None
    )
    anywhere = {s.crew for s in searches if s.reach == "any" and s.wait_improved_s is None}
    return Plan(
        searches=searches,
        by_home=any(
            (s.reach == "home" or s.wait_improved_s is not None) and s.crew not in anywhere
            for s in searches
        ),
        raised=sum(step.raise_priority for step in steps),
        opens=tuple(step.open_site_id for step in steps if step.open_site_id is not None),
        moves=next((step for step in steps if step.move_to is not None), None),
    )


def crew_key(
    queue: QueueChanged, policy: PolicyChanged, channel: str, skills: dict[str, int] | None
) -> CrewKey:
    """Return the agents whom the queue asks for these skills; None: for its own."""
    needed = queue.skills if skills is None else skills
    return CrewKey(
        channel=channel,
        needed=frozenset(needed.items()),
        teams=frozenset(queue.team_ids),
        selection=queue.selection or policy.selection,
    )


NO_PLAN: Final = Plan(searches=(), by_home=False, raised=0, opens=(), moves=None)
"""What is done where there is no queue."""
