"""The public APIs as people use them: with patience when a service is being restarted."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_aiohttp import HttpxAiohttpClient

from sim.pace import Pace, pace_of

Json = dict[str, Any]

PATIENCE_S = 120.0
PAUSE_S = 0.2
"""Machine seconds a request is tried for, and between two tries. One that is never answered costs
`REQUEST_LIMIT_S` of them, and the news of a call that waits may take half a minute."""

WORTH_ANOTHER_TRY = frozenset({"try-again", "idempotency-in-progress", "body-too-slow"})
CHANGED_BY_OTHERS = "precondition-missing"
"""There is such a document already, and it says something else."""

REQUEST_LIMIT_S = 40.0
LIVE_LIMIT_S = 15.0


MOST_CONNECTIONS = 4_000
"""Each caller who waits holds one."""


def many_connections() -> httpx.AsyncClient:
    """Return a client for thousands of callers at once.

    Its connections are aiohttp's: httpx's own pool looks at all of them at every request.
    """
    return HttpxAiohttpClient(limits=httpx.Limits(max_connections=MOST_CONNECTIONS))


class Refused(Exception):
    """The API said no, and saying it again would change nothing."""

    def __init__(self, status: int, problem: Json) -> None:
        """Keep the problem document."""
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.code = str(problem.get("code"))
        self.faults = frozenset(str(fault.get("code")) for fault in problem.get("faults", ()))


@dataclass(frozen=True, slots=True)
class Api:
    """One service's API as one principal."""

    client: httpx.AsyncClient
    url: str
    token: str

    async def get(self, path: str, **query: Any) -> Json:
        """Return what `GET path` answers."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """Return what `POST path` answers; `key` makes a repetition harmless."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self._ask("POST", path, json={} if body is None else body, headers=headers)

    async def put(self, path: str, body: Json, *, match: str | None = None) -> Json:
        """Return what `PUT path` answers; `match` is the `ETag` to be changed, or `*`."""
        return await self._ask("PUT", path, json=body, headers={"If-Match": match} if match else {})

    async def post_text(self, path: str, text: str, media_type: str) -> Json:
        """Return what `POST path` answers to a file."""
        headers = {"Content-Type": media_type}
        return await self._ask("POST", path, content=text.encode(), headers=headers)

    async def _ask(self, method: str, path: str, **said: Any) -> Json:
        """Ask until the service answers.

        Raises:
            Refused: it answered with a 4xx.
            TimeoutError: it did not answer for `PATIENCE_S`.
        """
        headers = {"Authorization": f"Bearer {self.token}", **said.pop("headers", {})}
        if said.get("json") == {}:
            said.pop("json")
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await self._once(method, path, headers, said)
                if answer is not None:
                    return answer
                await asyncio.sleep(PAUSE_S)

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], said: Json
    ) -> Json | None:
        """Return the answer, or None if another try may bring one."""
        try:
            answer = await self.client.request(
                method, self.url + path, headers=headers, timeout=REQUEST_LIMIT_S, **said
            )
        except httpx.TransportError:
            return None
        if answer.status_code >= 500 or _code(answer) in WORTH_ANOTHER_TRY:
            return None
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _problem(answer))
        found: Json = answer.json() if answer.content else {}
        return found


async def propose(to: Api, path: str, body: Json) -> None:
    """Put a document, unless people have made something else of it.

    Raises:
        Refused: it is not valid.
    """
    try:
        await to.put(path, body)
    except Refused as refused:
        if refused.code != CHANGED_BY_OTHERS:
            raise


def _problem(answer: httpx.Response) -> Json:
    try:
        found = answer.json()
    except ValueError:
        return {"code": "no-problem-document", "detail": answer.text[:200]}
    return found if isinstance(found, dict) else {}


def _code(answer: httpx.Response) -> str:
    return str(_problem(answer).get("code")) if answer.is_error else ""


async def pace(reporting: Api) -> Pace:
    """Return how business time runs, as the live board's first frame tells.

    Raises:
        TimeoutError: the board told nothing for `LIVE_LIMIT_S`.
    """
    headers = {"Authorization": f"Bearer {reporting.token}", "Accept": "text/event-stream"}
    async with (
        asyncio.timeout(LIVE_LIMIT_S),
        reporting.client.stream("GET", reporting.url + "/v1/live", headers=headers) as lines,
    ):
        lines.raise_for_status()
        async for line in lines.aiter_lines():
            if line.startswith("data:"):
                frame = json.loads(line.removeprefix("data:"))
                return pace_of(frame["at"], frame["scale"])
    raise TimeoutError("the live board ended before its first frame")
