"""What a log line holds, and what it never holds."""

import json
import logging
import sys

import pytest

from contact_runtime.http import context
from contact_runtime.logs import Line, OnceInAWhile, redacted


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("ivr.http", logging.INFO, "a.py", 1, message, args, None)
    made.__dict__.update(extra)
    return made


def line(made: logging.LogRecord) -> dict[str, object]:
    text = Line("ivr").format(made)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_is_json_with_its_service_and_fields() -> None:
    found = line(record("call arrived", queue="billing", waiting=3))
    assert found["message"] == "call arrived"
    assert found["service"] == "ivr"
    assert found["level"] == "INFO"
    assert (found["queue"], found["waiting"]) == ("billing", 3)


def test_a_line_says_which_request_it_belongs_to() -> None:
    token = context.request_id.set("r1")
    try:
        assert line(record("x"))["request_id"] == "r1"
    finally:
        context.request_id.reset(token)


@pytest.mark.parametrize(
    "written",
    [
        "+74951234567",
        "+7 (495) 123-45-67",
        "+375 29 123 45 67",
        "+7.495.123.45.67",
        "%2B74951234567",
        "tel:+74951234567,",
        "a+74951234567b",
    ],
)
def test_a_number_is_never_written_wherever_it_stands(written: str) -> None:
    def digits(text: str) -> str:
        return "".join(ch for ch in text if ch.isdigit())

    assert "4951234567" not in digits(redacted(written))
    assert "291234567" not in digits(redacted(written))
    found = line(record(f"heard {written}", caller=written, deep={"ani": [written]}))
    assert "123" not in json.dumps(found["message"])
    assert "123" not in json.dumps(found["caller"])
    assert "123" not in json.dumps(found["deep"])


def test_a_number_in_a_traceback_is_not_written() -> None:
    try:
        raise ValueError("bad number +74951234567")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    text = Line("ivr").format(made)
    assert "ValueError" in text
    assert "4951234567" not in text


@pytest.mark.parametrize(
    "kept", ["2026-03-02T09:00:00+03:00", "offset 12345678901", "1 + 2", "+1", "a1b2c3d4e5f60718"]
)
def test_times_positions_and_ids_stay_readable(kept: str) -> None:
    assert redacted(kept) == kept


def test_a_flood_is_one_line_in_a_while_which_counts_the_others() -> None:
    now_s = [0.0]
    held = OnceInAWhile("Unable connect", every_s=10.0, now_s=lambda: now_s[0])
    message = 'Unable connect to "%s:%s": %s'
    passed = [held.filter(record(message, "kafka", 9092, f"error {n}")) for n in range(1000)]
    assert passed.count(True) == 1
    assert held.filter(record(message, "kafka-2", 9092, "error"))  # another broker is news
    assert held.filter(record("joined the group"))
    late = record(message, "kafka", 9092, "error")
    now_s[0] = 9.9
    assert not held.filter(late)
    now_s[0] = 10.0
    assert held.filter(late)
    assert late.__dict__["held_back"] == 1000
