"""Reading along a topic by eye: `python -m contact_runtime.tail routed`, one line an event.

    12:00:07.250 p2@15 call.routed c-81 queue=billing agent_id=a-7 <- router/main/3/r-1 #9

is business time, partition and offset, type, subject, data, stream and sequence. Nobody's number
is shown: none stands in clear in the log.
"""

import argparse
import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from contact_events.envelope import Decoded, Envelope, Undecodable, decode
from contact_events.registry import event_type_of
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Log, NoSuchTopic, Record, TopicPartition, Unavailable

SHOWN_CHARACTERS = 60


def line_of(record: Record) -> str:
    """Return the record as one line, whatever is in it."""
    place = f"p{record.partition}@{record.offset}"
    try:
        decoded = decode(record.value)
    except Undecodable as error:
        return f"-            {place} (undecodable: {error.reason}) {_short(record.value)}"
    if not isinstance(decoded, Decoded):
        return f"-            {place} (unknown type {decoded.type}) {_short(record.value)}"
    return _event_line(decoded.envelope, place)


def _event_line(envelope: Envelope, place: str) -> str:
    at = envelope.time.isoformat(timespec="milliseconds")[11:23]
    name = event_type_of(type(envelope.data)).name
    fields: dict[str, Any] = msgspec.to_builtins(envelope.data)
    told = " ".join(
        f"{field}={_short(value)}" for field, value in fields.items() if value != envelope.subject
    )
    come_from = f"<- {envelope.stream} #{envelope.sequence}"
    return f"{at} {place} {name} {envelope.subject} {told} {come_from}"


def _short(value: object) -> str:
    """Return a value as a word or two, without line breaks."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bytes):
        text = value.decode(errors="replace")
    else:
        text = msgspec.json.encode(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


async def tail(
    log: Log, topic: str, *, last: int, follow: bool, show: Callable[[str], object]
) -> None:
    """Show the last `last` records of each partition, then, with `follow`, all that come.

    Raises:
        NoSuchTopic: there is no such topic.
        Unavailable: the log did not answer within its bound.
    """
    starts, ends = await log.starts([topic]), await log.ends([topic])
    reader = await log.reader({tp: max(starts[tp], end - last) for tp, end in ends.items()})
    unread = {tp for tp, end in ends.items() if end > starts[tp] and last > 0}
    try:
        while follow or unread:
            for record in await reader.read():
                show(line_of(record))
                tp = TopicPartition(record.topic, record.partition)
                if record.offset + 1 >= ends[tp]:
                    unread.discard(tp)
    finally:
        await reader.close()


def main(argv: Sequence[str] | None = None) -> None:
    """Show a topic's events, one a line, as they come."""
    parser = argparse.ArgumentParser(prog="contact_runtime.tail", description=main.__doc__)
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP", "127.0.0.1:19092")
    parser.add_argument("topic", help="such as routed")
    parser.add_argument("--bootstrap", default=bootstrap, help="Kafka (KAFKA_BOOTSTRAP)")
    parser.add_argument("--last", type=int, default=10, help="so many of each partition first")
    parser.add_argument("--once", action="store_true", help="end there instead of waiting for more")
    told = parser.parse_args(argv)
    log = KafkaLog(told.bootstrap)
    running = tail(log, told.topic, last=told.last, follow=not told.once, show=_print)
    try:
        with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
            asyncio.run(running)
    except (NoSuchTopic, Unavailable) as error:
        raise SystemExit(f"{error.code}: {error}") from error


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
