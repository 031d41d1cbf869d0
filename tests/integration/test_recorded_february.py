"""February 1999, folded by the projections alone, gives the figures that a plain reading gives."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contact_runtime.kafka import KafkaLog
from contact_runtime.memory_log import MemoryLog
from deploy.local.kafka import LocalKafka
from reporting import recorded
from reporting.domain.recorded import COLUMNS
from reporting.domain.recorded_facts import facts
from reporting.recorded import NotEmpty

BANK = Path(__file__).resolve().parents[3] / "shared" / "data" / "bank_calls_1999_02.csv"
ISRAEL = ZoneInfo("Asia/Jerusalem")
POOL = "recorded"

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

Row = Mapping[str, str]


def seconds(text: str) -> int:
    hours, minutes, rest = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + rest


def mean(values: Iterable[int]) -> float:
    known = list(values)
    return sum(known) / len(known)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    if not BANK.exists():
        pytest.skip("the bank's calls of February 1999 are not beside the project")
    with BANK.open(newline="") as file:
        return list(csv.DictReader(file))


def plainly(rows: list[Row]) -> dict[str, float]:
    """Return the figures, counted in the file with nothing of ours."""
    answered = [row for row in rows if row["outcome"] == "AGENT"]
    hung_up = [row for row in rows if row["outcome"] == "HANG"]
    known = [row for row in answered if row["server"] != "NO_SERVER"]
    talked = [row for row in known if int(row["ser_time"]) > 0]
    waits = [int(row["q_time"]) for row in rows if int(row["q_time"]) > 0]
    return {
        "contacts": len(rows),
        "answered": len(answered),
        "hung up": len(hung_up),
        "hung up after queueing": sum(int(row["q_time"]) > 0 for row in hung_up),
        "no caller there": sum(row["outcome"] == "PHANTOM" for row in rows),
        "share queued, of all contacts": len(waits) / len(rows),
        "mean wait of those queued, s": mean(waits),
        "handle time of the answered, s": mean(int(row["ser_time"]) for row in answered),
        "answered by a known agent": len(known),
        "of these with a talk": len(talked),
        "handle time of these, s": mean(int(row["ser_time"]) for row in talked),
        "share answered within 20 s": mean(int(row["q_time"]) <= 20 for row in answered),
        "the same, by a known agent": mean(int(row["q_time"]) <= 20 for row in known),
    }


async def test_february_gives_every_figure_over_its_own_population(
    rows: list[Row], postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await recorded.run(BANK, ISRAEL, POOL, None, postgres_url)
    found = await recorded.figures(postgres_url)
    assert found == pytest.approx(plainly(rows), rel=1e-9)
    assert {name: round(value, 3) for name, value in found.items()} == {
        "contacts": 33_344,
        "answered": 27_162,
        "hung up": 5_904,
        "hung up after queueing": 3_932,
        "no caller there": 278,
        "share queued, of all contacts": 0.549,
        "mean wait of those queued, s": 76.123,
        "handle time of the answered, s": 176.353,
        "answered by a known agent": 26_671,
        "of these with a talk": 26_586,
        "handle time of these, s": 179.607,
        "share answered within 20 s": 0.597,
        "the same, by a known agent": 0.589,
    }
    said = capsys.readouterr().out
    assert "answered_by_nobody: 491 (answered, by an agent who is not known)" in said


def test_every_dirty_row_is_counted_as_a_plain_reading_counts_it(rows: list[Row]) -> None:
    dirt = recorded.read(BANK, ISRAEL).dirt
    answered = [row for row in rows if row["outcome"] == "AGENT"]
    early = [r for r in answered if seconds(r["ser_start"]) < seconds(r["q_exit"])]
    never = [row for row in early if row["ser_start"] == "0:00:00"]
    assert len(early) == 10_982
    assert dirt["service_before_queue_exit"] == len(early) - len(never)
    assert dirt["negative_self_service"] == sum(int(row["vru_time"]) < 0 for row in rows) == 25
    assert dirt["answered_by_nobody"] == 491
    assert dirt["phantom"] == 278
    assert dirt["double_booked"] == overlaps(answered) == 257
    assert dirt["service_never_began"] == sum(r["ser_start"] == "0:00:00" for r in answered) == 50


def overlaps(answered: list[Row]) -> int:
    """Count the services that began over 1 s before the one before them, of that agent, ended."""
    served: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in answered:
        if row["server"] != "NO_SERVER" and row["ser_start"] != "0:00:00":
            began = seconds(row["ser_start"])
            served[row["date"], row["server"]].append((began, began + int(row["ser_time"])))
    return sum(
        ended - began > 1
        for spans in served.values()
        for (_, ended), (began, _) in zip(sorted(spans), sorted(spans)[1:], strict=False)
    )


HEAD = ",".join(COLUMNS)
CALL = (
    "AA01,1,C1,0,PS,1999-02-01,9:00:00,9:00:10,10,9:00:10,9:00:40,30,AGENT,9:00:40,9:02:40,120,A01"
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text(f"{HEAD}\n{CALL}\n")
    return path


async def test_a_database_that_holds_contacts_is_refused(small: Path, postgres_url: str) -> None:
    await recorded.run(small, ISRAEL, POOL, None, postgres_url)
    with pytest.raises(NotEmpty, match="the database holds 1 contacts already"):
        await recorded.run(small, ISRAEL, POOL, None, postgres_url)


@pytest.mark.kafka
async def test_a_recording_is_written_to_kafka_and_folded_from_there(
    small: Path, postgres_url: str, empty_kafka: LocalKafka
) -> None:
    await recorded.run(small, ISRAEL, POOL, empty_kafka.bootstrap, postgres_url)
    assert (await recorded.figures(postgres_url))["handle time of the answered, s"] == 120
    ends = await KafkaLog(empty_kafka.bootstrap).ends(["call-arrived", "answered"])
    assert sum(ends.values()) == 4 + 1


async def test_a_log_that_holds_a_pools_records_is_refused(small: Path) -> None:
    log = MemoryLog()
    found = recorded.read(small, ISRAEL)
    envelopes = list(facts(found.calls, POOL, ISRAEL.key))
    await recorded.write(log, envelopes, POOL)
    with pytest.raises(NotEmpty, match="which is recorded's"):
        await recorded.write(log, envelopes, POOL)


@pytest.mark.parametrize(
    ("file", "zone", "said"),
    [
        ("calls.csv", "Mars/Olympus", "No time zone found with key Mars/Olympus"),
        ("none.csv", "UTC", "No such file"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    small: Path, file: str, zone: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recorded.main([str(small.with_name(file)), "--time-zone", zone]) == 2
    assert said in capsys.readouterr().err
