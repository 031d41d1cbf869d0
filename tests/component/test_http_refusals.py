"""Everything that can be wrong with a request, and the document that says so."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_runtime.http.problems import MEDIA_TYPE
from contact_runtime.http.refusing import Refusing
from contact_runtime.issuer import mint
from contact_runtime.memory_store import MemoryStore
from tests.support.demo_app import client_of, demo_app


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(demo_app(tmp_path), mint(tmp_path, "integrator")) as client:
        yield client


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the document, after checking its shape."""
    assert answer.headers["content-type"] == MEDIA_TYPE, answer.text
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["code"]) == (status, code), found
    assert found["status"] == status
    assert found["type"] == f"urn:polycentre:problem:{code}"
    assert found["title"] and found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


async def put(api: httpx.AsyncClient, body: bytes | str) -> httpx.Response:
    return await api.put("/v1/things/a", content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"null",
        b'"text"',
        b"[]",
        b'{"name": "a",}',
        b"\xff\xfe",
        b'{"name": "a\x00"}',
        b'{"name": "\\u0000"}',
        b'{"name": "a\\u001b[31m"}',
        b'{"name": "a", "notes": {"\\u0000": "x"}}',
        b'{"name": "\\ud800"}',
        b'{"name": "a", "amount": "1"}',
        b'{"name": "a", "amount": 1.5}',
        b'{"name": "a", "amount": true}',
        b'{"name": "a", "amount": NaN}',
        b'{"name": "a", "amount": ' + b"9" * 6000 + b"}",
        b"[" * 30_000,
        b'{"name": ' + b'{"a":' * 10_000,
        b'{"name": 5}',
        b'{"name": "' + b"n" * 5000 + b'"}',
        b'{"name": "a", "nmae": "b"}',
        b'{"name": "a", "at": "yesterday"}',
        b'{"name": "a", "at": "2026-01-01T00:00:00"}',
        b'{"name": "a", "at": "9999-99-99T00:00:00Z"}',
    ],
    ids=lambda body: body[:40].decode(errors="replace"),
)
async def test_a_body_that_is_not_an_order_is_refused_with_a_problem_document(
    api: httpx.AsyncClient, body: bytes
) -> None:
    answer = await put(api, body)
    code = answer.json()["code"]
    assert code in ("malformed-request", "invalid-request"), answer.text
    problem(answer, 400 if code == "malformed-request" else 422, code)


async def test_a_good_order_is_taken(api: httpx.AsyncClient) -> None:
    body = (
        '{"name": "ключ\\n", "amount": 2, "at": "2026-03-02T09:00:00+03:00", "notes": {"a": "b"}}'
    )
    answer = await put(api, body)
    assert answer.status_code == 200, answer.text


async def test_every_fault_is_listed_at_once_and_nothing_sent_is_repeated(
    api: httpx.AsyncClient,
) -> None:
    body = '{"name": 5, "amount": "SECRET", "ani": "89035551234", "extra/~": "SECRET"}'
    answer = await put(api, body)
    found = problem(answer, 422, "invalid-request")
    pointers = {fault["pointer"] for fault in found["errors"]}
    assert pointers == {"#/name", "#/amount", "#/ani", "#/extra~1~0"}
    assert "SECRET" not in answer.text
    assert "89035551234" not in answer.text


@pytest.mark.parametrize(
    "number",
    [
        "+7 (495) 123-45-67",
        "+7.495.123.45.67",
        "+74951234567",
    ],
)
async def test_a_number_is_kept_as_e164_however_it_was_written(
    api: httpx.AsyncClient, number: str
) -> None:
    answer = await api.put("/v1/things/a", json={"name": "a", "ani": number})
    assert answer.json()["ani"] == "+74951234567"


@pytest.mark.parametrize(
    "number",
    [
        "+٧٤٩٥١٢٣٤٥٦٧",
        "+7495123456７",
        "+7495123456\u0667",
        "+7495123456𝟕",
        "+7495123456²",
        "＋74951234567",
        "+7\u00a04951234567",
        "+7\u20104951234567",
        "+7495\u200b1234567",
        "84951234567",
        "+0495123456",
        "+749512",
        "+1234567890123456",
        "+7495123456x",
        "+7495123456\n",
        "",
        "+",
        "+" + " " * 60 + "74951234567",
    ],
)
async def test_a_number_in_odd_digits_or_another_form_is_refused(
    api: httpx.AsyncClient, number: str
) -> None:
    answer = await api.put("/v1/things/a", json={"name": "a", "ani": number})
    problem(answer, 422, "invalid-request")


