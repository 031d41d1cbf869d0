"""Rosters: what is wrong with a plan is told whole, and times are those of the site's clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_state import roster_csv
from agent_state.domain.local_times import TimeWrong, day_of, moment, next_time
from agent_state.domain.rosters import (
    DayPlan,
    PlannedBreak,
    Shift,
    days_around,
    due_of,
    ended,
    faults_of,
    overlaps,
    plan_key,
    planned_anew,
    planned_break_s,
    unplanned,
)
from agent_state.sheets import rows_of

BERLIN = ZoneInfo("Europe/Berlin")
KRASNOYARSK = ZoneInfo("Asia/Krasnoyarsk")
ZONES = {"berlin": BERLIN, "krasnoyarsk": KRASNOYARSK}
KNOWN = roster_csv.Known({"a1", "a2"}, ZONES, {"lunch", "rest"})
DAY = date(2026, 3, 2)
HEAD = "agent,site,from,to,breaks\n"


def at(hour: float, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def shift(start: float, end: float, *breaks: tuple[str, float, float]) -> Shift:
    pauses = tuple(PlannedBreak(reason, at(a), at(b)) for reason, a, b in breaks)
    return Shift(site_id="berlin", starts_at=at(start), ends_at=at(end), breaks=pauses)


def read(*lines: str) -> tuple[list[roster_csv.Line], list[roster_csv.LineFault]]:
    return roster_csv.read(rows_of(HEAD + "\n".join(lines)), KNOWN)


def test_times_are_by_the_clock_of_the_site_or_carry_an_offset() -> None:
    lines, faults = read(
        "a1,krasnoyarsk,2026-03-02T09:00,2026-03-02T18:00,lunch@13:00/13:30",
        "a2,berlin,2026-03-02T09:00+03:00,2026-03-02T15:00Z,",
    )
    assert faults == []
    first, second = (line.shift for line in lines)
    assert (first.starts_at, first.ends_at) == (at(2), at(11))
    assert first.breaks == (PlannedBreak("lunch", at(6), at(6.5)),)
    assert (second.starts_at, second.ends_at) == (at(6), at(15))


def test_a_night_shift_belongs_to_the_day_it_begins_and_its_breaks_to_the_night() -> None:
    lines, faults = read("a1,berlin,2026-03-02T22:00,2026-03-03T06:00,rest@02:00/02:15")
    assert faults == []
    assert lines[0].day == DAY
    assert lines[0].shift.breaks == (PlannedBreak("rest", at(25), at(25.25)),)


def test_a_shift_over_the_change_of_the_clock_has_its_true_length() -> None:
    spring, _ = read("a1,berlin,2026-03-28T22:00,2026-03-29T06:00,")
    autumn, _ = read("a1,berlin,2026-10-24T22:00,2026-10-25T06:00,")
    assert spring[0].shift.ends_at - spring[0].shift.starts_at == timedelta(hours=7)
    assert autumn[0].shift.ends_at - autumn[0].shift.starts_at == timedelta(hours=9)


def test_every_bad_line_is_told_with_its_column() -> None:
    _, faults = read(
        "a1,berlin,2026-03-02T09:00,2026-03-02T09:00,",
        "nobody,nowhere,2026-03-02T09:00,2026-03-02T18:00,",
        "a1,berlin,tomorrow,2026-03-03,",
        "a1,berlin,2026-03-29T02:30,2026-03-29T10:00,",
        "a1,berlin,2026-10-25T02:30,2026-10-25T10:00,",
        "a1,berlin,2026-03-04T09:00,2026-03-04T18:00,lunch@19:00/19:30",
        "a1,berlin,2026-03-05T09:00,2026-03-05T18:00,lunch rest@25:00/26:00",
        "a1,berlin,2026-03-06T09:00,2026-03-08T18:00,",
        "a1,berlin",
        "a1,berlin,2026-03-07T09:00,2026-03-07T18:00,rest@10:00/11:00 lunch@10:30/11:30",
        "a1,berlin,2026-03-08T09:00,2026-03-08T18:00,fishing@10:00/11:00",
    )
    assert [(fault.line, fault.column, fault.code) for fault in faults] == [
        (10, "", "row-wrong"),
        (2, "to", "to-before-from"),
        (3, "agent", "agent-unknown"),
        (3, "site", "site-unknown"),
        (4, "from", "time-wrong"),
        (4, "to", "time-wrong"),
        (5, "from", "time-skipped"),
        (6, "from", "time-twice"),
        (7, "breaks", "break-outside-shift"),
        (8, "breaks", "break-wrong"),
        (8, "breaks", "time-wrong"),
        (9, "to", "shift-too-long"),
        (11, "breaks", "breaks-overlap"),
        (12, "breaks", "reason-unknown"),
    ]


def test_a_file_without_the_columns_is_refused_as_one() -> None:
    assert roster_csv.read([["agent", "site"]], KNOWN) == (
        [],
        [roster_csv.LineFault(1, "", "column-missing")],
    )
    assert roster_csv.read([], KNOWN)[1][0].code == "column-missing"


def test_overlaps_are_found_between_lines_and_with_what_stays() -> None:
    lines, _ = read(
        "a1,berlin,2026-03-02T09:00,2026-03-02T18:00,",
        "a1,berlin,2026-03-02T17:00,2026-03-02T20:00,",
        "a2,berlin,2026-03-02T09:00,2026-03-02T18:00,",
        "a2,berlin,2026-03-02T18:00,2026-03-02T20:00,",
    )
    assert [found.line for found in roster_csv.clashes(lines, {})] == [3]
    night = shift(-2, 8.5)
    assert [found.line for found in roster_csv.clashes(lines, {"a2": [night]})] == [3, 4]


SHIFTS = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 60)).map(
        lambda q: shift(q[0] / 4, (q[0] + q[1]) / 4)
    ),
    max_size=6,
)


@given(SHIFTS)
def test_shifts_overlap_exactly_if_two_of_them_share_a_moment(shifts: list[Shift]) -> None:
    shared = any(
        one.starts_at < other.ends_at and other.starts_at < one.ends_at
        for number, one in enumerate(shifts)
        for other in shifts[number + 1 :]
    )
    assert bool(overlaps(shifts)) == shared


LOCAL = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1))


@given(LOCAL, st.sampled_from(["Europe/Berlin", "Asia/Krasnoyarsk", "Australia/Lord_Howe"]))
def test_a_local_time_is_read_as_the_one_moment_that_shows_it(shown: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    try:
        found = moment(shown.isoformat(), zone)
    except TimeWrong as wrong:
        assert wrong.code in ("time-twice", "time-skipped")
        return
    assert found.astimezone(zone).replace(tzinfo=None) == shown
    start, end = day_of(shown.date(), zone)
    assert start <= found < end


@given(LOCAL)
def test_a_time_of_day_is_the_next_one_that_the_clock_shows(shown: datetime) -> None:
    after = shown.replace(tzinfo=KRASNOYARSK).astimezone(UTC)
    found = next_time("13:30", KRASNOYARSK, after)
    assert timedelta() <= found - after < timedelta(days=1)
    assert found.astimezone(KRASNOYARSK).strftime("%H:%M") == "13:30"


@given(SHIFTS)
def test_what_was_written_is_read_back(shifts: list[Shift]) -> None:
    plan = planned_anew(unplanned(plan_key("a1", DAY)), shifts, at(0))
    lines, faults = roster_csv.read(rows_of(roster_csv.write([plan], ZONES)), KNOWN)
    assert [fault for fault in faults if fault.code not in ("shift-too-long", "too-many")] == []
    assert tuple(line.shift for line in lines) == plan.shifts


def test_breaks_are_written_so_that_they_are_read_back() -> None:
    plan = planned_anew(unplanned("a1/2026-03-02"), [shift(9, 17, ("lunch", 12, 12.5))], at(0))
    lines, faults = roster_csv.read(rows_of(roster_csv.write([plan], ZONES)), KNOWN)
    assert (faults, lines[0].shift) == ([], plan.shifts[0])


def test_faults_of_a_day_say_where_they_are() -> None:
    elsewhere = Shift(site_id="nowhere", starts_at=at(9), ends_at=at(17))
    shifts = [
        shift(9, 8),
        shift(23, 24),
        shift(9, 17, ("lunch", 8, 8.5), ("rest", 10, 10), ("fishing", 12, 13)),
        elsewhere,
    ]
    assert list(faults_of(DAY, shifts, ZONES, {"lunch", "rest"})) == [
        ("to-before-from", ("shifts", 0, "to")),
        ("date-wrong", ("shifts", 1, "from")),
        ("break-outside-shift", ("shifts", 2, "breaks", 0)),
        ("to-before-from", ("shifts", 2, "breaks", 1, "to")),
        ("reason-unknown", ("shifts", 2, "breaks", 2, "reason")),
        ("site-unknown", ("shifts", 3, "site_id")),
    ]


def test_a_plan_is_due_when_the_next_of_its_shifts_ends_and_what_is_past_is_not_due() -> None:
    plan = planned_anew(unplanned("a1/2026-03-02"), [shift(14, 18), shift(9, 13)], at(8))
    assert (plan.revision, due_of(plan), plan.shifts[0].starts_at) == (1, at(13), at(9))
    grace = ended(plan, at(13), at(13.25))
    assert due_of(grace) == at(13.25)
    assert due_of(ended(grace, at(13.25), None)) == at(18)
    assert due_of(planned_anew(plan, plan.shifts, at(18))) is None


def test_the_break_nearest_in_time_says_how_long_it_is_planned() -> None:
    shifts = [shift(9, 17, ("rest", 10, 10.25), ("rest", 15, 15.5), ("lunch", 12, 13))]
    assert planned_break_s(shifts, "rest", at(14)) == 1800.0
    assert planned_break_s(shifts, "rest", at(11)) == 900.0
    assert planned_break_s(shifts, "training", at(11)) is None
    assert planned_break_s(shifts, "rest", at(18)) is None


def test_neighbouring_days_are_those_whose_shifts_can_overlap() -> None:
    assert days_around(DAY) == (date(2026, 3, 1), DAY, date(2026, 3, 3))


def test_a_plan_of_nothing_is_the_one_nobody_made() -> None:
    assert unplanned("x1/2026-03-02") == DayPlan(agent_id="x1", day=DAY)


@pytest.mark.parametrize("written", ["2026-03-02", "09:00", "", "2026-13-02T09:00", "soon"])
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(TimeWrong, match="time-wrong"):
        moment(written, BERLIN)
