"""A token issuer for one machine: a key made at first start, its JWKS, tokens on demand."""

import argparse
import base64
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contact_runtime.client_keys import add_client
from contact_runtime.http.roles import AS_AGENTS, ROLES

ISSUER = "https://issuer.polycentre.local"
AUDIENCE = "polycentre"
KEY_FILE = "issuer.pem"
JWKS_FILE = "jwks.json"
CLIENT_KEYS_FILE = "client-keys.json"


def ensure_issuer(state_dir: Path) -> Path:
    """Make the key and its JWKS in `state_dir` if they are not there; return the JWKS's path.

    Several processes may start at once: the first key made is everybody's.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    _place(state_dir / KEY_FILE, _new_key())
    key = _private_key(state_dir)
    jwks = state_dir / JWKS_FILE
    _place(jwks, json.dumps({"keys": [_jwk(key)]}).encode(), mode=0o644)
    return jwks


def mint(
    state_dir: Path,
    role: str,
    *,
    client: str | None = None,
    agent_id: str | None = None,
    subject: str | None = None,
    scope: str | None = None,
    hours: float = 24.0,
    issuer: str = ISSUER,
    audience: str = AUDIENCE,
) -> str:
    """Return a signed token, good for `hours` from now.

    Raises:
        ValueError: there is no such role, or the role's claim is missing.
    """
    if role not in ROLES:
        raise ValueError(f"no role {role}; there are {', '.join(ROLES)}")
    if role == "client" and not client:
        raise ValueError("a token of role client needs its client")
    if role in AS_AGENTS and not agent_id:
        raise ValueError(f"a token of role {role} needs its agent")
    ensure_issuer(state_dir)
    key = _private_key(state_dir)
    now = datetime.now(UTC)
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject or agent_id or client or role,
        "role": role,
        "client": client,
        "agent_id": agent_id,
        "scope": scope,
        "iat": now,
        "exp": now + timedelta(hours=hours),
        "jti": secrets.token_hex(8),
    }
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, key, algorithm="ES256", headers={"kid": _kid(key)})


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _place(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a whole file at `path` unless one is there; never half of one, never over another."""
    if path.exists():
        return
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as made:
            made.write(content)
        Path(name).chmod(mode)
        Path(path).hardlink_to(name)
    except FileExistsError:
        pass  # another process was first: its file is as good
    finally:
        Path(name).unlink()


def _private_key(state_dir: Path) -> ec.EllipticCurvePrivateKey:
    text = (state_dir / KEY_FILE).read_bytes()
    key = serialization.load_pem_private_key(text, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{KEY_FILE} holds another kind of key than this issuer makes")
    return key


def _kid(key: ec.EllipticCurvePrivateKey) -> str:
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public)
    return base64.urlsafe_b64encode(digest.finalize()[:12]).decode()


def _jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    public: dict[str, str] = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return public | {"kid": _kid(key), "use": "sig", "alg": "ES256"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m contact_runtime.issuer")
    orders = parser.add_subparsers(dest="order", required=True)
    init = orders.add_parser("init", help="make the key and the JWKS if they are not there")
    token = orders.add_parser("token", help="print a token")
    token.add_argument("--role", required=True, choices=sorted(ROLES))
    token.add_argument("--client")
    token.add_argument("--agent")
    token.add_argument("--subject")
    token.add_argument("--hours", type=float, default=24.0)
    key = orders.add_parser("client-key", help="make a client's key if it has none")
    key.add_argument("--client", required=True)
    for order in (init, token, key):
        order.add_argument("--state", type=Path, required=True, help="folder of the keys")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one order of the command line; return the exit code."""
    asked = _parser().parse_args(arguments)
    ensure_issuer(asked.state)
    if asked.order == "client-key":
        add_client(asked.state / CLIENT_KEYS_FILE, asked.client)
    if asked.order == "token":
        try:
            token = mint(
                asked.state,
                asked.role,
                client=asked.client,
                agent_id=asked.agent,
                subject=asked.subject,
                hours=asked.hours,
            )
        except ValueError as refused:
            print(refused, file=sys.stderr)
            return 2
        print(token)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
