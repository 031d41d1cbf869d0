"""Which revision of a definition holds on which days."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contact_events.calls import Text
from reporting.domain.agreements import Agreement
from reporting.domain.in_force import InForce, in_force

NAME = Text(ru="Acme", en="Acme")
FIRST = date(2026, 1, 1)


def revisions(*since: date | None) -> list[tuple[int, Agreement]]:
    """Return revisions 1, 2, .. that count from these days on."""
    return [
        (number, Agreement(name=NAME, valid_from=None if day is None else day.isoformat()))
        for number, day in enumerate(since, 1)
    ]


def days(held: InForce) -> tuple[int, date | None, date | None]:
    return held.definition.version, held.begins_on, held.ends_on


def test_a_revision_is_in_force_until_the_next_one_counts() -> None:
    march = date(2026, 3, 1)
    assert [days(each) for each in in_force("sl", revisions(None, march))] == [
        (1, None, march),
        (2, march, None),
    ]


def test_a_later_revision_that_counts_from_earlier_on_takes_the_place_of_those_between() -> None:
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    found = [days(each) for each in in_force("sl", revisions(april, march))]
    assert found == [(2, march, None)]
    assert list(in_force("sl", [])) == []


@given(st.lists(st.none() | st.integers(0, 9), min_size=1, max_size=6), st.integers(-1, 12))
def test_on_every_day_the_last_revision_that_counts_is_in_force(
    since: list[int | None], at: int
) -> None:
    day = FIRST + timedelta(days=at)
    said = [None if n is None else FIRST + timedelta(days=n) for n in since]
    counts = [number for number, each in enumerate(said, 1) if each is None or each <= day]
    found = [
        held.definition.version
        for held in in_force("sl", revisions(*said))
        if (held.begins_on is None or held.begins_on <= day)
        and (held.ends_on is None or day < held.ends_on)
    ]
    assert found == counts[-1:]
