"""`python -m router replay --verify FROM TO`: every recorded decision must come out again."""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contact_events.partitions import partition_of
from contact_events.topics import ROUTED
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Log, LogError, TopicPartition
from router.domain.state import Fact, State
from router.past import Past, begin_of_batch
from router.replay import Difference, Replay, Verification
from router.version import code_version

SAME, DIFFERS, UNREADABLE = 0, 1, 2
END: Final = "end"


class BeyondTheEnd(LogError):
    """The log does not reach so far. Look where it ends and ask again."""

    code = "beyond-the-end"


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of the decisions from `start` to before `end` of `routed`."""

    start: int
    end: int
    decisions: int
    difference: Difference | None

    def __str__(self) -> str:
        """Return it as one line."""
        if self.difference is not None:
            return str(self.difference)
        return (
            f"routed offsets {self.start} to {self.end}: {self.decisions} valid decisions came "
            "out again bit for bit"
        )


async def verify(log: Log, pool: str, start: int, end: int | None = None) -> Verified:
    """Fold the pool's log from 0 and decide again what was decided from `start` to before `end`.

    A batch is decided as a whole: verified are all decisions of those batches that lie between
    the offsets, or reach over one of them. `end` None: to the log's end.

    Raises:
        BeyondTheEnd: the log does not reach to `start`, or not to `end`.
        LogError: the log does not answer.
    """
    ends = await log.ends([ROUTED.name])
    at = TopicPartition(ROUTED.name, partition_of(pool, len(ends)))
    if max(start, end or 0) > ends[at]:
        raise BeyondTheEnd(f"{at.topic} of pool {pool} ends at {ends[at]}")
    begin = await begin_of_batch(log, at, pool, start)
    past = await Past.open(log, at.partition, Replay(State(pool)))
    try:
        await past.go(lambda fact: fact.offset >= begin)
        verification = Verification(past.replay.state, past.replay.code_version)
        past.replay = verification
        if await past.go(lambda fact: _done(verification, fact, end)) is None:
            verification.close()
    finally:
        await past.close()
    return Verified(begin, past.routed, verification.verified, verification.difference)


def _done(verification: Verification, fact: Fact, end: int | None) -> bool:
    if verification.difference is not None:
        return True
    return end is not None and fact.offset >= end and not verification.within_batch


def main(arguments: Sequence[str], bootstrap: str | None, pool: str) -> int:
    """Return the exit code: 0 if all came out again, 1 if not, 2 if the log cannot be read."""
    words = argparse.ArgumentParser("router replay", description=__doc__)
    words.add_argument(
        "--verify",
        nargs=2,
        metavar=("FROM", "TO"),
        required=True,
        help=f"offsets of `routed` in the pool's partition, TO excluded; {END}: the log's end",
    )
    words.add_argument("--bootstrap", default=bootstrap, required=not bootstrap, help="Kafka")
    words.add_argument("--pool", default=pool)
    said = words.parse_args(arguments)
    start, end = said.verify
    if not start.isdecimal() or not (end == END or (end.isdecimal() and int(end) >= int(start))):
        words.error(f"--verify takes offsets, FROM up to TO or {END}")
    return _verified(said.bootstrap, said.pool, int(start), None if end == END else int(end))


def _verified(bootstrap: str, pool: str, start: int, end: int | None) -> int:
    try:
        found = asyncio.run(verify(KafkaLog(bootstrap), pool, start, end))
    except LogError as error:
        print(f"router replay: the log cannot be read: {error}")
        return UNREADABLE
    print(found)
    if found.difference is None:
        return SAME
    if found.difference.code_version != code_version():
        print(f"this is code version {code_version()!r}, which may decide otherwise")
    return DIFFERS
