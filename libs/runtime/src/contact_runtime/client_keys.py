"""The clients' keys for `caller.ref`: a file {client: {version: base64 of 32 bytes}}, mode 0600."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

KEY_BYTES = 32

ClientKeys = Mapping[str, Mapping[str, bytes]]


class ClientKeysWrong(Exception):
    """The clients' key file is not {client: {version: base64 of 32 bytes}}."""

    code = "client-keys-wrong"


def read_client_keys(path: Path) -> ClientKeys:
    """Return every client's keys by version; none if there is no file.

    Raises:
        ClientKeysWrong: the file holds something else.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    try:
        return {
            client: {version: _key(written) for version, written in keys.items()}
            for client, keys in json.loads(text).items()
        }
    except (ValueError, AttributeError, TypeError) as wrong:
        raise ClientKeysWrong(f"{path.name}: {wrong}") from None


def newest(keys: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Return the version with the highest number, and its key."""
    version = max(keys, key=int)
    return version, keys[version]


def add_client(path: Path, client: str) -> ClientKeys:
    """Make version 1 of a client's key if it has none; return all keys as they stand then.

    Processes may do so at once: a lock beside the file makes them take turns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        keys = {name: dict(versions) for name, versions in read_client_keys(path).items()}
        if client not in keys:
            keys[client] = {"1": secrets.token_bytes(KEY_BYTES)}
            _write(path, keys)
    return keys


def _write(path: Path, keys: ClientKeys) -> None:
    written = {
        client: {version: base64.b64encode(key).decode() for version, key in versions.items()}
        for client, versions in keys.items()
    }
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(written, out, indent=1, sort_keys=True)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)


def _key(written: str) -> bytes:
    key = base64.b64decode(written, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {len(key)} bytes, not {KEY_BYTES}")
    return key
