"""Sealing of numbers and names: AES-256-GCM under one person's key."""

import msgspec

from contact_runtime import sealing
from contact_runtime.sealing import SealBroken


class Identity(msgspec.Struct, frozen=True):
    """What is sealed: the E.164 number and, where it is known, the name."""

    number: str
    name: str | None = None


def seal(identity: Identity, key: bytes, nonce: bytes, reference: str) -> str:
    """Return the identity sealed for the person of `reference`; base64 of nonce and text."""
    return sealing.seal(msgspec.json.encode(identity), key, nonce, reference)


def unseal(sealed: str, key: bytes, reference: str) -> Identity:
    """Return what was sealed.

    Raises:
        SealBroken: the key or the person is another, or the text was changed.
    """
    text = sealing.unseal(sealed, key, reference)
    try:
        return msgspec.json.decode(text, type=Identity)
    except msgspec.DecodeError as broken:
        raise SealBroken(str(broken)) from None
