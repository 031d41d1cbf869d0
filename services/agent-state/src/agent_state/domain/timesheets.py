"""The timesheet of an agent's local day: seconds in each state, paid and not."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

import msgspec

from agent_state.domain.sheets import Sheet, totals

SECOND: Final = 1_000_000
"""In microseconds, the unit in which time is kept: so parts sum to the whole exactly."""

_NOT_READY = "NotReady:"


class Timesheet(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds by state within one local day. They sum to `signed_in_us`."""

    states_us: dict[str, int]
    not_ready_us: dict[str, int]
    """Of NotReady, by reason."""
    signed_in_us: int
    paid_us: int


def timesheet(
    sheets: Mapping[date, Sheet], starts_at: datetime, ends_at: datetime, unpaid: Iterable[str]
) -> Timesheet:
    """Return the timesheet of the time from `starts_at` to `ends_at`, quarters of an hour both.

    `sheets` are the agent's UTC days that it touches. Signed in = the sum of all states; paid =
    signed in less NotReady for the reasons in `unpaid`. Unit: microseconds.

    Source: WFM Labs, "Shrinkage": paid and unpaid are told apart by the reason of an absence.
    """
    found: dict[str, int] = {}
    for day, sheet in sheets.items():
        for state, length in totals(day, sheet, starts_at, ends_at).items():
            found[state] = found.get(state, 0) + length
    reasons = {
        state.removeprefix(_NOT_READY): length
        for state, length in found.items()
        if state.startswith(_NOT_READY)
    }
    signed_in = sum(found.values())
    without_pay = sum(reasons.get(reason, 0) for reason in set(unpaid))
    states = {state: us for state, us in found.items() if not state.startswith(_NOT_READY)}
    return Timesheet(
        states_us=states | ({"NotReady": sum(reasons.values())} if reasons else {}),
        not_ready_us=reasons,
        signed_in_us=signed_in,
        paid_us=signed_in - without_pay,
    )
