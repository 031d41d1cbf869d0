"""Plan against what was: adherence, conformance, and signing in and out early or late."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from agent_state.domain.rosters import Shift
from agent_state.domain.sheets import WORK, Spell


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A shift as it was planned and as it was kept, up to a moment.

    Seconds. `sign_in_late_s` below 0 is early, `sign_out_early_s` below 0 is late; None where
    the agent never was there, or still is.
    """

    shift: Shift
    signed_in_at: datetime | None
    signed_out_at: datetime | None
    sign_in_late_s: float | None
    sign_out_early_s: float | None
    planned_s: float
    adhered_s: float
    conformed_s: float

    @property
    def adherence(self) -> float | None:
        """Return the share of the planned time spent as planned; None before the shift began."""
        return self.adhered_s / self.planned_s if self.planned_s else None

    @property
    def conformance(self) -> float | None:
        """Return the share of each planned amount that was reached, whenever it was."""
        return self.conformed_s / self.planned_s if self.planned_s else None


def kept(shift: Shift, history: Sequence[Spell], until: datetime) -> Kept:
    """Return how a shift was kept, of which the part before `until` counts.

    - adherence = time in the planned activity / planned time (seconds over seconds, 0 to 1):
      right thing at the right time.
    - conformance = sum over activities of min(planned, done) / planned time (likewise): the
      right amount of each thing, whenever within the time signed in for this shift.

    Activities are work (any state that takes or handles contacts) and each reason of NotReady;
    what is planned is work, but for the planned breaks. Time that is signed out is neither.

    Source: WFM Labs, "Adherence and Conformance": A = sum of a(t) / T, and
    C = sum of min(S_a, R_a) / sum of S_a.
    """
    plan = list(planned(shift, until))
    attended = _attended(shift, history)
    signed_in_at = attended[0].starts_at if attended else None
    last = attended[-1].ends_at if attended else None
    signed_out_at = None if last is None or last >= until else last
    return Kept(
        shift=shift,
        signed_in_at=signed_in_at,
        signed_out_at=signed_out_at,
        sign_in_late_s=_seconds(shift.starts_at, signed_in_at),
        sign_out_early_s=_seconds(signed_out_at, shift.ends_at),
        planned_s=sum(_length_s(spell) for spell in plan),
        adhered_s=sum(_together_s(part, spell) for part in plan for spell in attended),
        conformed_s=_conformed_s(plan, attended),
    )


def planned(shift: Shift, until: datetime) -> Iterator[Spell]:
    """Yield what the shift plans, without gaps, up to `until`."""
    at, end = shift.starts_at, min(shift.ends_at, until)
    for pause in shift.breaks:
        yield from _spell(at, min(pause.starts_at, end), WORK)
        yield from _spell(pause.starts_at, min(pause.ends_at, end), pause.reason)
        at = pause.ends_at
    yield from _spell(at, end, WORK)


def _spell(start: datetime, end: datetime, activity: str) -> Iterator[Spell]:
    if start < end:
        yield Spell(start, end, activity)


def _attended(shift: Shift, history: Sequence[Spell]) -> list[Spell]:
    """Return the times signed in that touch the shift, each whole, from sign-in to sign-out."""
    found: list[Spell] = []
    stretch: list[Spell] = []
    for spell in history:
        if stretch and stretch[-1].ends_at != spell.starts_at:
            found += _touching(shift, stretch)
            stretch = []
        stretch.append(spell)
    return found + _touching(shift, stretch)


def _touching(shift: Shift, stretch: list[Spell]) -> list[Spell]:
    if not stretch or stretch[-1].ends_at <= shift.starts_at:
        return []
    return stretch if stretch[0].starts_at < shift.ends_at else []


def _conformed_s(plan: Iterable[Spell], attended: Iterable[Spell]) -> float:
    wanted, done = _amounts(plan), _amounts(attended)
    return sum(min(length, done.get(activity, 0.0)) for activity, length in wanted.items())


def _amounts(spells: Iterable[Spell]) -> dict[str, float]:
    found: dict[str, float] = {}
    for spell in spells:
        found[spell.activity] = found.get(spell.activity, 0.0) + _length_s(spell)
    return found


def _together_s(part: Spell, spell: Spell) -> float:
    if part.activity != spell.activity:
        return 0.0
    start, end = max(part.starts_at, spell.starts_at), min(part.ends_at, spell.ends_at)
    return max(0.0, (end - start).total_seconds())


def _length_s(spell: Spell) -> float:
    return (spell.ends_at - spell.starts_at).total_seconds()


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()
