"""Sealing of numbers and names: AES-256-GCM under one person's key."""

import base64
from binascii import Error as NotBase64

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class Identity(msgspec.Struct, frozen=True):
    """What is sealed: the E.164 number and, where it is known, the name."""

    number: str
    name: str | None = None


class SealBroken(Exception):
    """What was sealed cannot be opened: another key, another person, or changed text."""

    code = "seal-broken"


def seal(identity: Identity, key: bytes, nonce: bytes, reference: str) -> str:
    """Return the identity sealed for the person of `reference`; base64 of nonce and text."""
    text = AESGCM(key).encrypt(nonce, msgspec.json.encode(identity), reference.encode())
    return base64.b64encode(nonce + text).decode()


def unseal(sealed: str, key: bytes, reference: str) -> Identity:
    """Return what was sealed.

    Raises:
        SealBroken: the key or the person is another, or the text was changed.
    """
    try:
        raw = base64.b64decode(sealed, validate=True)
        text = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], reference.encode())
        return msgspec.json.decode(text, type=Identity)
    except (NotBase64, InvalidTag, ValueError) as broken:
        raise SealBroken(str(broken)) from None
