import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_events.identity import derived_id, reservation_id
from contact_events.partitions import partition_of


def test_a_pool_keeps_its_partition_for_ever() -> None:
    assert [partition_of(pool, 4) for pool in ("main", "north", "south", "")] == [3, 1, 3, 0]


@given(st.text(), st.integers(1, 1000))
def test_every_pool_has_a_partition(pool: str, partitions: int) -> None:
    assert 0 <= partition_of(pool, partitions) < partitions


def test_without_partitions_there_is_none_to_choose() -> None:
    with pytest.raises(ValueError, match="at least one"):
        partition_of("main", 0)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_other_causes_lead_to_other_ids(one: list[str], other: list[str]) -> None:
    assert (derived_id(*one) == derived_id(*other)) == (one == other)


def test_the_same_decision_creates_the_same_reservation() -> None:
    assert reservation_id("main", 1, "x", 2) == reservation_id("main", 1, "x", 2)
    assert reservation_id("main", 1, "x", 2) != reservation_id("main", 1, "y", 2)
