"""Definitions, tariffs and rules of alerts as documents: revisions, faults, tenants, events."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.billing import DefinitionChanged, TariffChanged
from contact_runtime.memory_store import MemoryStore
from tests.support.reporting_app import Reporting, reporting_app

NAME = {"ru": "Имя", "en": "Name"}
TALK = {"rule_id": "talk", "kind": "per_minute", "price": "12.50", "round_up_s": 6}
LEVEL = {
    "rule_id": "level",
    "kind": "service_level",
    "definition_id": "acme-sl",
    "bonus_from": "0.9",
    "bonus_percent": "5",
}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/definitions/acme-sl": {
        "name": NAME,
        "client_id": "acme",
        "service_level": "ignore",
        "threshold_s": 30,
        "short_abandon_s": 10,
        "target": "0.85",
        "repeat_within_days": 14,
        "agent_hour_cost": "650",
        "valid_from": "2026-03-01",
        "deactivated": False,
    },
    "/v1/tariffs/acme-2026": {
        "name": NAME,
        "client_id": "acme",
        "currency": "RUB",
        "project_ids": ["acme-shop"],
        "time_zone": "Europe/Moscow",
        "minimum": "50000",
        "terms": [
            {"valid_from": "2026-01-01", "rules": [TALK]},
            {"valid_from": "2026-03-15", "rules": [{**TALK, "price": "13"}, LEVEL]},
        ],
        "deactivated": False,
    },
    "/v1/alert-rules/long": {
        "name": NAME,
        "measure": "longest_wait_s",
        "threshold": 120.0,
        "clear_at": 60.0,
        "client_id": "acme",
        "queue_id": "sales",
        "site_id": None,
        "raised_when": "above",
        "for_s": 30.0,
        "deactivated": False,
    },
}
PATHS = list(BODIES)
TARIFF = BODIES["/v1/tariffs/acme-2026"]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Reporting]:
    async with reporting_app(tmp_path / "keys") as made:
        yield made


@pytest.fixture
async def admin(service: Reporting) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client("administrator", subject="boss") as client:
        for path, body in BODIES.items():
            assert (await client.put(path, json=body)).status_code == 200
        yield client


def codes(answer: httpx.Response) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


def tariff_with(*rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    terms = [{"valid_from": "2026-01-01", "rules": list(rules)}]
    return {"name": NAME, "client_id": "acme", "currency": "RUB", "terms": terms, **fields}


@pytest.mark.parametrize("path", PATHS)
async def test_what_was_put_is_read_again_with_its_revision(
    admin: httpx.AsyncClient, path: str
) -> None:
    answer = await admin.get(path)
    said = answer.json()
    assert answer.headers["ETag"] == '"1"'
    assert BODIES[path].items() <= _without_defaults(said, BODIES[path]).items()
    assert (said["revision"], said["changed_by"]) == (1, "boss")


def _cut(said: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in like}


def _without_defaults(said: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """Return what is said, with the rules of terms cut to the fields that were put."""
    if "terms" not in said:
        return said
    terms = [
        {**now, "rules": [_cut(*both) for both in zip(now["rules"], was["rules"], strict=True)]}
        for now, was in zip(said["terms"], like["terms"], strict=True)
    ]
    return {**said, "terms": terms}


@pytest.mark.parametrize("path", PATHS)
async def test_what_exists_is_changed_only_by_who_saw_it(
    admin: httpx.AsyncClient, path: str
) -> None:
    changed = {**BODIES[path], "name": {"ru": "Другое", "en": "Other"}}
    assert (await admin.put(path, json=changed)).status_code == 428
    stale = await admin.put(path, json=changed, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert stale.headers["ETag"] == '"1"'
    done = await admin.put(path, json=changed, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')


@pytest.mark.parametrize("path", PATHS)
async def test_an_earlier_revision_is_said_again_as_a_new_one(
    admin: httpx.AsyncClient, path: str
) -> None:
    changed = {**BODIES[path], "name": {"ru": "Другое", "en": "Other"}}
    await admin.put(path, json=changed, headers={"If-Match": '"1"'})
    back = await admin.post(f"{path}/rollback", json={"revision": 1}, headers={"If-Match": '"2"'})
    assert back.status_code == 200, back.text
    history = (await admin.get(f"{path}/history")).json()["items"]
    assert [each["revision"] for each in history] == [3, 2, 1]
    assert [each["name"]["en"] for each in history] == ["Name", "Other", "Name"]


async def test_each_change_is_told_on_billing_once(
    admin: httpx.AsyncClient, service: Reporting
) -> None:
    await admin.put("/v1/definitions/acme-sl", json=BODIES["/v1/definitions/acme-sl"])
    assert isinstance(service.store, MemoryStore)
    told = [out.tp.topic for out in await service.store.unpublished(100)]
    assert told == ["billing"] * 3
    definition, tariff, _ = service.store.outbox
    assert isinstance(definition.data, DefinitionChanged)
    assert (definition.client, definition.data.valid_from) == ("acme", "2026-03-01")
    assert isinstance(tariff.data, TariffChanged)
    assert tariff.data.terms[1].rules[0].price == "13"


async def test_all_faults_of_a_tariff_are_told_at_once(admin: httpx.AsyncClient) -> None:
    body = tariff_with(
        {**TALK, "codes": ["sold"]},
        {"rule_id": "talk", "kind": "per_result", "price": "1"},
        {"rule_id": "hours", "kind": "per_agent_hour", "takes": {"channels": ["voice"]}},
        {**LEVEL, "definition_id": "nowhere", "bonus_percent": "0"},
        {**LEVEL, "rule_id": "both", "penalty_below": "0.95", "penalty_percent": "5"},
        currency="roubles",
        time_zone="Mars/Olympus",
    )
    rules = "#/terms/0/rules"
    assert codes(await admin.put("/v1/tariffs/new", json=body)) == {
        ("#/currency", "string_pattern_mismatch"),
        ("#/time_zone", "time_zone"),
        (f"{rules}/0/codes", "useless_beside"),
        (f"{rules}/1/rule_id", "repeated"),
        (f"{rules}/1/codes", "missing_beside"),
        (f"{rules}/2/price", "missing_beside"),
        (f"{rules}/2/team_ids", "missing_beside"),
        (f"{rules}/2/takes", "useless_beside"),
        (f"{rules}/3/definition_id", "unknown_definition"),
        (f"{rules}/3/bonus_percent", "missing_beside"),
        (f"{rules}/4/bonus_from", "bonus_below_penalty"),
    }


async def test_terms_stand_in_the_order_of_their_days(admin: httpx.AsyncClient) -> None:
    body = tariff_with(TALK)
    body["terms"] = [*body["terms"], *body["terms"]]
    found = codes(await admin.put("/v1/tariffs/new", json=body))
    assert found == {("#/terms/1/valid_from", "terms_out_of_order")}


async def test_another_clients_definition_is_unknown_to_a_tariff(admin: httpx.AsyncClient) -> None:
    body = tariff_with(LEVEL, client_id="zeta")
    found = codes(await admin.put("/v1/tariffs/new", json=body))
    assert found == {("#/terms/0/rules/0/definition_id", "unknown_definition")}


async def test_a_built_in_definition_may_be_named_and_not_changed(
    admin: httpx.AsyncClient,
) -> None:
    body = tariff_with({**LEVEL, "definition_id": "standard"})
    assert (await admin.put("/v1/tariffs/new", json=body)).status_code == 200
    found = codes(await admin.put("/v1/definitions/standard", json={"name": NAME}))
    assert found == {("#/definition_id", "built_in")}


async def test_the_client_of_a_document_never_changes(admin: httpx.AsyncClient) -> None:
    answer = await admin.put(
        "/v1/definitions/acme-sl", json={"name": NAME}, headers={"If-Match": "*"}
    )
    assert codes(answer) == {("#/client_id", "client_fixed")}


async def test_an_alert_is_not_cleared_beyond_its_threshold(admin: httpx.AsyncClient) -> None:
    body = {"name": NAME, "measure": "waiting", "threshold": 5.0, "clear_at": 6.0}
    found = codes(await admin.put("/v1/alert-rules/new", json=body))
    assert found == {("#/clear_at", "clear_at")}
    below = {**body, "raised_when": "below"}
    assert (await admin.put("/v1/alert-rules/new", json=below)).status_code == 200


async def test_a_client_reads_its_own_and_common_definitions_and_its_own_tariffs(
    admin: httpx.AsyncClient, service: Reporting
) -> None:
    for path, client_id in (("/v1/definitions/all", None), ("/v1/definitions/zeta-sl", "zeta")):
        await admin.put(path, json={"name": NAME, "client_id": client_id})
    await admin.put("/v1/tariffs/zeta-2026", json=tariff_with(TALK, client_id="zeta"))
    async with service.client("client", client="acme") as acme:
        seen = (await acme.get("/v1/definitions")).json()["items"]
        assert [each["definition_id"] for each in seen] == ["acme-sl", "all"]
        seen = (await acme.get("/v1/tariffs")).json()["items"]
        assert [each["tariff_id"] for each in seen] == ["acme-2026"]
        for path in ("/v1/tariffs/zeta-2026", "/v1/tariffs/zeta-2026/history"):
            assert (await acme.get(path)).status_code == 404
        assert (await acme.put("/v1/tariffs/mine", json=TARIFF)).status_code == 403
    async with service.client("administrator", client="acme") as own:
        assert (await own.put("/v1/tariffs/mine", json=TARIFF)).status_code == 404
