"""Reading along a topic: every record is one readable line, whatever is in it."""

from pathlib import Path

import pytest

from contact_events.topics import ROUTED
from contact_runtime.log import Entry, NoSuchTopic, Record, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.tail import line_of, tail

EXAMPLES = Path(__file__).parents[3] / "libs" / "events" / "examples"


def record(value: bytes | None) -> Record:
    return Record("routed", 2, 15, b"k", value, (), 0)


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_event_is_one_line_with_its_type_and_place(example: Path) -> None:
    line = line_of(record(example.read_bytes()))
    assert example.stem.rsplit(".", 1)[0] in line
    assert "p2@15" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"no\nevent " + b"x" * 500, "undecodable"),
        (None, "undecodable"),
        (b"\xff\xfe", "undecodable"),
    ],
)
def test_what_is_no_event_is_shown_too(value: bytes | None, said: str) -> None:
    line = line_of(record(value))
    assert said in line
    assert "\n" not in line


async def test_the_last_records_are_shown_of_each_partition() -> None:
    log = MemoryLog()
    await log.ensure_topics([ROUTED], 2)
    writer = await log.writer()
    for n in range(2):
        await writer.append(TopicPartition(ROUTED.name, n), [Entry(b"k", b"%d" % n)] * 5)
    shown: list[str] = []
    await tail(log, ROUTED.name, last=2, follow=False, show=shown.append)
    assert [line.split()[1] for line in shown] == ["p0@3", "p0@4", "p1@3", "p1@4"]


async def test_a_topic_that_is_not_there_is_named() -> None:
    with pytest.raises(NoSuchTopic, match="roated"):
        await tail(MemoryLog(), "roated", last=2, follow=False, show=print)
