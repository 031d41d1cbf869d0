"""The card: what the agent sees of a call, whichever record comes first."""

from itertools import permutations

import pytest
from msgspec.structs import replace

from agent_state.domain.card import MOST_GATHERED, Card, Gathered, Place
from contact_events.calls import CallAbandoned, CallArrived, Caller, CallFlowStep, CallQueued, Text
from contact_events.locations import CallerLocated
from contact_events.registry import Event
from tests.support.agent_floor import Floor

SALES = Text(ru="Продажи", en="Sales")
CALLER = Caller(ref="f" * 64, ref_version=1, prefix="+7916123", sealed="c2VhbGVk")
MOSCOW = CallerLocated(
    call_id="k1", precision="region", source="plan", country="RU", region="RU-MOW"
)


def arrived(floor: Floor, **attributes: str) -> CallArrived:
    return replace(floor.arrived("k1"), caller=CALLER, attributes=attributes)


def step(choice: str | None, label: Text | None) -> CallFlowStep:
    return CallFlowStep(call_id="k1", flow_id="menu", step="queue", choice=choice, label=label)


def card(floor: Floor, agent_id: str = "a1") -> Card:
    filling = floor.agent(agent_id).slots[0].filling
    assert filling.card is not None  # type: ignore[union-attr]
    return filling.card  # type: ignore[union-attr]


def test_an_offer_brings_what_the_flow_gathered_the_place_and_the_customer_reference() -> None:
    floor = Floor("a1")
    floor.hear(arrived(floor, vip="gold", customer_ref="C-17"), step("1", SALES), MOSCOW)
    floor.rung("k1", "a1")
    assert card(floor) == Card(
        client="acme",
        client_name="Acme",
        project="sales",
        greeting=Text(ru="Акме, здравствуйте", en="Acme, hello"),
        customer_ref="C-17",
        gathered=(
            Gathered(source="attribute", name="vip", value="gold"),
            Gathered(source="flow", name="queue", value="1", label=SALES),
        ),
        place=Place(precision="region", country="RU", region="RU-MOW"),
        caller_ref=CALLER.ref,
    )


def test_the_card_is_the_same_whichever_topic_is_read_first() -> None:
    cards = set()
    for order in permutations(["call", "place", "offer"]):
        floor = Floor("a1")
        offer = floor.record(floor.offer("k1", "a1"))
        calls = [floor.record(arrived(floor, vip="gold")), floor.record(step("1", SALES))]
        place = floor.record(MOSCOW)
        for kind in order:
            floor.read({"call": calls, "place": [place], "offer": [offer]}[kind])
        cards.add(card(floor))
    assert len(cards) == 1
    assert next(iter(cards)).place is not None


def test_each_new_thing_known_while_it_rings_or_talks_is_a_change_that_the_desktop_shows() -> None:
    floor = Floor("a1")
    floor.hear(arrived(floor))
    floor.rung("k1", "a1")
    versions = [floor.agent("a1").version]
    for fact in (step("1", SALES), MOSCOW):
        floor.hear(fact)
        versions.append(floor.agent("a1").version)
    assert versions[0] < versions[1] < versions[2]
    assert card(floor).place is not None


@pytest.mark.parametrize("fact", [step(None, None), step("7", None)])
def test_keys_that_the_menu_has_no_word_for_are_not_shown(fact: Event) -> None:
    floor = Floor("a1")
    floor.hear(arrived(floor), fact)
    floor.rung("k1", "a1")
    assert card(floor).gathered == ()


@pytest.mark.parametrize(
    "value", ["+79161234567", "+7 (916) 123-45-67", "89161234567", "7 916 123 45 67"]
)
def test_an_attribute_that_reads_as_a_telephone_number_is_not_shown(value: str) -> None:
    floor = Floor("a1")
    floor.hear(arrived(floor, came_from=value, customer_ref=value, order="20260302"))
    floor.rung("k1", "a1")
    assert [each.name for each in card(floor).gathered] == ["order"]
    assert card(floor).customer_ref is None


def test_attributes_for_the_router_are_not_shown() -> None:
    floor = Floor("a1")
    floor.hear(arrived(floor, preferred_agent_id="a9"))
    floor.rung("k1", "a1")
    assert card(floor).gathered == ()


def test_a_caller_who_chooses_for_ever_does_not_fill_the_card() -> None:
    floor = Floor("a1")
    floor.hear(arrived(floor), *[step("1", SALES)] * (MOST_GATHERED + 5))
    floor.rung("k1", "a1")
    assert len(card(floor).gathered) == MOST_GATHERED


def test_an_unknown_place_is_no_place() -> None:
    floor = Floor("a1")
    floor.hear(arrived(floor), CallerLocated(call_id="k1", precision="unknown", source="plan"))
    floor.rung("k1", "a1")
    assert card(floor).place is None


def test_prefix_and_seal_of_the_caller_are_in_no_row() -> None:
    floor = Floor("a1")
    floor.hear(arrived(floor), CallQueued(call_id="k1", attempt=1, queue_id="q"), MOSCOW)
    floor.rung("k1", "a1")
    rows = "".join(str(row.text) for row in floor.store.rows.values())
    assert not any(secret in rows for secret in (CALLER.prefix, CALLER.sealed))


def test_a_place_that_comes_after_all_was_forgotten_brings_nothing_back() -> None:
    floor = Floor("a1", stride=256)
    floor.hear(arrived(floor), CallAbandoned(call_id="k1", attempt=1))
    floor.hear(floor.progress(floor.offsets["call-arrived"]))
    assert not floor.remembers("k1")
    floor.hear(MOSCOW)
    assert not floor.remembers("k1")
