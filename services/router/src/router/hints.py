"""How the queues stand, for announcements and boards: derived, and told only when it changed."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from contact_events.envelope import Envelope
from contact_events.hints import QueueState, WaitsAt
from contact_events.identity import derived_id
from router.codec import SOURCE
from router.domain.expected import SHARE, Estimate, expected_wait, whole_crew
from router.domain.indexes import Indexes
from router.domain.positions import Position, positions

EVERY_S: Final = 1.0
"""Machine seconds between two hints of a queue, at least."""

MOST_POSITIONS: Final = 20
"""Of so many who wait in a queue, the first ones, each is told its own expected wait."""

_EPOCHS_APART: Final = 1_000_000_000


class Hints:
    """What was last told of each queue by this leader."""

    def __init__(self, pool: str, epoch: int) -> None:
        """Begin with nothing told. Hints of a higher epoch have higher numbers."""
        self._pool = pool
        self._number = epoch * _EPOCHS_APART
        self._told: dict[str, _Shown] = {}

    def changed(self, indexes: Indexes, now: datetime) -> list[Envelope]:
        """Return a hint for each queue that stands otherwise than was told.

        That the longest wait grows while nothing else changes is no change.
        """
        found: list[Envelope] = []
        first = positions(indexes, MOST_POSITIONS)
        for queue_id, queue in indexes.state.queues.items():
            if queue.deleted:
                continue
            shown = _shown(indexes, queue_id, first.get(queue_id, {}))
            if self._told.get(queue_id) != shown:
                self._told[queue_id] = shown
                found.append(self._envelope(shown, now))
        return found

    def _envelope(self, shown: "_Shown", now: datetime) -> Envelope:
        hint, since = shown
        self._number += 1
        longest_s = max(0.0, (now - since).total_seconds()) if since else None
        return Envelope(
            id=derived_id("queue-state", self._pool, hint.queue_id, self._number),
            source=SOURCE,
            subject=hint.queue_id,
            time=now,
            pool=self._pool,
            stream=f"queue-state/{hint.queue_id}",
            sequence=self._number,
            data=replace(hint, longest_wait_s=longest_s),
        )


_Shown = tuple[QueueState, datetime | None]
"""What a hint says but the longest wait, and since when the longest waiting call waits."""


def _shown(indexes: Indexes, queue_id: str, first: dict[str, Position]) -> _Shown:
    crew = whole_crew(indexes, queue_id)
    line = indexes.lines.get(queue_id)
    longest = line.since.first() if line else None
    estimate = expected_wait(indexes, queue_id)
    sites = sorted(crew.standing_at) if crew else ()
    hint = QueueState(
        queue_id=queue_id,
        waiting=len(line.since) if line else 0,
        free_agents=len(crew.free) if crew else 0,
        expected_wait_s=_rounded(estimate.mean_s) if estimate else None,
        expected_low_s=_rounded(estimate.low_s) if estimate else None,
        expected_high_s=_rounded(estimate.high_s) if estimate else None,
        expected_share=SHARE if estimate else None,
        positions=tuple(_waits_at(call_id, each.wait) for call_id, each in first.items()),
        free_at={site: len(crew.at(site) or ()) for site in sites} if crew else {},
        signed_in_at={site: crew.signed_in(site) for site in sites} if crew else {},
    )
    return hint, (longest[0] if longest else None)


def _waits_at(call_id: str, wait: Estimate | None) -> WaitsAt:
    if wait is None:
        return WaitsAt(call_id=call_id)
    mean_s, low_s, high_s = (_rounded(s) for s in (wait.mean_s, wait.low_s, wait.high_s))
    return WaitsAt(call_id=call_id, mean_s=mean_s, low_s=low_s, high_s=high_s)


def _rounded(seconds: float) -> float:
    """Return the seconds as a caller is told them: a tenth more or less is no news."""
    return round(seconds, 1)
