"""Where prefixes are; what the plans leave open is said to be open."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.numbering import Place, locate
from geo.domain.russia import FIXED

PUBLIC_TABLE = (
    Path(__file__).parents[4] / "shared" / "data" / "numbering" / "phonenumbers_abc_to_iso.csv"
)


@pytest.mark.parametrize(
    ("prefix", "region"),
    [
        ("+7499123", "RU-MOW"),
        ("+7834212", "RU-MO"),
        ("+7391212", "RU-KYA"),
        ("+7862212", "RU-KDA"),
        ("+7818212", "RU-ARK"),
        ("+7818531", "RU-NEN"),
        ("+3751723", "BY-HM"),
        ("+3751713", "BY-MI"),
        ("+3752321", "BY-HO"),
    ],
)
def test_a_fixed_line_code_tells_the_region(prefix: str, region: str) -> None:
    place = locate(prefix)
    assert (place.precision, place.region, place.country) == ("region", region, region[:2])


@pytest.mark.parametrize(
    ("prefix", "country"),
    [("+77012345", "KZ"), ("+7612345", "KZ"), ("+3752912", "BY"), ("+375", "BY"), ("+380", "UA")],
)
def test_where_the_plan_tells_no_region_the_country_is_told(prefix: str, country: str) -> None:
    assert locate(prefix) == Place(precision="country", country=country)


@pytest.mark.parametrize(
    ("prefix", "country", "candidates"),
    [
        ("+7916123", "RU", ()),
        ("+7495123", "RU", ("RU-MOS", "RU-MOW")),
        ("+7800555", None, ()),
        ("+7", None, ()),
        ("+7365212", None, ("RU-CR", "UA-43")),
        ("+3751701", "BY", ("BY-HM", "BY-MI")),
        ("+1", None, ()),
    ],
)
def test_what_a_prefix_leaves_open_is_ambiguous(
    prefix: str, country: str | None, candidates: tuple[str, ...]
) -> None:
    assert locate(prefix) == Place(precision="ambiguous", country=country, candidates=candidates)


@pytest.mark.parametrize(
    "prefix",
    [None, "", "+", "7495123", "+٧٤٩٥", "+999", "+0", "+012", "+800", "+7940123", "+7840123", "x"],
)
def test_what_is_of_no_plan_is_unknown(prefix: str | None) -> None:
    assert locate(prefix) == Place(precision="unknown")


@given(st.text("+0123456789", max_size=10))
def test_any_prefix_has_a_place_and_only_one_region(prefix: str) -> None:
    place = locate(prefix)
    assert (place.region is not None) == (place.precision == "region")
    assert place.precision == "ambiguous" or place.candidates == ()


def test_the_table_agrees_with_the_public_one() -> None:
    if not PUBLIC_TABLE.exists():
        pytest.skip("the public table of codes is not beside this repository")
    with PUBLIC_TABLE.open(encoding="utf-8") as rows:
        public = {row["prefix"]: row["iso_suggested"] for row in csv.DictReader(rows)}
    wrong = {}
    for prefix, suggested in public.items():
        place = locate(f"+{prefix}" if len(prefix) > 3 else f"+{_longer(prefix)}")
        found = {place.region} if place.region else set(place.candidates)
        asked = set(filter(None, suggested.split("|")))
        if not asked <= found or (found and not asked):
            wrong[prefix] = (suggested, place)
    assert wrong == {}
    codes = {prefix[1:4] for prefix in public}
    assert {code for code in FIXED if code[:3] not in codes and code[:2] not in _short(public)} == (
        set()
    )


def _longer(prefix: str) -> str:
    """Return a whole code for one that the public table cuts short: 733 is 336, 736 is 365."""
    return {"733": "7336", "736": "7365", "740": "7401"}[prefix]


def _short(public: dict[str, str]) -> set[str]:
    return {prefix[1:] for prefix in public if len(prefix) == 3}
