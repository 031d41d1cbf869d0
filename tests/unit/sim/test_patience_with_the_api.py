"""A caller asks again what may succeed yet, and takes a no for a no."""

from collections.abc import Sequence

import httpx
import pytest

from sim import apis
from sim.apis import Api, Refused


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apis, "PAUSE_S", 0.0)


def _api(answers: Sequence[httpx.Response]) -> tuple[Api, list[str]]:
    """Return an API that gives these answers in turn, and the keys it is asked with."""
    keys, left = list[str](), list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return left.pop(0)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Api(client, "http://ivr", "token"), keys


def _no(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "no"})


@pytest.mark.parametrize(
    "first",
    [
        _no(408, "body-too-slow"),
        _no(409, "idempotency-in-progress"),
        _no(503, "try-again"),
        httpx.Response(502, text="a gateway"),
    ],
    ids=lambda first: str(first.status_code),
)
async def test_what_may_succeed_yet_is_asked_again_with_the_same_key(first: httpx.Response) -> None:
    api, keys = _api([first, httpx.Response(201, json={"call_id": "c1"})])
    assert await api.post("/v1/calls", {}, key="k1") == {"call_id": "c1"}
    assert keys == ["k1", "k1"]


async def test_a_no_is_taken_for_a_no() -> None:
    api, keys = _api([_no(422, "invalid-request")])
    with pytest.raises(Refused, match="invalid-request"):
        await api.post("/v1/calls", {}, key="k1")
    assert keys == ["k1"]
