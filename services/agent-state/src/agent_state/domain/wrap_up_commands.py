"""What agents and supervisors ask of after-call work."""

from typing import Literal

import msgspec


class FinishWrapUp(msgspec.Struct, frozen=True, kw_only=True):
    """Say that the after-call work is done.

    `notes` are as the agent wrote them, `notes_sealed` as they are kept. `refused` names a code
    that cannot be chosen for this call, and why.
    """

    reservation_id: str
    codes: tuple[str, ...] = ()
    notes: str | None = None
    notes_sealed: str | None = None
    refused: tuple[str, Literal["unknown", "deactivated", "elsewhere"]] | None = None


class ExtendWrapUp(msgspec.Struct, frozen=True, kw_only=True):
    """Have more time for the after-call work."""

    reservation_id: str


class EndWrapUp(msgspec.Struct, frozen=True, kw_only=True):
    """End an agent's after-call work: a supervisor's order."""

    reservation_id: str
