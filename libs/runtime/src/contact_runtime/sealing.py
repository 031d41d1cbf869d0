"""Sealing of what is personal: AES-256-GCM under one person's key."""

import base64
from binascii import Error as NotBase64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class SealBroken(Exception):
    """What was sealed cannot be opened: another key, another person, or changed text."""

    code = "seal-broken"


def seal(text: bytes, key: bytes, nonce: bytes, reference: str) -> str:
    """Return the text sealed for the person of `reference`; base64 of nonce and text."""
    sealed = AESGCM(key).encrypt(nonce, text, reference.encode())
    return base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str, key: bytes, reference: str) -> bytes:
    """Return what was sealed.

    Raises:
        SealBroken: the key or the person is another, or the text was changed.
    """
    try:
        raw = base64.b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], reference.encode())
    except (NotBase64, InvalidTag, ValueError) as broken:
        raise SealBroken(str(broken)) from None
