"""Who calls, without saying who; and what opens it again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_runtime.sealing import SealBroken
from ivr.domain.callers import names_number, names_person, normal, prefix, reference
from ivr.domain.refusals import NotANumber
from ivr.sealing import Identity, seal, unseal

KEY, OTHER = bytes(32), bytes([1]) * 32
NONCE = bytes(12)


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("+74951234567", "+7495123"),
        ("+79161234567", "+7916123"),
        ("+77012345678", "+7701234"),
        ("+375171234567", "+3751712"),
        ("+4930123456", "+49"),
        ("+12025550123", "+1"),
        ("+6834000", "+683"),
        ("+7495123", "+7"),
        ("+37517123", "+375"),
    ],
)
def test_the_prefix_leaves_ten_thousand_numbers_open(number: str, kept: str) -> None:
    assert prefix(number) == kept


@given(st.from_regex(r"\+(7|375|1|49|380|86|683|290)[0-9]{4,11}", fullmatch=True))
def test_every_prefix_leaves_four_digits_open_or_is_a_country(number: str) -> None:
    kept = prefix(number)
    assert number.startswith(kept)
    assert len(number) - len(kept) >= 4


@pytest.mark.parametrize(
    "number", ["+999123456789", "", "anonymous", "74951234567", "+٧٤٩٥١٢٣٤٥٦٧"]
)
def test_what_is_no_countrys_number_is_refused(number: str) -> None:
    with pytest.raises(NotANumber):
        normal(number)


def test_the_reference_depends_on_the_clients_key() -> None:
    number = normal("+7 495 123-45-67")
    assert number == "+74951234567"
    assert reference(number, KEY) == reference("+74951234567", KEY)
    assert reference(number, KEY) != reference(number, OTHER)
    assert number[2:] not in reference(number, KEY)


def test_what_is_sealed_is_opened_by_the_persons_key_alone() -> None:
    who = Identity("+74951234567", "Анна")
    sealed = seal(who, KEY, NONCE, "ref")
    assert who.number not in sealed
    assert unseal(sealed, KEY, "ref") == who
    for key, ref in [(OTHER, "ref"), (KEY, "another")]:
        with pytest.raises(SealBroken):
            unseal(sealed, key, ref)


@pytest.mark.parametrize("sealed", ["", "not base64!", "QUJD", "я"])
def test_what_was_never_sealed_cannot_be_opened(sealed: str) -> None:
    with pytest.raises(SealBroken):
        unseal(sealed, KEY, "ref")


@pytest.mark.parametrize(
    "text",
    [
        "+79161234567",
        "79161234567",
        "89161234567",
        "9161234567",
        "8 (916) 123-45-67",
        "tel:+7-916-123-45-67;x=1",
        "0079161234567",
    ],
)
def test_text_that_spells_the_number_calling_is_known_for_it(text: str) -> None:
    assert names_number(text, "+79161234567")


@pytest.mark.parametrize(
    "text", ["", "C-1042", "79161234568", "19161234567", "2026-03-02T09:00:00"]
)
def test_other_text_is_not(text: str) -> None:
    assert not names_number(text, "+79161234567")


@pytest.mark.parametrize("text", ["Анна Соколова", "для анна\tСОКОЛОВА, срочно", "Анна-Соколова"])
def test_text_that_holds_the_callers_whole_name_is_known_for_it(text: str) -> None:
    assert names_person(text, "Анна  Соколова")


@pytest.mark.parametrize("text", ["", "Анна", "Жанна Соколова", "Соколова Анна"])
def test_text_with_a_part_of_the_name_is_not(text: str) -> None:
    assert not names_person(text, "Анна Соколова")


def test_a_name_without_letters_is_in_no_text() -> None:
    assert not names_person("--", "-")
