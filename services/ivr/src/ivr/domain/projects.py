"""A client's project: the numbers dialled, and what callers of them hear and may choose."""

import msgspec

from contact_events.calls import Text
from ivr.domain.refusals import ProjectFixed


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One digit of the menu: it leads to a queue, or is answered by what is said."""

    digit: str
    label: Text
    queue_id: str | None = None
    say: Text | None = None


class Project(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How calls to a client's numbers are received.

    `default_queue_id` takes callers who choose nothing valid after `repeats` further askings;
    with an empty menu it takes everybody at once. `pool` fixes who may answer. Outside the hours
    of the calendar callers hear `closed`, or words of ours, and that is the end of the call.
    """

    project_id: str
    client_id: str
    client_name: str
    name: str
    dnis: tuple[str, ...]
    greeting: Text
    agent_greeting: Text
    default_queue_id: str
    repeats: int = 2
    menu: tuple[Choice, ...] = ()
    pool: str = "main"
    calendar_id: str | None = None
    closed: Text | None = None

    def choice(self, digit: str) -> Choice | None:
        """Return what `digit` chooses, or None."""
        return next((choice for choice in self.menu if choice.digit == digit), None)


class Number(msgspec.Struct, frozen=True, omit_defaults=True):
    """A number dialled: the project that its calls belong to, None while it has none."""

    project_id: str | None = None


def must_stay(before: Project, after: Project) -> None:
    """Do nothing if `after` is the same client's, in the same pool.

    Raises:
        ProjectFixed: calls of the project are under way there.
    """
    if before.client_id != after.client_id:
        raise ProjectFixed(before.project_id, "client")
    if before.pool != after.pool:
        raise ProjectFixed(before.project_id, "pool")
