"""`queue-state`: hints for announcements and boards; nothing is decided from them."""

import msgspec

from contact_events.registry import Event, event
from contact_events.topics import QUEUE_STATE


class WaitsAt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call that waits, and how long it is expected to wait from now on; None: not known."""

    call_id: str
    mean_s: float | None = None
    low_s: float | None = None
    high_s: float | None = None


@event("queue.state", version=1, topic=QUEUE_STATE, key="queue_id")
class QueueState(Event, frozen=True):
    """How the queue stands; waits in seconds, None where nobody waits or nothing is known.

    `expected_wait_s` is the mean for a call that comes now; it waits between `expected_low_s` and
    `expected_high_s` with the probability `expected_share`. `positions` are the first of those who
    wait, in their order, with the same interval for what each has still to wait. Agents are
    counted by site.
    """

    queue_id: str
    waiting: int
    free_agents: int
    longest_wait_s: float | None = None
    expected_wait_s: float | None = None
    expected_low_s: float | None = None
    expected_high_s: float | None = None
    expected_share: float | None = None
    positions: tuple[WaitsAt, ...] = ()
    free_at: dict[str, int] = {}
    signed_in_at: dict[str, int] = {}
