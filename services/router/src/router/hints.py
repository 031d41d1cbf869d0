"""How the queues stand, for announcements and boards: derived, and told only when it changed."""

from datetime import datetime
from typing import Final

from contact_events.envelope import Envelope
from contact_events.hints import QueueState
from contact_events.identity import derived_id
from router.codec import SOURCE
from router.domain.indexes import Indexes

EVERY_S: Final = 1.0
"""Machine seconds between two hints of a queue, at least."""

_EPOCHS_APART: Final = 1_000_000_000

_Shown = tuple[int, int, datetime | None]


class Hints:
    """What was last told of each queue by this leader."""

    def __init__(self, pool: str, epoch: int) -> None:
        """Begin with nothing told. Hints of a higher epoch have higher numbers."""
        self._pool = pool
        self._number = epoch * _EPOCHS_APART
        self._told: dict[str, _Shown] = {}

    def changed(self, indexes: Indexes, now: datetime) -> list[Envelope]:
        """Return a hint for each queue that stands otherwise than was told."""
        found: list[Envelope] = []
        for queue_id, queue in indexes.state.queues.items():
            if queue.deleted:
                continue
            shown = _shown(indexes, queue_id)
            if self._told.get(queue_id) != shown:
                self._told[queue_id] = shown
                found.append(self._envelope(queue_id, shown, now))
        return found

    def _envelope(self, queue_id: str, shown: _Shown, now: datetime) -> Envelope:
        waiting, free, since = shown
        self._number += 1
        return Envelope(
            id=derived_id("queue-state", self._pool, queue_id, self._number),
            source=SOURCE,
            subject=queue_id,
            time=now,
            pool=self._pool,
            stream=f"queue-state/{queue_id}",
            sequence=self._number,
            data=QueueState(
                queue_id=queue_id,
                waiting=waiting,
                free_agents=free,
                longest_wait_s=max(0.0, (now - since).total_seconds()) if since else None,
            ),
        )


def _shown(indexes: Indexes, queue_id: str) -> _Shown:
    crew = indexes.crews.of(queue_id)
    free = len(crew.free) if crew else 0
    waiting = indexes.waiting.get(("queue", queue_id))
    longest = waiting.since.first() if waiting else None
    return (len(waiting.ranks) if waiting else 0), free, (longest[0] if longest else None)
