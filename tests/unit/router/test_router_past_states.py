"""A past moment is the same state wherever the fold begins, and answers are kept in bounds."""

import asyncio
import random
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.validity import NOBODY, Leadership, admit
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from router.domain.state import Fact
from router.explain.folds import Folds
from router.explain.jobs import Jobs
from tests.support.router_app import PARTITIONS, POOL
from tests.support.router_past import decisions_made, log_of, valid_offsets
from tests.support.router_walk import Walk, check_replay
from tests.support.router_world import START, Topics

seeds = st.integers(min_value=0, max_value=1 << 32)


def _folds(log: Log, kept: int) -> Folds:
    return Folds(log, PARTITIONS, Metrics(), at_once=1, waiting=9, kept=kept, apart_at_least=1)


def _led_at(topics: Topics, at: datetime) -> Leadership:
    """Return who led at that moment, with the number of their last decision by then."""
    leadership = NOBODY
    for fact in topics.facts["routed"]:
        assert fact.envelope is not None
        after, counts = admit(leadership, fact.envelope.data)
        if counts and fact.envelope.time > at:
            break
        leadership = after
    return leadership


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_the_state_of_a_decision_is_the_same_from_the_beginning_and_from_a_kept_state(
    seed: int,
) -> None:
    walk = Walk(seed).go(250)
    walk.rest()
    made = dict(zip(valid_offsets(walk.topics), decisions_made(walk.topics), strict=True))
    order = random.Random(seed)

    async def check() -> None:
        folds = _folds(await log_of(walk.topics), kept=3)
        for offset in order.sample(sorted(made), k=min(12, len(made))):
            decided = await folds.decided(POOL, offset)
            assert (decided.state, decided.decision) == made[offset]
        folds.close()

    asyncio.run(check())


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_the_state_of_a_moment_holds_what_was_decided_by_then_and_the_last_one_holds_all(
    seed: int,
) -> None:
    walk = Walk(seed).go(250)
    walk.rest()
    order = random.Random(seed)

    async def check() -> None:
        folds = _folds(await log_of(walk.topics), kept=3)
        for _ in range(6):
            at = START + timedelta(seconds=order.uniform(0, 300))
            folded = (await folds.at(POOL, at, hint=0)).state
            assert folded.leadership == _led_at(walk.topics, at)
            for topic, position in folded.positions.items():
                assert all(_time(each) <= at for each in walk.topics.facts[topic][:position])
        end = walk.topics.now + timedelta(seconds=1)
        last = (await folds.at(POOL, end, hint=0)).state
        assert last == check_replay(walk.topics, order)
        folds.close()

    asyncio.run(check())


def _time(fact: Fact) -> datetime:
    assert fact.envelope is not None
    return fact.envelope.time


async def test_the_oldest_answers_are_forgotten_when_all_together_are_too_large() -> None:
    jobs: Jobs[bytes] = Jobs(1.0, most_bytes=100)
    begun: list[str] = []

    async def ask(name: str, size: int) -> bytes | None:
        async def work() -> bytes:
            begun.append(name)
            return bytes(size)

        return await jobs.answer(name, work)

    for name in ("a", "b", "c"):
        await ask(name, 40)
    await ask("c", 40)
    await ask("b", 40)
    assert begun == ["a", "b", "c"]
    await ask("a", 40)
    assert begun == ["a", "b", "c", "a"]
    assert len(await ask("large", 1000) or b"") == 1000
    await ask("large", 1000)
    assert begun[4:] == ["large"]
