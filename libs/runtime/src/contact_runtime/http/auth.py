"""Who asks: bearer tokens of any OIDC issuer, for requests and for WebSockets."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from fastapi import Depends, WebSocket
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from contact_runtime.http.keys import UNKNOWN_PAUSE_S, Keys
from contact_runtime.http.problems import (
    SCOPE_MISSING,
    TOKEN_INVALID,
    TOKEN_MISSING,
    Problem,
    not_found,
)
from contact_runtime.http.roles import AS_AGENTS, ROLES

LEEWAY_S = 10
_REMEMBERED = 4096
_SUBPROTOCOL = "bearer."
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="polycentre"'}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, as the token says: `client` and `agent_id` limit what they may see and do."""

    subject: str
    role: str
    client: str | None
    agent_id: str | None
    scopes: frozenset[str]
    expires_at: datetime

    def may_read(self, client: str | None) -> bool:
        """Return whether things of `client` are this one's to see."""
        return self.client is None or self.client == client

    def must_read(self, client: str | None, what: str = "it") -> None:
        """Do nothing if `may_read`.

        Raises:
            Problem: 404, as if the thing did not exist.
        """
        if not self.may_read(client):
            raise not_found(what)

    def must_be(self, agent_id: str) -> None:
        """Do nothing if this one may act as the agent: it is the agent, or acts for any.

        Raises:
            Problem: 404, as if there were no such agent.
        """
        if self.agent_id is not None and self.agent_id != agent_id:
            raise not_found("the agent")


class Auth:
    """Tokens to principals, by the issuer's public keys (a JWKS at a path or a URL)."""

    def __init__(
        self,
        jwks: str,
        issuer: str,
        audience: str,
        *,
        unknown_pause_s: float = UNKNOWN_PAUSE_S,
    ) -> None:
        """Nothing is read until the first token comes.

        A token of an unknown key makes the keys be read again, once in `unknown_pause_s`.
        """
        self._keys = Keys(jwks, unknown_pause_s)
        self._issuer = issuer
        self._audience = audience
        self._known: dict[bytes, tuple[float, int, Principal]] = {}

    async def principal(self, token: str) -> Principal:
        """Return who the token speaks for.

        Raises:
            Problem: 401, the token is not valid; 503, the keys cannot be read.
        """
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        now = datetime.now(UTC).timestamp()
        await self._keys.refresh_if_old()
        if known and known[0] > now and known[1] == self._keys.version:
            return known[2]
        claims = await self._verified(token)
        found = principal_of(claims)
        if len(self._known) >= _REMEMBERED:
            self._known.pop(next(iter(self._known)))
        ends = found.expires_at.timestamp() + LEEWAY_S
        self._known[digest] = (ends, self._keys.version, found)
        return found

    async def _verified(self, token: str) -> Mapping[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._keys.find(kid)
            # The algorithm is the key's, never the one the token asks for.
            return jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub", "iss", "aud"]},
            )
        except jwt.PyJWTError as refused:
            raise _invalid(str(refused)) from None


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Return the principal of verified claims: the role's scopes, narrowed by `scope`, if any.

    Raises:
        Problem: 401, the role is unknown, or a claim that the role needs is missing.
    """
    role = claims.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise _invalid("no known role")
    scopes = ROLES[role]
    if isinstance(narrowed := claims.get("scope"), str):
        scopes &= frozenset(narrowed.split())
    client, agent_id = _claim(claims, "client"), _claim(claims, "agent_id")
    if role == "client" and client is None:
        raise _invalid("a client's token names its client")
    if role in AS_AGENTS and agent_id is None:
        raise _invalid("an agent's token names its agent_id")
    return Principal(
        subject=str(claims["sub"]),
        role=role,
        client=client,
        agent_id=agent_id,
        scopes=scopes,
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )


def _claim(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None or (isinstance(value, str) and value):
        return value
    raise _invalid(f"claim {name} is not text")


def _invalid(why: str) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="polycentre", error="invalid_token"'}
    return Problem(TOKEN_INVALID, why, headers=headers)


def bearer_token(connection: HTTPConnection) -> str | None:
    """Return the token of `Authorization`, or of a WebSocket's subprotocol; None if neither."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if connection.scope["type"] == "websocket":
        for offered in connection.scope.get("subprotocols", ()):
            if offered.startswith(_SUBPROTOCOL):
                return str(offered.removeprefix(_SUBPROTOCOL))
    return None


async def accept(websocket: WebSocket, speaks: str | None = None) -> None:
    """Accept a WebSocket, choosing a subprotocol it offered: browsers insist on one.

    `speaks` is preferred, then a name that is not the token, so that this does not travel back.

    Raises:
        WebSocketDisconnect: the caller has gone.
    """
    offered: list[str] = websocket.scope.get("subprotocols", [])
    names = [name for name in offered if not name.startswith(_SUBPROTOCOL)]
    names.sort(key=lambda name: name != speaks)
    try:
        await websocket.accept(subprotocol=next(iter([*names, *offered]), None))
    except OSError:  # what the server says of a line that broke; Starlette's word comes later only
        raise WebSocketDisconnect(1006) from None


class _Bearer(SecurityBase):
    """The principal of a request or a WebSocket, and the scheme for OpenAPI."""

    def __init__(self) -> None:
        self.model = HTTPBearerModel(bearerFormat="JWT")
        self.scheme_name = "bearer"

    async def __call__(self, connection: HTTPConnection) -> Principal:
        token = bearer_token(connection)
        if token is None:
            raise Problem(TOKEN_MISSING, headers=_CHALLENGE)
        auth: Auth = connection.app.state.auth
        return await auth.principal(token)


bearer = _Bearer()


class require:  # noqa: N801 - reads as the sentence it is in a route's signature
    """A dependency: the principal, once its token has the scope; `Depends(require("x:y"))`."""

    def __init__(self, scope: str) -> None:
        """Keep the scope.

        Raises:
            ValueError: no role has such a scope, so nobody could ever pass.
        """
        if not any(scope in scopes for scopes in ROLES.values()):
            raise ValueError(f"no role has the scope {scope}")
        self.scope = scope

    async def __call__(self, principal: Annotated[Principal, Depends(bearer)]) -> Principal:
        """Return the principal.

        Raises:
            Problem: 403, the scope is missing.
        """
        if self.scope not in principal.scopes:
            raise Problem(SCOPE_MISSING, f"needs the scope {self.scope}", scope=self.scope)
        return principal
