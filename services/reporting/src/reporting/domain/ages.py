"""How old the figures of a board are: when each topic was last known to be folded to its end."""

from collections.abc import Iterable, Mapping

from contact_events.topics import (
    AGENT_STATE,
    ANSWERED,
    CALL_ARRIVED,
    CALLER_LOCATED,
    QUEUE_STATE,
    ROUTED,
    WRAPPED_UP,
)
from reporting.domain.shown import Ages

CALLS = (CALL_ARRIVED, CALLER_LOCATED, ROUTED, ANSWERED, WRAPPED_UP)


class Truth:
    """Until when the fold is true to the log, by topic; machine time, seconds since 1970.

    A fold that is level with the log is true to the moment at which the log last answered. One
    that is behind is as old as the last record it has folded. What the routers say of their
    queues is told only when it changes: it is true for as long as they say anything at all.
    """

    def __init__(self) -> None:
        """Nothing has been read."""
        self._topics: dict[str, float] = {}
        self._deciding: dict[str, float] = {}

    def level(self, topics: Mapping[str, float]) -> None:
        """Note that all that these topics held was folded; each with when it last answered."""
        for topic, at in topics.items():
            self._topics[topic] = max(at, self._topics.get(topic, at))

    def folded(self, topic: str, written_at: float) -> None:
        """Note a record that was folded while more were waiting."""
        self._topics[topic] = max(written_at, self._topics.get(topic, written_at))

    def decided(self, pool: str, at: float) -> None:
        """Note a sign of life of the router that leads the pool."""
        self._deciding[pool] = max(at, self._deciding.get(pool, at))

    def ages(self, now: float, pools: Iterable[str]) -> Ages:
        """Return how old the figures are; `pools` are those whose routers said what is expected."""
        said = [self._deciding.get(pool, 0.0) for pool in pools]
        expected = min([*said, self._topics.get(QUEUE_STATE.name, now)])
        return {
            "calls": _age(now, min(self._topics.get(topic.name, now) for topic in CALLS)),
            "agents": _age(now, self._topics.get(AGENT_STATE.name, now)),
            "expected_waits": _age(now, expected),
        }


def _age(now: float, at: float) -> float:
    return round(max(0.0, now - at), 1)
