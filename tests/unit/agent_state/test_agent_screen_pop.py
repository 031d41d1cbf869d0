"""The client's own page about a call: which templates may be, and what becomes of one."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_state.domain.screen_pop import VARIABLES, Page, ScreenPop, page, wrongs
from contact_events.calls import Text

NAME = Text(ru="Открыть", en="Open")
CRM = "https://crm.example/open?case={customer_ref}&call={call_id}&queue={queue}"


def pop(url: str) -> ScreenPop:
    return ScreenPop(name=NAME, url=url)


def test_a_page_is_the_template_with_what_is_known_of_the_call() -> None:
    values = {"customer_ref": "C-17", "call_id": "k1", "queue": None}
    assert page(pop(CRM), values) == Page(NAME, "https://crm.example/open?case=C-17&call=k1&queue=")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_a_value_holds_it_stays_one_value_of_the_same_host_and_path(value: str) -> None:
    filled = page(
        pop("https://crm.example/a/{queue}/b?case={customer_ref}&x=1#f"),
        {"queue": value, "customer_ref": value},
    ).url
    parts = urlsplit(filled)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "crm.example", "f")
    assert parts.path.count("/") == 3
    assert not {".", ".."} & set(parts.path.split("/"))
    asked = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert asked["x"] == ["1"]
    assert asked["case"] == ["" if value in (".", "..") else value]


@pytest.mark.parametrize(
    "url",
    [
        CRM,
        "https://crm.example:8443/c/{client}/{project}?r={region}&c={country}&a={attempt}",
        "https://crm.example/#/calls/{call_id}/{reservation_id}",
        "http://localhost:5000/pop?call={call_id}",
        "http://[::1]:5000/pop",
        "https://crm.example",
    ],
)
def test_a_template_that_leads_to_one_place_may_be(url: str) -> None:
    assert wrongs(url) == []


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("http://crm.example/{call_id}", {"not_https"}),
        ("http://10.0.0.7/{call_id}", {"not_https"}),
        ("javascript:alert({call_id})", {"not_https", "not_a_url"}),
        ("//crm.example/x", {"not_https"}),
        ("/x?call={call_id}", {"not_https", "not_a_url"}),
        ("https:///x", {"not_a_url"}),
        ("https://{client}.crm.example/", {"variable_in_host"}),
        ("https://crm.example:{attempt}/", {"not_a_url"}),
        ("https://user:secret@crm.example/", {"password_in_url"}),
        ("https://crm.example@{client}/", {"password_in_url", "variable_in_host"}),
        ("https://crm.example:99999/", {"not_a_url"}),
        ("https://crm.example/{number}?n={name}", {"unknown_variable"}),
        ("https://crm.example/{}", {"unknown_variable"}),
        ("https://crm.example/{call_id", {"not_a_url"}),
        ("https://crm.example/call_id}", {"not_a_url"}),
        ("https://crm.example/{{call_id}}", {"not_a_url"}),
        ("https://crm.example/a b", {"not_a_url"}),
        ("https://crm.example\\@evil.example/", {"not_a_url", "password_in_url"}),
        ("https://crm.example/\u202e", {"not_a_url"}),
        ("HTTP://crm.example/{who}{where}", {"not_https", "unknown_variable"}),
    ],
)
def test_all_that_is_wrong_with_a_template_is_told_at_once(url: str, codes: set[str]) -> None:
    assert {wrong.code for wrong in wrongs(url)} == codes


def test_each_unknown_variable_is_named() -> None:
    told = [wrong.detail for wrong in wrongs("https://crm.example/{number}{name}{number}")]
    assert len(told) == 2
    assert told[0].startswith("{name}: not one of attempt, call_id")


def test_no_variable_tells_who_calls() -> None:
    assert not {"number", "name", "caller_ref", "prefix", "ani"} & set(VARIABLES)
