"""What agents write of a call, sealed, and the keys that it is sealed under."""

from datetime import datetime

import msgspec

from agent_state.domain.agent import WrapUp


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """The key that seals what agents write of this person; None before the first note of them.

    `erased` counts how often a key of theirs was destroyed: they may call again.
    """

    key: str | None = None
    erased: int = 0


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one agent kept of a call when their after-call work was done.

    `person` names the key that opens `sealed`, unless they were `erased` once more since then.
    """

    reservation_id: str
    agent_id: str
    written_at: datetime
    codes: tuple[str, ...]
    person: str
    erased: int
    sealed: str
    client: str | None = None


def person_of(work: WrapUp) -> str:
    """Return whose key seals what is written: the caller's, or one of this call alone."""
    ref = work.card.caller_ref if work.card else None
    return ref or f"call:{work.call_id}"
