"""How a webhook is signed: the headers of the Standard Webhooks specification.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"
SECRET_BYTES = 32
"""The specification asks for 24 to 64."""


def secret_of(chance: bytes) -> str:
    """Return the secret that these random bytes make, as integrators are told it.

    Raises:
        ValueError: they are not `SECRET_BYTES`.
    """
    if len(chance) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes, not {len(chance)}")
    return PREFIX + base64.b64encode(chance).decode()


def signature(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> str:
    """Return the header `webhook-signature`: one signature a secret, the newest first.

    While a secret is being changed there are two, so that receivers may know either.

    Raises:
        ValueError: a secret is not one that `secret_of` made.
    """
    signed = b".".join((message_id.encode(), str(_seconds(at)).encode(), body))
    return " ".join(f"v1,{_signed(secret, signed)}" for secret in secrets)


def headers(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt: a retry has the same id, and a time of its own."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(_seconds(at)),
        "webhook-signature": signature(secrets, message_id, at, body),
    }


def _signed(secret: str, content: bytes) -> str:
    return base64.b64encode(hmac.digest(_key_of(secret), content, sha256)).decode()


def _key_of(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}")
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a secret is base64 after its prefix") from None


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
