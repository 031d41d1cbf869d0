"""What each role sees of a caller."""

import pytest

from contact_runtime.http.roles import ROLES
from ivr.domain.masking import SIGHTS, masked_name, masked_number, seen_by


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+79161234567", "+7916123****"),
        ("+375291234567", "+3752912*****"),
        ("+4930123456", "+49********"),
    ],
)
def test_of_a_masked_number_only_the_prefix_that_may_stand_in_the_log_is_seen(
    number: str, masked: str
) -> None:
    assert masked_number(number) == masked
    assert masked.count("*") >= 4


def test_of_a_masked_name_the_initials_are_seen() -> None:
    assert masked_name("Анна  Соколова") == "А. С."


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_role_but_the_centre_s_own_agents_sees_callers_masked(role: str) -> None:
    seen = seen_by(role, "+79161234567", "Anna")
    assert seen.masked == (role != "agent")
    assert (seen.number == "+79161234567", seen.name == "Anna") == (role == "agent",) * 2


def test_the_table_names_only_roles_that_exist() -> None:
    assert set(SIGHTS) <= set(ROLES)
