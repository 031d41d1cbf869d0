"""Timesheets: every microsecond signed in is in exactly one state, of exactly one local day."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from agent_state.domain.local_times import day_of
from agent_state.domain.sheets import (
    MICROSECOND,
    Clocked,
    Sheet,
    added,
    after,
    joined_spells,
    pieces,
)
from agent_state.domain.timesheets import timesheet
from contact_events.agents import AgentChanged

ZONES = ("UTC", "Europe/Moscow", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe")
START = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)
"""The evening before clocks are put forward in Berlin."""

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(
            ["Ready", "Reserved", "Talking", "Hold", "WrapUp", "NotReady", "NotReady", "Offline"]
        ),
        st.sampled_from(["lunch", "rest", "rona"]),
        st.integers(0, 8 * 3600 * 10**6),
    ),
    max_size=30,
)


def changed(status: str, reason: str | None) -> AgentChanged:
    presence = status if status in ("NotReady", "Offline") else "Ready"
    return AgentChanged(
        agent_id="a1",
        presence=presence,  # type: ignore[arg-type]
        status=status,  # type: ignore[arg-type]
        site_id="moscow",
        slots=(),
        cause="test",
        reason=reason,
    )


def told(changes: list[tuple[str, str, int]]) -> tuple[dict[date, Sheet], datetime, int]:
    """Return the sheets, the moment of the last change, and the microseconds signed in."""
    sheets: dict[date, Sheet] = {}
    clocked, at, signed_in = Clocked(), START, 0
    for status, reason, later in changes:
        at += later * MICROSECOND
        signed_in += 0 if clocked.since is None else later
        now = after(clocked, changed(status, reason), at)
        if (now.status, now.reason) != (clocked.status, clocked.reason):
            for day, start, end in pieces(clocked, at):
                sheets[day] = added(sheets.get(day, Sheet()), clocked, start, end)
            clocked = now
    for day, start, end in pieces(clocked, at):
        sheets[day] = added(sheets.get(day, Sheet()), clocked, start, end)
    return sheets, at, signed_in


@given(CHANGES, st.sampled_from(ZONES))
def test_the_states_of_all_local_days_sum_to_the_time_signed_in(
    changes: list[tuple[str, str, int]], zone: str
) -> None:
    sheets, at, signed_in = told(changes)
    total = 0
    day = START.astimezone(ZoneInfo(zone)).date()
    while day <= at.astimezone(ZoneInfo(zone)).date():
        found = timesheet(sheets, *day_of(day, ZoneInfo(zone)), unpaid=["lunch"])
        assert sum(found.states_us.values()) == found.signed_in_us
        assert sum(found.not_ready_us.values()) == found.states_us.get("NotReady", 0)
        assert found.signed_in_us - found.paid_us == found.not_ready_us.get("lunch", 0)
        total += found.signed_in_us
        day += timedelta(days=1)
    assert total == signed_in


@given(CHANGES)
def test_the_spells_are_the_time_signed_in_without_overlaps(
    changes: list[tuple[str, str, int]],
) -> None:
    sheets, _, signed_in = told(changes)
    spells = joined_spells(sheets[day] for day in sorted(sheets))
    assert sum((spell.ends_at - spell.starts_at) // MICROSECOND for spell in spells) == signed_in
    for earlier, later in pairwise(spells):
        assert earlier.ends_at <= later.starts_at
        assert earlier.ends_at < later.starts_at or earlier.activity != later.activity


def test_a_local_day_of_23_hours_holds_23_hours() -> None:
    starts_at, ends_at = day_of(date(2026, 3, 29), ZoneInfo("Europe/Berlin"))
    sheets: dict[date, Sheet] = {}
    clocked = Clocked("Ready", None, starts_at - timedelta(hours=2))
    for day, start, end in pieces(clocked, ends_at + timedelta(hours=5)):
        sheets[day] = added(Sheet(), clocked, start, end)
    found = timesheet(sheets, starts_at, ends_at, unpaid=[])
    assert found.states_us == {"Ready": 23 * 3600 * 10**6}


def test_the_same_state_told_again_does_not_begin_anew() -> None:
    ready = after(Clocked(), changed("Ready", None), START)
    again = after(ready, changed("Ready", None), START + timedelta(minutes=1))
    assert again is ready


def test_a_change_told_by_a_clock_that_lags_takes_no_time() -> None:
    ready = after(Clocked(), changed("Ready", None), START)
    talking = after(ready, changed("Talking", None), START - timedelta(seconds=1))
    assert talking.since == START
    assert list(pieces(ready, START - timedelta(seconds=1))) == []
