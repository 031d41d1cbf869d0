"""One JSON line an event, without anybody's number, and no flood when a broker is away."""

import logging
import re
import sys
import time
from collections.abc import Callable
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from contact_runtime.http import context

REPEATED_AFTER_S = 10.0
_MOST_REMEMBERED = 1000
_NUMBER = re.compile(r"(?:\+|%2[Bb])(?=[1-9])(?:[ ().-]{0,2}\d){7,15}(?!\d)")


def redacted(text: str) -> str:
    """Return `text` with every telephone number (`+` and 7 to 15 digits) as `+***`."""
    return _NUMBER.sub("+***", text) if "+" in text or "%2" in text else text


class Line(JsonFormatter):
    """A record as one line of JSON with the service, the request and the trace it belongs to."""

    def __init__(self, service: str) -> None:
        """Name the service in every line."""
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="at",
            json_ensure_ascii=False,
            json_default=str,
        )
        self._service = service

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Add what every line carries."""
        super().add_fields(log_data, record, message_dict)
        log_data["service"] = self._service
        if request_id := context.request_id.get():
            log_data["request_id"] = request_id
        if traceparent := context.traceparent.get():
            log_data["traceparent"] = traceparent

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, redacted as a whole: messages, fields and tracebacks alike."""
        return redacted(super().format(record))


class OnceInAWhile(logging.Filter):
    """Passes a logger's line once in 10 s; the next one says how many were held back."""

    def __init__(
        self,
        message_start: str,
        every_s: float = REPEATED_AFTER_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold back lines whose unformatted message starts so; `now_s` is machine time."""
        super().__init__()
        self._start = message_start
        self._every_s = every_s
        self._now_s = now_s
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is to be written."""
        if not str(record.msg).startswith(self._start):
            return True
        now = self._now_s()
        about = (str(record.msg), str(record.args[:2]) if isinstance(record.args, tuple) else "")
        said_at, held = self._last.get(about, (-self._every_s, 0))
        if now - said_at < self._every_s:
            self._last[about] = (said_at, held + 1)
            return False
        if len(self._last) >= _MOST_REMEMBERED:
            self._last.clear()
        self._last[about] = (now, 0)
        record.held_back = held
        return True


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send all logs of this process to stdout as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Line(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    flood = logging.getLogger("aiokafka.client")
    flood.filters = [OnceInAWhile("Unable connect")]
    for quiet in ("aiokafka", "uvicorn", "websockets"):
        logging.getLogger(quiet).setLevel(max(logging.WARNING, logging.getLevelName(level)))
