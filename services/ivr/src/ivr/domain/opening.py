"""What is closed when a call wants to go there; a calendar nobody knows closes nothing."""

import msgspec


class QueueHours(msgspec.Struct, frozen=True, omit_defaults=True):
    """The calendar that a queue names, None where it is open day and night; its skills."""

    calendar_id: str | None = None
    skills: tuple[str, ...] = ()


class Closed(msgspec.Struct, frozen=True):
    """What is outside its opening hours: the whole project, or some queues."""

    project: bool = False
    queue_ids: frozenset[str] = frozenset()


NOTHING_CLOSED = Closed()