async def test_faults_of_path_and_query_are_named(api: httpx.AsyncClient) -> None:
    found = problem(
        await api.get("/v1/things/acme.a", params={"wait_s": "soon"}), 422, "invalid-request"
    )
    assert found["errors"][0]["parameter"] == "wait_s"
    found = problem(await api.put("/v1/things/a b", json={"name": "a"}), 422, "invalid-request")
    assert found["errors"][0]["in"] == "path"


async def test_a_nul_in_the_address_is_refused(api: httpx.AsyncClient) -> None:
    problem(await api.get("/v1/things/a%00b"), 400, "malformed-request")
    problem(await api.get("/v1/things/a?x=%00"), 400, "malformed-request")


async def test_a_body_not_declared_as_json_is_refused(api: httpx.AsyncClient) -> None:
    text = {"Content-Type": "text/plain"}
    answer = await api.put("/v1/things/a", content='{"name": "a"}', headers=text)
    problem(answer, 415, "media-type-unsupported")
    answer = await api.put("/v1/things/a", content='{"name": "a"}')
    problem(answer, 415, "media-type-unsupported")


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(
    api: httpx.AsyncClient,
) -> None:
    problem(await api.get("/v1/nothing"), 404, "not-found")
    answer = await api.delete("/v1/things/a")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"]


async def test_a_refusal_of_the_trade_has_its_own_code(tmp_path: Path) -> None:
    app = demo_app(tmp_path, MemoryStore())
    async with client_of(app, mint(tmp_path, "integrator")) as api:
        answer = await api.post(
            "/v1/things", json={"name": "taken"}, headers={"Idempotency-Key": "k"}
        )
    found = problem(answer, 409, "thing-taken")
    assert found["title"] == "The thing is somebody's already"
    assert found["detail"] == "taken is taken"


async def test_a_refusal_without_a_code_stops_the_start() -> None:
    class Nameless(Exception):
        """No code."""

    with pytest.raises(TypeError, match="Nameless"):
        Refusing({Nameless: 409})


async def test_a_bug_is_a_problem_document_that_says_nothing_of_the_bug(
    api: httpx.AsyncClient,
) -> None:
    answer = await api.get("/v1/broken")
    problem(answer, 500, "internal-error")
    assert "ZeroDivision" not in answer.text
    assert "4951234567" not in answer.text


async def test_work_that_may_succeed_later_says_when_to_try_again(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/broken", params={"how": "moved"})
    problem(answer, 503, "try-again")
    assert int(answer.headers["retry-after"]) >= 1


async def test_work_that_may_have_been_done_does_not_say_that_nothing_was(
    api: httpx.AsyncClient,
) -> None:
    answer = await api.get("/v1/broken", params={"how": "lost"})
    found = problem(answer, 503, "outcome-unknown")
    assert "may have been done" in found["title"]
    assert "nothing" not in found["detail"]


async def test_a_request_keeps_its_id_and_an_odd_one_is_replaced(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/things/acme.a", headers={"X-Request-Id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    answer = await api.get("/v1/things/acme.a", headers={"X-Request-Id": "a b\t{}"})
    assert answer.headers["x-request-id"] not in ("", "a b\t{}")


async def test_pages_of_an_allowed_origin_may_call_and_others_may_not(
    api: httpx.AsyncClient,
) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    allowed = await api.options("/v1/things", headers={"Origin": "https://pages.example", **asked})
    assert allowed.headers["access-control-allow-origin"] == "https://pages.example"
    other = await api.options("/v1/things", headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in other.headers


async def test_refusals_too_may_be_read_by_an_allowed_page(api: httpx.AsyncClient) -> None:
    answer = await put(api, b"[" * 100_000)
    problem(answer, 413, "body-too-large")
    answer = await api.put(
        "/v1/things/a", content=b"[" * 100_000, headers={"Origin": "https://pages.example"}
    )
    assert answer.headers["access-control-allow-origin"] == "https://pages.example"


async def test_the_openapi_document_lists_the_problems(api: httpx.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    answers = document["paths"]["/v1/things"]["post"]["responses"]
    for status in ("400", "401", "403", "404", "409", "413", "422", "503"):
        schema = answers[status]["content"][MEDIA_TYPE]["schema"]
        assert schema == {"$ref": "#/components/schemas/ProblemDocument"}
        assert "application/json" not in answers[status]["content"]
    assert "ProblemDocument" in document["components"]["schemas"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["paths"]["/v1/things"]["post"]["security"]
