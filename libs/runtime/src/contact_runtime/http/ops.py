"""The ops port of a process: whether it lives, is ready, has started, and its metrics."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contact_runtime.metrics import Metrics

Check = Callable[[], str | Awaitable[str | None] | None]
"""Returns None when all is well, or what is wrong in a few words."""

Kind = Literal["live", "ready"]


class Health:
    """Named checks of one process.

    live: false means restart me. ready: false means send me nobody. A process is ready once it
    has started, until it stops.
    """

    def __init__(self) -> None:
        """Nothing is checked and nothing has started."""
        self._checks: dict[Kind, dict[str, Check]] = {"live": {}, "ready": {}}
        self._notes: dict[str, Callable[[], str | None]] = {}
        self.started = False
        self.stopping = False

    def add(self, name: str, check: Check, kind: Kind = "ready") -> None:
        """Add a check; it must answer within a second or so."""
        self._checks[kind][name] = check

    def note(self, name: str, told: Callable[[], str | None]) -> None:
        """Add what an operator should read beside the checks, though nothing depends on it."""
        self._notes[name] = told

    def notes(self) -> dict[str, str]:
        """Return what there is to be read, by its name."""
        found = ((name, told()) for name, told in self._notes.items())
        return {name: words for name, words in found if words is not None}

    async def faults(self, kind: Kind) -> dict[str, str]:
        """Return what is wrong, by the check's name; empty when all is well."""
        found = await _run(self._checks[kind])
        if kind == "ready" and not self.started:
            found["started"] = "not yet"
        if kind == "ready" and self.stopping:
            found["stopping"] = "yes"
        return found


async def _run(checks: Mapping[str, Check]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, check in checks.items():
        answer = check()
        wrong = await answer if inspect.isawaitable(answer) else answer
        if wrong is not None:
            found[name] = wrong
    return found


def create_ops_app(health: Health, metrics: Metrics) -> Starlette:
    """Return the application of the ops port. It asks for no token: keep the port inside."""

    async def live(_: Request) -> Response:
        return _answer(await health.faults("live"))

    async def ready(_: Request) -> Response:
        return _answer(await health.faults("ready"), health.notes())

    async def started(_: Request) -> Response:
        return _answer({} if health.started else {"started": "not yet"})

    async def counted(_: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    paths = {"/livez": live, "/readyz": ready, "/startupz": started, "/metrics": counted}
    return Starlette(routes=[Route(path, endpoint) for path, endpoint in paths.items()])


def _answer(faults: Mapping[str, str], notes: Mapping[str, str] | None = None) -> Response:
    said = {"ok": not faults, "faults": dict(faults)} | ({"notes": dict(notes)} if notes else {})
    return JSONResponse(said, 503 if faults else 200)
