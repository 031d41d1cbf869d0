"""The day is the same for the same seed, and a file's calls are what the file says."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from sim import profiles
from sim.centre import PROJECTS, SITES, agent_documents, queue_documents
from sim.dayfile import NotADayFile, busiest, planned, read_day, seconds
from sim.names import FIRST_NAMES, name_of
from sim.planned import from_profile

BANK = Path(__file__).resolve().parents[4] / "shared" / "data" / "bank_calls_1999_02.csv"
HEAD = (
    "vru_line,call_id,customer_id,priority,type,date,vru_entry,vru_exit,vru_time,q_start,q_exit,"
    "q_time,outcome,ser_start,ser_exit,ser_time,server\n"
)


@pytest.fixture
def bank() -> Path:
    if not BANK.exists():
        pytest.skip("the bank's calls of February 1999 are not beside the project")
    return BANK


def write(folder: Path, *rows: str) -> Path:
    path = folder / "calls.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    return path


def test_the_same_seed_gives_the_same_day() -> None:
    assert list(from_profile(7, 9, 300)) == list(from_profile(7, 9, 300))
    assert list(from_profile(7, 9, 300)) != list(from_profile(8, 9, 300))


def test_the_day_follows_the_profile() -> None:
    calls = list(from_profile(1, 9, 1_000))
    by_hour = Counter(int(9 + call.at_s / 3600) for call in calls)
    for hour, share in profiles.HOURLY_SHARE.items():
        assert abs(by_hour[hour] - 1_000 * share) < 5 * (1_000 * share) ** 0.5
    assert max(by_hour) == profiles.CLOSES_H - 1


def test_talks_are_as_long_as_the_source_says() -> None:
    talks = [call.handle_s for call in from_profile(1, 9, 3_000)]
    assert abs(sum(talks) / len(talks) - profiles.MEAN_HANDLE_S) < 0.06 * profiles.MEAN_HANDLE_S


def test_two_clients_share_the_agents() -> None:
    assert len({project.client_id for project in PROJECTS}) == 2
    wanted = {skill for queue in queue_documents().values() for skill in queue["skills"]}
    agents = agent_documents(60, 1)
    assert {agent["site_id"] for agent in agents.values()} == {site.site_id for site in SITES}
    for site in SITES:
        there = [agent for agent in agents.values() if agent["site_id"] == site.site_id]
        assert wanted == {skill for agent in there for skill in agent["skills"]}


def test_a_caller_who_left_is_as_patient_as_the_file_says(tmp_path: Path) -> None:
    row = (
        "AA0101,1,0,0,PS,1999-02-01,8:09:16,8:09:22,6,"
        "8:09:22,8:09:27,5,HANG,0:00:00,0:00:00,0,NO_SERVER"
    )
    (call,) = planned(read_day(write(tmp_path, row), date(1999, 2, 1)).rows, 1, 8 * 3600)
    assert (call.at_s, call.patience_s, call.think_s) == (9 * 60 + 16, 5.0, 6.0)
    assert "patience" not in call.drawn


def test_a_caller_who_left_without_queueing_never_chooses(tmp_path: Path) -> None:
    row = (
        "AA0101,1,0,0,PS,1999-02-01,8:09:16,8:09:22,6,"
        "0:00:00,0:00:00,0,HANG,0:00:00,0:00:00,0,NO_SERVER"
    )
    (call,) = planned(read_day(write(tmp_path, row), date(1999, 2, 1)).rows, 1, 0)
    assert call.digit is None


def test_dirty_rows_are_counted_and_kept(tmp_path: Path) -> None:
    row = (
        "AA0101,1,0,0,XX,1999-02-01,8:09:16,8:09:10,-6,"
        "0:00:00,0:00:00,0,AGENT,8:09:17,8:09:30,13,NO_SERVER"
    )
    day = read_day(write(tmp_path, row), date(1999, 2, 1))
    assert len(day.rows) == 1
    assert set(day.dirt) == {
        "negative time in the voice unit",
        "unknown kind of service",
        "answered by no server",
    }


@pytest.mark.parametrize("time", ["", "25:00:00", "8:61:00", "eight", "8:00"])
def test_what_is_no_time_of_day_is_refused(time: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        seconds(time)


def test_a_file_of_another_format_is_refused_by_the_missing_column(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("when,who\n1,2\n")
    with pytest.raises(NotADayFile, match="no column date"):
        read_day(path, date(1999, 2, 1))


def test_a_day_without_calls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotADayFile, match="no call on 1999-02-02"):
        read_day(write(tmp_path), date(1999, 2, 2))


def test_a_row_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    row = "AA0101,1,0,0,PS,1999-02-01,soon,8:09:22,6,0:00:00,0:00:00,0,HANG,0:00:00,0:00:00,0,X"
    with pytest.raises(NotADayFile, match="line 2"):
        read_day(write(tmp_path, row), date(1999, 2, 1))


def test_the_banks_days_are_read_whole(bank: Path) -> None:
    with bank.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number in (1, 7, 26):
        there = [row for row in rows if row["date"] == f"1999-02-{number:02}"]
        day = read_day(bank, date(1999, 2, number))
        assert len(day.rows) == len(there)
        negative = [row for row in there if row["vru_time"].startswith("-")]
        assert day.dirt["negative time in the voice unit"] == len(negative)


def test_the_busiest_hours_of_a_day_hold_more_calls_than_any_others(bank: Path) -> None:
    rows = read_day(bank, date(1999, 2, 7)).rows
    found = busiest(rows, 8)
    assert 500 <= len(found) < len(rows)
    for start in range(24):
        span = [r for r in rows if start * 3600 <= r.at_s < (start + 8) * 3600]
        assert len(span) <= len(found)


def test_a_number_has_one_name_and_the_town_has_many() -> None:
    numbers = [f"+7495{number:07}" for number in range(500)]
    assert [name_of(each) for each in numbers] == [name_of(each) for each in numbers]
    assert {name_of(each) for each in numbers} == set(FIRST_NAMES)
