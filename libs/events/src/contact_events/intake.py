"""What a reader of the log takes: new events of each stream, and only valid decisions.

Pure, so that every service's reader, the router, the auditor and the tests share it.
"""

from dataclasses import dataclass, field

from contact_events.envelope import Envelope
from contact_events.topics import ROUTED, ROUTING_CONFIG
from contact_events.validity import NOBODY, Leadership, Revisions, admit


@dataclass(slots=True)
class Intake:
    """What a reader remembers so that nothing counts twice, and nothing void counts at all.

    `sequences` is the last number seen by topic and stream; `leaderships` by pool. Both outlive
    the streams they speak of: a late duplicate of an ended call must still be known as one.
    """

    sequences: dict[tuple[str, str], int] = field(default_factory=dict)
    leaderships: dict[str, Leadership] = field(default_factory=dict)
    revisions: Revisions = field(default_factory=Revisions)

    def takes(self, topic: str, envelope: Envelope) -> bool:
        """Tell whether the record counts, and remember it.

        Decisions count by `validity.admit`, revisions by `Revisions`, all others if their
        sequence is above the last one of their stream on this topic.
        """
        if topic == ROUTED.name:
            before = self.leaderships.get(envelope.pool, NOBODY)
            self.leaderships[envelope.pool], counts = admit(before, envelope.data)
            return counts
        if topic == ROUTING_CONFIG.name:
            return self.revisions.admit(envelope.data)
        return self.fresh(topic, envelope.stream, envelope.sequence)

    def fresh(self, topic: str, stream: str, sequence: int) -> bool:
        """Tell whether `sequence` is above the last one of the stream on the topic; remember it."""
        if sequence <= self.sequences.get((topic, stream), 0):
            return False
        self.sequences[topic, stream] = sequence
        return True
