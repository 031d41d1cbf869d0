"""Silence is judged in machine time, and only while the log answers."""

from collections.abc import Iterator

import pytest

from contact_events.validity import Leadership
from contact_runtime.log import Record
from router.heartbeats import TOPIC, heartbeat, is_life
from router.silence import JITTER_S, LIMIT_S, Silence


def _looks(silence: Silence, seconds: float, *, step: float = 0.05) -> Iterator[bool]:
    at = 0.0
    while at <= seconds:
        yield silence.look(at, 0.0)
        at += step


@pytest.mark.parametrize("drawn", [0.0, 0.5, 1.0])
def test_who_was_silent_for_the_limit_and_a_drawn_bit_more_is_replaced(drawn: float) -> None:
    limit_s = LIMIT_S + JITTER_S * drawn
    assert not any(_looks(Silence(lambda: drawn), limit_s - 0.1))
    assert any(_looks(Silence(lambda: drawn), limit_s + 0.1))


def test_whoever_is_heard_is_not_silent() -> None:
    silence = Silence(lambda: 0.0)
    for n in range(100):
        if n % 10 == 0:
            silence.broken()
        assert not silence.look(n * 0.05, 0.0)


def test_a_log_that_does_not_answer_says_nothing_about_the_leader() -> None:
    silence = Silence(lambda: 0.0)
    assert not any(silence.look(n * 0.05, unheard_s=n * 0.05) for n in range(200))
    assert not silence.look(10.05, 0.0), "the count begins anew"


def test_a_pause_of_this_process_is_no_silence_of_another() -> None:
    silence = Silence(lambda: 0.0)
    silence.look(0.0, 0.0)
    assert not silence.look(60.0, 0.0)


def test_only_the_present_leaders_heartbeat_is_a_sign_of_life() -> None:
    leadership = Leadership(3, "x.1", 0)

    def heard(pool: str, epoch: int, owner: str) -> bool:
        entry = heartbeat(pool, Leadership(epoch, owner, 0))
        record = Record(TOPIC, 0, 0, entry.key, entry.value, (), 0)
        return is_life(record, "main", leadership)

    assert heard("main", 3, "x.1")
    assert not heard("main", 2, "x.1")
    assert not heard("main", 3, "y.1")
    assert not heard("other", 3, "x.1")
    assert not is_life(Record(TOPIC, 0, 0, None, b"?", (), 0), "main", leadership)
