"""The centre that is simulated: its sites, its agents and what they can do."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from bench.routing.demand import SITES, SIZES
from contact_events.calls import Text
from contact_events.config import PolicyChanged, QueueChanged, Selection, SiteChanged


@dataclass(frozen=True, slots=True)
class Staff:
    """An agent: who, at which of the sites (by number), with which skills."""

    agent_id: str
    site: int
    skills: dict[str, int]


@dataclass(frozen=True, slots=True)
class Centre:
    """Sites, queues (each asks for one skill) and agents; the router's policy."""

    sites: tuple[str, ...]
    queues: tuple[str, ...]
    staff: tuple[Staff, ...]
    policy: PolicyChanged

    def documents(self) -> list[SiteChanged | QueueChanged | PolicyChanged]:
        """Return what people ordered, as the router reads it."""
        sites = [
            SiteChanged(
                document_id=f"site:{site}",
                revision=1,
                changed_by="bench",
                site_id=site,
                name=Text(site, site),
            )
            for site in self.sites
        ]
        queues = [
            QueueChanged(
                document_id=f"queue:{queue}",
                revision=1,
                changed_by="bench",
                queue_id=queue,
                name=Text(queue, queue),
                skills={queue: 1},
            )
            for queue in self.queues
        ]
        return [*sites, *queues, self.policy]


def centre(
    sizes: Sequence[int] = SIZES,
    *,
    queues: int = 1,
    skills: int = 1,
    sites: Sequence[str] = SITES,
    selection: Selection = "longest_idle",
    home_first: bool = True,
    fairness_window_s: float = 0.0,
) -> Centre:
    """Return a centre where each agent can answer `skills` of the `queues`.

    Every choice of skills is handed out equally often, one after the other.
    """
    names = tuple(f"queue-{number}" for number in range(queues))
    choices = itertools.cycle(itertools.combinations(names, skills))
    staff = tuple(
        Staff(f"{sites[site]}-{number:04}", site, dict.fromkeys(next(choices), 1))
        for site, size in enumerate(sizes)
        for number in range(size)
    )
    policy = PolicyChanged(
        document_id="policy:main",
        revision=1,
        changed_by="bench",
        policy_id="main",
        selection=selection,
        home_first=home_first,
        fairness_window_s=fairness_window_s,
    )
    return Centre(tuple(sites), names, staff, policy)
