"""The issuer's public keys: a JWKS at a path or a URL, read again when it may have changed."""

import asyncio
import logging
import time
import urllib.request
from pathlib import Path

import jwt
from jwt import PyJWK, PyJWKSet

from contact_runtime.http.problems import TOKEN_INVALID, TRY_AGAIN, Problem

OLD_AFTER_S = 300.0
UNKNOWN_PAUSE_S = 5.0
FETCH_LIMIT_S = 5.0
MOST_BYTES = 1_000_000
_ASYMMETRIC = ("RS", "PS", "ES", "EdDSA")

log = logging.getLogger(__name__)


class Keys:
    """Public keys by key id. An unknown id makes them read again, at most once in 5 s.

    A failed reading keeps the keys there are: the issuer being away stops nobody who is known.
    """

    def __init__(self, source: str, unknown_pause_s: float = UNKNOWN_PAUSE_S) -> None:
        """Nothing is read until the first token comes."""
        self._source = source
        self._unknown_pause_s = unknown_pause_s
        self._keys: dict[str, PyJWK] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()
        self.version = 0

    async def find(self, kid: str | None) -> PyJWK:
        """Return the key of that id; of the only key there is if the token names none.

        Raises:
            Problem: 401, there is no such key; 503, no key could ever be read.
        """
        found = self._of(kid)
        if found is None:
            await self._read(pause_s=self._unknown_pause_s)
            found = self._of(kid)
        if found is not None:
            return found
        if not self._keys:
            raise Problem(
                TRY_AGAIN, "the issuer's keys cannot be read", headers={"Retry-After": "5"}
            )
        raise Problem(TOKEN_INVALID, "signed by an unknown key")

    async def refresh_if_old(self) -> None:
        """Read the keys again when they are 5 minutes old, so that a withdrawn key goes."""
        if self._read_at is not None and time.monotonic() - self._read_at > OLD_AFTER_S:
            await self._read(pause_s=OLD_AFTER_S)

    def _of(self, kid: str | None) -> PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid or "")

    async def _read(self, pause_s: float) -> None:
        async with self._reading:
            if self._read_at is not None and time.monotonic() - self._read_at < pause_s:
                return  # somebody else has just read them
            self._read_at = time.monotonic()
            try:
                keys = parse(await asyncio.to_thread(_fetch, self._source))
            except (OSError, ValueError, jwt.PyJWTError) as failed:
                log.warning("keys not read", extra={"source": self._source, "why": str(failed)})
                return
            if _names(keys) != _names(self._keys):
                self.version += 1
            self._keys = keys


def _names(keys: dict[str, PyJWK]) -> set[tuple[str, str]]:
    return {(kid, repr(key._jwk_data)) for kid, key in keys.items()}


def parse(text: str) -> dict[str, PyJWK]:
    """Return the usable keys of a JWKS: asymmetric ones only, so no public text is a secret.

    Raises:
        jwt.PyJWTError: it is no JWKS.
    """
    found = PyJWKSet.from_json(text).keys
    return {key.key_id or "": key for key in found if key.algorithm_name.startswith(_ASYMMETRIC)}


def _fetch(source: str) -> str:
    if not source.startswith(("http://", "https://")):
        return Path(source).read_text()
    with urllib.request.urlopen(source, timeout=FETCH_LIMIT_S) as answer:
        body: bytes = answer.read(MOST_BYTES)
    return body.decode()
