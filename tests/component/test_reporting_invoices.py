"""Invoices: issued once and for ever, traced to contacts, made again from the log, restated."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from contact_events.billing import InvoiceIssued
from contact_events.envelope import Decoded, decode
from contact_runtime.clock import SystemClock
from reporting import tables
from reporting.billing.rows import INVOICE
from reporting.builds.building import Builder, builds_in
from reporting.main import fold
from tests.support.paying_centre import (
    DEFINITION,
    MARCH,
    RULES,
    TARIFF,
    Centre,
    paying_centre,
    talked,
)
from tests.support.wait import until

pytestmark = pytest.mark.postgres


@pytest.fixture
async def centre(postgres_url: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with paying_centre(postgres_url, tmp_path / "keys") as made:
        await made.put("/v1/definitions/acme-sl", DEFINITION)
        await made.put("/v1/tariffs/acme-2026", TARIFF)
        yield made


def amounts(lines: list[dict[str, Any]]) -> dict[str, str]:
    return {line["rule_id"]: line["amount"] for line in lines}


# Talk of 2 + 1 + 10 minutes; 4 contacts; one sale; an hour of the team. Of 4 offered 2 were
# answered within 20 s: 0.5 is below 0.8, so a fifth of the other lines is taken away.
OWED = {
    "talk": "162.50",
    "calls": "12.00",
    "sales": "150.00",
    "team": "600.00",
    "level": "-184.90",
}
TOTAL = "739.60"


async def test_a_draft_says_what_the_period_comes_to_and_keeps_nothing(centre: Centre) -> None:
    answer = await centre.admin.post("/v1/invoices/draft", json=MARCH)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (amounts(said["lines"]), said["total"]) == (OWED, TOTAL)
    assert said["position"]["call-arrived/0"] == centre.story.ends()["call-arrived"]
    assert await centre.store.scan(INVOICE) == {}


async def test_an_issued_invoice_is_told_with_the_hash_of_its_bytes(centre: Centre) -> None:
    answer = await centre.issue()
    assert answer.status_code == 201, answer.text
    said = answer.json()
    read = await centre.admin.get(f"/v1/invoices/{said['invoice_id']}")
    sha256 = hashlib.sha256(read.content).hexdigest()
    assert (said["total"], said["sha256"], read.headers["ETag"]) == (TOTAL, sha256, f'"{sha256}"')
    assert read.json()["lines"][4]["measured"] == {
        "measure": "service_level",
        "measure_version": 1,
        "definition_id": "acme-sl",
        "definition_version": 1,
        "sums": {"answered_in_20": 2, "offered": 4},
        "value": "0.5",
    }
    told = [out.entry.value for out in await centre.store.unpublished(100)]
    [event] = [value for value in told if value and b"invoice.issued" in value]
    decoded = decode(event)
    assert isinstance(decoded, Decoded)
    assert isinstance(decoded.envelope.data, InvoiceIssued)
    assert (decoded.envelope.data.sha256, decoded.envelope.client) == (sha256, "acme")


async def test_the_same_request_again_issues_nothing_more(centre: Centre) -> None:
    first, again = await centre.issue(), await centre.issue()
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    listed = await centre.admin.get("/v1/invoices", params={"client_id": "acme"})
    assert [each["invoice_id"] for each in listed.json()["invoices"]] == ["acme-2026.1"]


async def test_days_are_invoiced_again_only_in_the_place_of_the_first(centre: Centre) -> None:
    first = (await centre.issue()).json()
    refused = await centre.issue("k2", begins_on="2026-03-31", ends_on="2026-04-02")
    assert (refused.status_code, refused.json()["code"]) == (409, "already-invoiced")
    assert refused.json()["invoices"] == ["acme-2026.1"]
    assert (await centre.issue("k3")).status_code == 409
    talked(centre.story, "late", 5, 60)
    await centre.folds()
    second = await centre.issue("k4", replaces="acme-2026.1")
    assert second.status_code == 201, second.text
    said = (await centre.admin.get("/v1/invoices/acme-2026.2")).json()
    assert said["replaces"] == {
        "invoice_id": "acme-2026.1",
        "sha256": first["sha256"],
        "total": TOTAL,
        "difference": str(Decimal(said["total"]) - Decimal(TOTAL)),
    }
    listed = (await centre.admin.get("/v1/invoices", params={"client_id": "acme"})).json()
    assert [each["replaced_by"] for each in listed["invoices"]] == ["acme-2026.2", None]
    refused = await centre.issue("k5", replaces="acme-2026.1")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-replaceable")


async def test_of_two_that_issue_at_once_one_is_refused(centre: Centre) -> None:
    answers = await asyncio.gather(centre.issue("k1"), centre.issue("k2"))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    listed = (await centre.admin.get("/v1/invoices", params={"client_id": "acme"})).json()
    assert len(listed["invoices"]) == 1


async def test_the_level_of_an_invoice_is_that_of_the_report(centre: Centre) -> None:
    invoice = (await centre.issue()).json()["invoice_id"]
    lines = (await centre.admin.get(f"/v1/invoices/{invoice}")).json()["lines"]
    asked = {
        "from": "2026-03-01",
        "to": "2026-04-01",
        "interval": "month",
        "definition": "acme-sl",
        "measures": "service_level",
        "time_zone": "Europe/Moscow",
    }
    async with centre.app.client("client", client="acme") as acme:
        report = await acme.get("/v1/reports/queues", params=asked)
    assert report.status_code == 200, report.text
    said = report.json()
    assert said["definition"]["version"] == lines[4]["measured"]["definition_version"]
    [row] = said["rows"]
    assert row["values"]["service_level"] == float(lines[4]["measured"]["value"])


async def test_other_days_are_invoiced_by_themselves(centre: Centre) -> None:
    await centre.issue()
    before = await centre.issue("k2", begins_on="2026-02-01", ends_on="2026-03-01")
    assert (before.status_code, before.json()["total"]) == (201, "0.00")


async def test_days_that_are_not_over_are_not_invoiced(centre: Centre) -> None:
    refused = await centre.issue(ends_on="2026-05-01")
    assert (refused.status_code, refused.json()["code"]) == (409, "period-open")


async def test_days_without_terms_are_not_invoiced(centre: Centre) -> None:
    refused = await centre.issue(begins_on="2025-12-01")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-agreed")
    assert "no terms before 2026-01-01" in refused.json()["detail"]


async def test_a_line_is_traced_to_contacts_that_add_up_to_it(centre: Centre) -> None:
    invoice = (await centre.issue()).json()["invoice_id"]
    for number, rule in enumerate(("talk", "calls", "sales", "team"), 1):
        path = f"/v1/invoices/{invoice}/lines/{number}/contacts"
        items: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = (await centre.admin.get(path, params={"after": after, "limit": 2})).json()
            items, after = items + page["contacts"], page["next"]
        assert sum(Decimal(item["amount"]) for item in items) == Decimal(OWED[rule])
    talk = (await centre.admin.get(f"/v1/invoices/{invoice}/lines/1/contacts")).json()["contacts"]
    assert [(item["subject"], item["measured_ms"], item["billed_s"]) for item in talk] == [
        ("c1", 61_000, 120),
        ("c2", 30_000, 60),
        ("c3", 600_000, 600),
    ]
    level = (await centre.admin.get(f"/v1/invoices/{invoice}/lines/5/contacts")).json()
    assert [item["subject"] for item in level["contacts"]] == ["c1", "c2", "c3", "c4"]


async def test_a_client_reads_its_own_invoices_and_issues_none(centre: Centre) -> None:
    invoice = (await centre.issue()).json()["invoice_id"]
    path = f"/v1/invoices/{invoice}"
    async with centre.app.client("client", client="acme") as acme:
        assert (await acme.get(path)).status_code == 200
        assert len((await acme.get("/v1/invoices")).json()["invoices"]) == 1
        assert (await acme.get(f"{path}/lines/1/contacts")).status_code == 200
        assert (await acme.get(f"{path}/lines/4/contacts")).status_code == 404
        assert (await acme.post(f"{path}/reproduce")).status_code == 403
        answer = await acme.post("/v1/invoices", json=MARCH, headers={"Idempotency-Key": "k9"})
        assert answer.status_code == 403
    async with centre.app.client("client", client="zeta") as zeta:
        for of in (path, f"{path}/lines/1/contacts"):
            assert (await zeta.get(of)).status_code == 404
        seen = await zeta.get("/v1/invoices", params={"client_id": "acme"})
        assert seen.status_code == 404
    async with centre.app.client("administrator", client="acme") as own:
        answer = await own.post("/v1/invoices", json=MARCH, headers={"Idempotency-Key": "k9"})
        assert answer.status_code == 404


async def test_the_lines_are_read_as_csv(centre: Centre) -> None:
    invoice = (await centre.issue()).json()["invoice_id"]
    answer = await centre.admin.get(f"/v1/invoices/{invoice}", params={"format": "csv"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, first, *_ = answer.text.splitlines()
    assert header == "number,begins_on,ends_on,rule_id,kind,unit,quantity,price,amount,items"
    assert first == "1,2026-03-01,2026-04-01,talk,per_minute,minute,13.0000,12.50,162.50,3"


async def changed_since(centre: Centre) -> None:
    """Have the agreement change, contacts be told late, and the tables be folded anew."""
    await centre.put("/v1/definitions/acme-sl", {**DEFINITION, "threshold_s": 60})
    dearer = [{**rule, "price": "99"} if "price" in rule else rule for rule in RULES]
    terms = [{"valid_from": "2026-01-01", "rules": dearer}]
    await centre.put("/v1/tariffs/acme-2026", {**TARIFF, "terms": terms})
    talked(centre.story, "late", 5, 60)
    await centre.folds()


async def test_the_same_bytes_are_made_again_whatever_was_agreed_or_happened_since(
    centre: Centre,
) -> None:
    path = f"/v1/invoices/{(await centre.issue()).json()['invoice_id']}"
    issued = await centre.admin.get(path)
    await changed_since(centre)
    draft = (await centre.admin.post("/v1/invoices/draft", json=MARCH)).json()
    assert draft["total"] != TOTAL
    again = await centre.admin.post(f"{path}/reproduce")
    assert again.status_code == 200, again.text
    assert again.content == issued.content
    assert (await centre.admin.get(path)).content == issued.content


async def test_the_same_bytes_are_made_again_without_the_tables(centre: Centre) -> None:
    path = f"/v1/invoices/{(await centre.issue()).json()['invoice_id']}"
    async with centre.store.engine.begin() as connection:
        for table in tables.PROJECTED:
            await connection.execute(text(f"TRUNCATE {table.name}"))
    again = await centre.admin.post(f"{path}/reproduce")
    assert again.status_code == 200, again.text
    assert again.content == (await centre.admin.get(path)).content


async def test_the_same_bytes_are_made_again_after_a_rebuild_under_newer_definitions(
    centre: Centre, postgres_url: str
) -> None:
    path = f"/v1/invoices/{(await centre.issue()).json()['invoice_id']}"
    issued = await centre.admin.get(path)
    await changed_since(centre)
    builds, stop = builds_in(centre.store.engine, centre.log), asyncio.Event()
    builder = Builder(postgres_url, centre.log, SystemClock(), fold)
    working = asyncio.create_task(builder.run(stop))
    ordered = await builds.rebuild("boss")

    async def done() -> bool:
        return (await builds.get(ordered.build_id)).state == "done"

    try:
        await until("the rebuild to be done", done, limit_s=60.0)
    finally:
        stop.set()
        await working
        await builder.close()
    again = await centre.admin.post(f"{path}/reproduce")
    assert again.status_code == 200, again.text
    assert again.content == issued.content


async def test_what_the_log_does_not_give_again_is_told_line_by_line(centre: Centre) -> None:
    invoice = (await centre.issue()).json()["invoice_id"]
    async with centre.store.unit() as unit:
        issued = await unit.load(INVOICE, invoice)
        assert issued is not None
        forged = issued.text.replace('"amount":"162.50"', '"amount":"262.50"')
        unit.put(INVOICE, invoice, type(issued)(**{**_fields(issued), "text": forged}))
    refused = await centre.admin.post(f"/v1/invoices/{invoice}/reproduce")
    assert (refused.status_code, refused.json()["code"]) == (409, "invoice-differs")
    [told] = refused.json()["differences"]
    found = (told["rule_id"], told["amount_before"], told["amount_after"])
    assert found == ("talk", "262.50", "162.50")


def _fields(issued: Any) -> dict[str, Any]:
    return {name: getattr(issued, name) for name in issued.__struct_fields__}


async def test_restating_tells_what_late_facts_would_change(centre: Centre) -> None:
    path = f"/v1/invoices/{(await centre.issue()).json()['invoice_id']}/restate"
    same = (await centre.admin.post(path, json={})).json()
    assert (same["differences"], same["total_after"]) == ([], TOTAL)
    talked(centre.story, "late", 5, 60)
    await centre.folds()
    said = (await centre.admin.post(path, json={})).json()
    found = {each["rule_id"]: each for each in said["differences"]}
    assert set(found) == {"talk", "calls", "level"}
    assert (found["calls"]["added"], found["calls"]["contacts"]) == (1, ["late"])
    assert (found["calls"]["amount_before"], found["calls"]["amount_after"]) == ("12.00", "15.00")
    then = (await centre.admin.post(path, json={"at": "issued"})).json()
    assert then["differences"] == []


async def test_restating_under_another_definition_tells_what_it_would_come_to(
    centre: Centre,
) -> None:
    path = f"/v1/invoices/{(await centre.issue()).json()['invoice_id']}/restate"
    kinder = {**DEFINITION, "service_level": "ignore", "threshold_s": 60}
    await centre.put("/v1/definitions/kinder", kinder)
    for at in ("issued", "now"):
        body = {"at": at, "definition_id": "kinder"}
        said = (await centre.admin.post(path, json=body)).json()
        [level] = said["differences"]
        assert (level["quantity_before"], level["quantity_after"]) == ("-20.0000", "10.0000")
        assert (level["amount_before"], level["amount_after"]) == ("-184.90", "92.45")
    unknown = await centre.admin.post(path, json={"definition_id": "nowhere"})
    assert unknown.status_code == 422
    assert unknown.json()["errors"][0]["code"] == "unknown_definition"
