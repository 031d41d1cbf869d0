"""The call on the agent's screen, as the desktop's socket shows it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agent_state.tables import CONTACT
from contact_events.calls import (
    CallArrived,
    CallConnected,
    CallDisconnected,
    Caller,
    CallFlowStep,
    CallQueued,
    Text,
)
from contact_events.locations import CallerLocated
from contact_events.routing import CallRouted, RouterEpochStarted
from tests.support.agent_service import AgentService, Desktop, agent_service, agent_store
from tests.support.wait import until

SHOWN = {
    "client": "acme",
    "client_name": "Acme",
    "project": "sales",
    "greeting": {"ru": "Акме, здравствуйте", "en": "Acme, hello"},
    "queue": "acme-sales",
    "customer_ref": "C-17",
    "gathered": [
        {
            "source": "flow",
            "name": "queue",
            "value": "1",
            "label": {"ru": "Продажи", "en": "Sales"},
        }
    ],
    "place": {"precision": "region", "country": "RU", "region": "RU-MOW", "candidates": []},
    "contacts": [],
    "screen_pop": None,
}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[AgentService]:
    async with agent_store(None) as store, agent_service(store, tmp_path / "keys") as made:
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await made.describe("a1", "a2")
        yield made


async def offered(service: AgentService, desk: Desktop) -> CallRouted:
    """Offer k1 to a1, of which nothing is known but that it arrived, and return the offer."""
    await desk.ask("ready")
    arrived = replace(service.floor.arrived("k1"), attributes={"customer_ref": "C-17"})
    await service.append(arrived)
    offer = service.floor.offer("k1", "a1")
    await service.append(offer)
    await desk.heard("offer", customer_ref="C-17")
    return offer


def chosen() -> CallFlowStep:
    label = Text(ru="Продажи", en="Sales")
    return CallFlowStep(call_id="k1", flow_id="menu", step="queue", choice="1", label=label)


def located() -> CallerLocated:
    return CallerLocated(
        call_id="k1", precision="region", source="plan", country="RU", region="RU-MOW"
    )


def card(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in SHOWN}


async def test_an_offer_comes_again_with_the_same_reservation_once_more_is_known(
    service: AgentService,
) -> None:
    async with service.desktop("a1") as desk:
        offer = await offered(service, desk)
        await service.append(chosen())
        await desk.heard("offer", reservation_id=offer.reservation_id, gathered=SHOWN["gathered"])
        await service.append(located())
        last = await desk.heard("offer", reservation_id=offer.reservation_id, place=SHOWN["place"])
        assert card(last) == SHOWN


async def test_what_is_known_in_the_talk_is_shown_in_the_talk_and_to_who_connects_later(
    service: AgentService,
) -> None:
    async with service.desktop("a1") as desk:
        offer = await offered(service, desk)
        await service.append(chosen())
        assert (await desk.ask("accept", reservation_id=offer.reservation_id))["ok"]
        await service.append(
            CallConnected(
                call_id="k1", attempt=1, reservation_id=offer.reservation_id, agent_id="a1"
            )
        )
        await desk.heard("call", state="connected")
        await service.append(located())
        told = await desk.heard("call", state="connected", place=SHOWN["place"])
        assert card(told) == SHOWN
        async with service.desktop("a1") as later:
            assert card(await later.heard("call", state="connected")) == SHOWN
        await service.append(CallDisconnected(call_id="k1", attempt=1, by="caller"))
        await desk.heard("call", state="ended")
        async with service.desktop("a1") as in_wrap_up:
            assert card(await in_wrap_up.heard("call", state="ended")) == SHOWN
        assert (await desk.ask("wrap_up", reservation_id=offer.reservation_id))["ok"]
        async with service.desktop("a1", after=told["sequence"]) as resumed:
            over = await resumed.heard("call", state="ended")
            assert (over["client"], over["customer_ref"], over["place"]) == ("acme", None, None)
            assert "C-17" not in str(resumed.told)
        async with service.desktop("a1") as after:
            await after.ask("ready")
            assert [told["type"] for told in after.told if told["type"] in ("call", "offer")] == []


async def test_an_offer_carries_the_finished_url_of_the_project_s_own_page(
    service: AgentService,
) -> None:
    name = {"ru": "Открыть", "en": "Open"}
    url = "https://crm.example/open?case={customer_ref}&call={call_id}&queue={queue}&at={region}"
    async with service.client("administrator") as admin:
        made = await admin.put("/v1/screen-pops/sales", json={"name": name, "url": url})
        assert made.status_code == 200, made.text
    async with service.desktop("a1") as desk:
        offer = await offered(service, desk)
        filled = "https://crm.example/open?case=C-17&call=k1&queue=acme-sales&at="
        assert desk.told[-1]["screen_pop"] == {"name": name, "url": filled}
        await service.append(located())
        again = await desk.heard("offer", reservation_id=offer.reservation_id)
        assert again["screen_pop"]["url"] == filled + "RU-MOW"


async def test_a_page_that_was_deactivated_is_offered_no_more(service: AgentService) -> None:
    body = {"name": {"ru": "Открыть", "en": "Open"}, "url": "https://crm.example/{call_id}"}
    async with service.client("administrator") as admin:
        await admin.put("/v1/screen-pops/sales", json=body)
        gone = await admin.delete("/v1/screen-pops/sales", headers={"If-Match": '"1"'})
        assert gone.status_code == 200, gone.text
    async with service.desktop("a1") as desk:
        await offered(service, desk)
        assert desk.told[-1]["screen_pop"] is None


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def on_each_store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[AgentService]:
    """The service, once in memory and once on real PostgreSQL."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    async with agent_store(url) as store, agent_service(store, tmp_path / "keys") as made:
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await made.describe("a1")
        async with made.client("administrator") as admin:
            name = {"ru": "Возврат", "en": "Refund"}
            await admin.put("/v1/wrap-up-codes/refund", json={"name": name})
        yield made


def calls(service: AgentService, call_id: str) -> CallArrived:
    caller = Caller(ref="f" * 64, ref_version=1, prefix="+7916123", sealed="c2VhbGVk")
    return replace(service.floor.arrived(call_id), caller=caller)


async def test_who_calls_again_is_shown_with_what_came_of_the_last_call(
    on_each_store: AgentService,
) -> None:
    service = on_each_store
    async with service.desktop("a1") as desk:
        await desk.ask("ready")
        first = service.floor.offer("k1", "a1")
        await service.append(calls(service, "k1"), first)
        await desk.heard("offer", call_id="k1")
        about = {"reservation_id": first.reservation_id}
        assert (await desk.ask("accept", **about))["ok"]
        await service.append(
            CallQueued(call_id="k1", attempt=1, queue_id="acme-sales"),
            CallConnected(call_id="k1", attempt=1, agent_id="a1", **about),
            CallDisconnected(call_id="k1", attempt=1, by="caller"),
        )
        await desk.heard("call", state="ended")
        assert (await desk.ask("wrap_up", codes=["refund"], **about))["ok"]

        async def projected() -> bool:
            return bool((await service.store.peek(CONTACT, "k1")).codes)

        await until("the codes of the first call are projected", projected)
        await service.append(calls(service, "k2"), service.floor.offer("k2", "a1"))
        shown = await desk.heard("offer", call_id="k2", client="acme")
        [last] = shown["contacts"]
        assert last.pop("at")
        assert last == {
            "channel": "voice",
            "outcome": "answered",
            "queue": "acme-sales",
            "agent_id": "a1",
            "codes": ["refund"],
        }
