"""The application every service is: its routes, its refusals, and nothing else of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi_swagger import patch_fastapi
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from contact_runtime.http.auth import Auth
from contact_runtime.http.edge import Edge
from contact_runtime.http.limits import LIMIT_BYTES, Limits
from contact_runtime.http.openapi import PROBLEM_RESPONSES, in_our_words
from contact_runtime.http.refusing import Refusing
from contact_runtime.http.sockets import SocketRoute
from contact_runtime.metrics import Metrics


class _Service(FastAPI):
    """FastAPI whose OpenAPI document has no word that nobody has chosen."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            in_our_words(super().openapi())
        return super().openapi()


def create_app(
    service: str,
    *,
    routes: Sequence[APIRouter],
    auth: Auth,
    sockets: Sequence[SocketRoute] = (),
    refusals: Mapping[type[Exception], int] | None = None,
    context: Any = None,
    lifespan: Any = None,
    description: str = "",
    metrics: Metrics | None = None,
    cors_origins: Sequence[str] = (),
    limit_bytes: int = LIMIT_BYTES,
    larger: Mapping[str, int] | None = None,
) -> FastAPI:
    """Return a service's HTTP application.

    Args:
        service: its name, the title of its OpenAPI document (`/openapi.json`, as a page: `/docs`).
        routes: what it answers.
        auth: who may ask; see `contact_runtime.http.auth.require`.
        sockets: the addresses of its WebSockets.
        refusals: each refusal class of the domain with its status; the class's `code` and
            docstring become the problem document.
        context: what the routes need; they find it as `request.app.state.context`.
        lifespan: as FastAPI's; usually none, since `main.py` starts and stops the parts.
        description: a few words for the OpenAPI document.
        metrics: where requests are counted.
        cors_origins: pages of these origins may call.
        limit_bytes: of a request's body.
        larger: the same for paths that take more.

    Raises:
        TypeError: a refusal class has no `code` or no docstring.
    """
    refusing = Refusing(refusals or {})
    app = _Service(
        title=service,
        description=description,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own page would fetch its scripts from elsewhere
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        responses=PROBLEM_RESPONSES,
        exception_handlers=refusing.handlers(),
        middleware=_middleware(metrics or Metrics(), cors_origins, limit_bytes, larger or {}),
    )
    app.router.routes.extend(sockets)  # looked for first
    patch_fastapi(app, redirect_from_root_to_docs=False)
    app.state.auth = auth
    app.state.context = context
    for router in routes:
        app.include_router(router)
    return app


def _middleware(
    metrics: Metrics, origins: Sequence[str], limit_bytes: int, larger: Mapping[str, int]
) -> list[Middleware]:
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "X-Request-Id",
        ],
        expose_headers=["ETag", "X-Request-Id", "Idempotency-Replayed"],
    )
    limits = Middleware(Limits, limit_bytes=limit_bytes, larger=larger)
    inside = [Middleware(Edge, metrics=metrics), limits]
    # Outermost, so that a page may read refusals too.
    return [cors, *inside] if origins else inside
