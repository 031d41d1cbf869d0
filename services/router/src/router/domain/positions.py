"""How long each of those who wait is still expected to wait, by its position in its queue.

The formula is that of `expected`: the calls ahead are those of its own queue that go before it,
and of the queues that share its agents those that go before it, with the share of their agents
that are its own too. Whoever goes before by priority counts as ahead wherever it waits.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from router.domain.crews import Crew, CrewKey
from router.domain.expected import Estimate, ahead_of, estimates, rates_of, whole_crew
from router.domain.indexes import Indexes


class Position(NamedTuple):
    """A waiting call's place in its queue, 1 for the first, and its expected wait from now on.

    `wait` is None where nothing is known: nobody works there, or somebody is free whom the steps
    that the call has reached do not look at.
    """

    number: int
    wait: Estimate | None


@dataclass(slots=True)
class _Known:
    """What is the same for all who wait in a queue for a channel; `ahead` grows with each."""

    crew: Crew
    shared: dict[CrewKey, int]
    numbers: dict[str, int] = field(default_factory=dict)
    ahead: list[float] = field(default_factory=list)


def positions(indexes: Indexes, most: int | None = None) -> dict[str, dict[str, Position]]:
    """Return by queue the calls that wait in it, in their order: all, or the first `most`."""
    before, lines = Counter[str](), dict[tuple[str, str], _Known | None]()
    found: dict[str, dict[str, Position]] = {}
    for place in sorted(indexes.places.values(), key=lambda place: place.rank):
        queue_id, source, call_id = place.queue_id, place.source, place.rank.call_id
        if queue_id is None:
            continue
        if most is None or before[queue_id] < most:
            number = before[queue_id] + 1
            found.setdefault(queue_id, {})[call_id] = Position(number, None)
            if (queue_id, source.channel) not in lines:
                lines[queue_id, source.channel] = _known(indexes, queue_id, source.channel)
            line = lines[queue_id, source.channel]
            if line is not None and source.kind == "queue":
                line.numbers[call_id] = number
                line.ahead.append(ahead_of(indexes, line.shared, before))
        before[queue_id] += 1
    for (queue_id, _), line in lines.items():
        if line is not None:
            found[queue_id] |= _stated(indexes, queue_id, line)
    return found


def _known(indexes: Indexes, queue_id: str, channel: str) -> _Known | None:
    """Return what is known of a queue's agents for a channel; None if no wait can be told."""
    crew = whole_crew(indexes, queue_id, channel)
    if crew is None or not crew.working() or len(crew.free):
        return None
    return _Known(crew, indexes.crews.sharing(crew))


def _stated(indexes: Indexes, queue_id: str, line: _Known) -> dict[str, Position]:
    waits = estimates(line.ahead, line.crew.working(), rates_of(indexes, queue_id))
    return {
        call_id: Position(number, wait)
        for (call_id, number), wait in zip(line.numbers.items(), waits, strict=True)
    }
