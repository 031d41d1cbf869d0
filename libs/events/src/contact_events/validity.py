"""Which of the router's decisions count, and which revisions: one rule for every reader.

A claim (`router.epoch_started`) makes the pair (epoch, owner) current if its epoch is higher than
the current one: the first claim of an epoch wins, later ones are void. A decision counts only if
it carries the current pair and a number not seen of it. Validity is tested before duplication, so
a zombie's writes are void for everybody, for ever, on replay too.
"""

from dataclasses import dataclass, field

import msgspec

from contact_events.config import Document
from contact_events.registry import Event
from contact_events.routing import Decision, RouterEpochStarted


class Leadership(msgspec.Struct, frozen=True, gc=False):
    """Who leads a pool at a place of its partition, and the last number they decided."""

    epoch: int = 0
    owner: str = ""
    number: int = 0


NOBODY = Leadership()


def admit(leadership: Leadership, event: Event) -> tuple[Leadership, bool]:
    """Return the leadership after `event` of the topic `routed`, and whether the event counts.

    A claim counts when it changes the leadership; a decision when it is the current leader's and
    new. Events of other topics are not meant for this function.
    """
    match event:
        case RouterEpochStarted(epoch=epoch, owner=owner):
            if epoch > leadership.epoch:
                return Leadership(epoch, owner, 0), True
            return leadership, False
        case Decision(epoch=epoch, owner=owner, number=number):
            current = (epoch, owner) == (leadership.epoch, leadership.owner)
            if current and number > leadership.number:
                return Leadership(epoch, owner, number), True
            return leadership, False
        case _:
            return leadership, False


@dataclass(slots=True)
class Revisions:
    """The valid revision of each document of `routing-config`, as a reader has folded it."""

    valid: dict[str, int] = field(default_factory=dict)

    def admit(self, event: Event) -> bool:
        """Tell whether this revision counts: only the first n + 1 after valid n does."""
        if not isinstance(event, Document):
            return False
        if event.revision != self.valid.get(event.document_id, 0) + 1:
            return False
        self.valid[event.document_id] = event.revision
        return True
