"""`queue-state`: hints for announcements and boards; nothing is decided from them."""

from contact_events.registry import Event, event
from contact_events.topics import QUEUE_STATE


@event("queue.state", version=1, topic=QUEUE_STATE, key="queue_id")
class QueueState(Event, frozen=True):
    """How the queue stands; waits in seconds, None where nobody waits or nothing is known."""

    queue_id: str
    waiting: int
    free_agents: int
    longest_wait_s: float | None = None
    expected_wait_s: float | None = None
