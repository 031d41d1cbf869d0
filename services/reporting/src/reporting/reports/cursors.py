"""Signed cursors: where a page ended, in an answer to a question, for whoever asked it."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from pydantic import SecretStr


class CursorUnreadable(Exception):
    """The cursor was not given out here for this question. Start from the first page."""

    code = "cursor-unreadable"


class Cursors:
    """Writes cursors that nobody else can write, and reads them back."""

    def __init__(self, key: SecretStr | None) -> None:
        """Sign with `key`; without one with a key of this process's own, until it ends."""
        signing = key.get_secret_value() if key else secrets.token_urlsafe(32)
        self._signer = URLSafeSerializer(signing, salt="reports.cursor")

    def write(self, question: str, key: Sequence[Any]) -> str:
        """Return the cursor that continues this question after `key`."""
        written: str = self._signer.dumps([question, [_plain(part) for part in key]])
        return written

    def read(self, question: str, cursor: str) -> list[Any]:
        """Return the key after which the question goes on.

        Raises:
            CursorUnreadable: the cursor was not given out here, or for another question.
        """
        try:
            asked, key = self._signer.loads(cursor)
        except (BadData, ValueError) as wrong:
            raise CursorUnreadable("the cursor was not given out by this service") from wrong
        if asked != question:
            raise CursorUnreadable("the cursor belongs to another question or another asker")
        return [_restored(part) for part in key]


def digest_of(*parts: Any) -> str:
    """Return a short name for a question: the same parts, the same name."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:32]


def _plain(part: Any) -> Any:
    return {"at": part.isoformat()} if isinstance(part, datetime) else part


def _restored(part: Any) -> Any:
    return datetime.fromisoformat(part["at"]) if isinstance(part, dict) else part
