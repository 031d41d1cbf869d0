"""Which queue a skill is reached through: one that asks for it, and for little else."""

import msgspec


class Asks(msgspec.Struct, frozen=True, kw_only=True):
    """A queue that asks for a skill, for how many in all, and whose calls it takes."""

    pool: str
    skills: int
    client_id: str | None = None


class Specialists(msgspec.Struct, frozen=True, omit_defaults=True):
    """The queues that ask for one skill, by id."""

    queues: dict[str, Asks] = {}

    def queue_for(self, pool: str, client_id: str) -> str | None:
        """Return the queue through which calls of a client reach the skill; None if none does.

        The client's own queue goes before one for anybody, then the one that asks for the fewest
        skills, then the lower id.
        """
        open_to = (
            (asks.client_id is None, asks.skills, queue_id)
            for queue_id, asks in self.queues.items()
            if asks.pool == pool and asks.client_id in (None, client_id)
        )
        return min(open_to, default=(True, 0, None))[2]


def with_queue(specialists: Specialists, queue_id: str, asks: Asks | None) -> Specialists:
    """Return the queues with this one as it asks now; None if it asks for the skill no more."""
    others = {known: each for known, each in specialists.queues.items() if known != queue_id}
    return Specialists(others if asks is None else {**others, queue_id: asks})
