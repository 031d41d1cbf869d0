"""Who starts waits for a log that does not answer yet, but not for one that says no."""

import pytest

from contact_runtime import log
from contact_runtime.log import LogError, Unavailable, WrongPartitions, once_there


class Asked:
    """Fails with each of these in turn, then answers how often it was asked."""

    def __init__(self, *failures: LogError) -> None:
        self._failures = list(failures)
        self.times = 0

    async def __call__(self) -> int:
        self.times += 1
        if self._failures:
            raise self._failures.pop(0)
        return self.times


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PAUSE_S", 0.0)


async def test_a_log_that_answers_late_is_waited_for() -> None:
    assert await once_there(Asked(Unavailable("a"), Unavailable("b")), limit_s=60) == 3


async def test_a_log_that_never_answers_is_unavailable_in_the_end() -> None:
    asked = Asked(Unavailable("a"), Unavailable("b"))
    with pytest.raises(Unavailable, match="a"):
        await once_there(asked, limit_s=0)
    assert asked.times == 1


async def test_a_log_that_says_no_is_not_asked_again() -> None:
    asked = Asked(WrongPartitions("4, not 8"))
    with pytest.raises(WrongPartitions):
        await once_there(asked, limit_s=60)
    assert asked.times == 1
