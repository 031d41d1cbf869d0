"""Who may ask: every token that must not pass, and what those that pass may see."""

import asyncio
import base64
import hmac
import json
import sys
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from contact_runtime.http.auth import Auth
from contact_runtime.http.problems import Problem
from contact_runtime.http.roles import ROLES
from contact_runtime.issuer import (
    AUDIENCE,
    ISSUER,
    JWKS_FILE,
    KEY_FILE,
    ensure_issuer,
    main,
    mint,
)
from tests.support.demo_app import client_of, demo_app


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(demo_app(tmp_path)) as client:
        yield client


def claims(**changed: Any) -> dict[str, Any]:
    """Return good claims but for those changed; None leaves one out, a timedelta is from now."""
    now = datetime.now(UTC)
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "s",
        "role": "supervisor",
        "iat": now,
        "exp": now + timedelta(hours=1),
    }
    moments = {k: now + v for k, v in changed.items() if isinstance(v, timedelta)}
    return {k: v for k, v in (good | changed | moments).items() if v is not None}


def signed(keys: Path, payload: dict[str, Any], **headers: Any) -> str:
    kid = json.loads((keys / JWKS_FILE).read_text())["keys"][0]["kid"]
    key = (keys / KEY_FILE).read_text()
    return jwt.encode(payload, key, algorithm="ES256", headers={"kid": kid} | headers)


def by_hand(head: dict[str, str], secret: str) -> str:
    """Return a token signed with a text that everybody knows."""

    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    payload = claims(iat=int(time.time()), exp=int(time.time()) + 3600)
    signing = part(json.dumps(head).encode()) + "." + part(json.dumps(payload).encode())
    return signing + "." + part(hmac.digest(secret.encode(), signing.encode(), "sha256"))


async def ask(api: httpx.AsyncClient, token: str, thing: str = "acme.a") -> httpx.Response:
    return await api.get(f"/v1/things/{thing}", headers={"Authorization": f"Bearer {token}"})


async def test_a_good_token_passes(api: httpx.AsyncClient, tmp_path: Path) -> None:
    assert (await ask(api, signed(tmp_path, claims()))).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": timedelta(minutes=-5)},
        {"exp": None},
        {"iat": timedelta(hours=2)},
        {"nbf": timedelta(hours=2)},
        {"sub": None},
        {"role": None},
        {"role": "emperor"},
        {"role": ["administrator"]},
        {"role": "client"},
        {"role": "client", "client": ""},
        {"role": "client", "client": ["acme"]},
        {"role": "agent"},
        {"role": "agent", "agent_id": 7},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_or_missing_claim_is_refused(
    api: httpx.AsyncClient, tmp_path: Path, changed: dict[str, Any]
) -> None:
    answer = await ask(api, signed(tmp_path, claims(**changed)))
    assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_that_chooses_its_own_algorithm_is_refused(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    public = (tmp_path / JWKS_FILE).read_text()
    kid = json.loads(public)["keys"][0]["kid"]
    none = jwt.encode(claims(), "", algorithm="none", headers={"kid": kid})
    confused = [by_hand({"alg": "HS256", "kid": kid}, public), by_hand({"alg": "HS256"}, "")]
    for token in (none, none + "e30", *confused):
        assert (await ask(api, token)).status_code == 401


async def test_a_token_of_another_key_is_refused_whatever_key_it_names(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    kid = json.loads((tmp_path / JWKS_FILE).read_text())["keys"][0]["kid"]
    own = ec.generate_private_key(ec.SECP256R1())
    other_kind = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for named in (kid, "another", None):
        headers = {"kid": named} if named else {}
        assert (
            await ask(api, jwt.encode(claims(), own, algorithm="ES256", headers=headers))
        ).status_code == 401
        assert (
            await ask(api, jwt.encode(claims(), other_kind, algorithm="RS256", headers=headers))
        ).status_code == 401


async def test_a_token_changed_on_the_way_is_refused(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    head, _, signature = signed(tmp_path, claims()).split(".")
    _, body, _ = signed(tmp_path, claims(role="administrator")).split(".")
    assert (await ask(api, f"{head}.{body}.{signature}")).status_code == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer " + "x" * 5000]
)
async def test_no_token_or_rubbish_is_refused(api: httpx.AsyncClient, header: str) -> None:
    answer = await api.get("/v1/things/acme.a", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] in ("token-missing", "token-invalid")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_remembered_token_still_expires(tmp_path: Path) -> None:
    auth = Auth(str(ensure_issuer(tmp_path)), ISSUER, AUDIENCE)
    soon = datetime.now(UTC) - timedelta(seconds=8)  # within the leeway of 10 s, for 2 s more
    token = signed(tmp_path, claims(exp=soon))
    assert (await auth.principal(token)).role == "supervisor"
    ends = time.monotonic() + 6
    with pytest.raises(Problem):
        while time.monotonic() < ends:
            await auth.principal(token)


async def test_a_scope_that_the_role_lacks_is_forbidden_and_named(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    token = mint(tmp_path, "supervisor")
    answer = await api.put(
        "/v1/things/a", json={"name": "a"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert answer.json()["scope"] == "calls:write"


async def test_a_scope_claim_narrows_and_never_widens(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    narrowed = mint(tmp_path, "supervisor", scope="live:read calls:write")
    assert (await ask(api, narrowed)).status_code == 403
    headers = {"Authorization": f"Bearer {narrowed}"}
    assert (await api.put("/v1/things/a", json={"name": "a"}, headers=headers)).status_code == 403


async def test_another_clients_thing_is_as_missing_as_one_that_is_not_there(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    token = mint(tmp_path, "client", client="acme")
    own, missing = await ask(api, token), await ask(api, token, "acme.none")
    others = await ask(api, token, "globex.a")
    assert own.status_code == 200
    assert (others.status_code, others.json()["code"]) == (404, "not-found")
    own_parts = {k: v for k, v in missing.json().items() if k not in ("instance", "request_id")}
    others_parts = {k: v for k, v in others.json().items() if k not in ("instance", "request_id")}
    assert own_parts == others_parts


async def test_an_operator_reads_the_things_of_every_client(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    for thing in ("acme.a", "globex.a"):
        assert (await ask(api, mint(tmp_path, "supervisor"), thing)).status_code == 200


async def test_a_new_key_of_the_issuer_is_found_without_a_restart(tmp_path: Path) -> None:
    auth = Auth(str(ensure_issuer(tmp_path)), ISSUER, AUDIENCE, unknown_pause_s=0.0)
    old = mint(tmp_path, "supervisor")
    await auth.principal(old)
    for name in (KEY_FILE, JWKS_FILE):
        (tmp_path / name).unlink()
    assert (await auth.principal(mint(tmp_path, "agent", agent_id="a1"))).agent_id == "a1"
    with pytest.raises(Problem):
        await auth.principal(old)  # its key is withdrawn: a remembered token is no longer good


async def test_unknown_keys_do_not_make_the_issuer_be_asked_each_time(tmp_path: Path) -> None:
    auth = Auth(str(ensure_issuer(tmp_path)), ISSUER, AUDIENCE)
    await auth.principal(mint(tmp_path, "supervisor"))
    (tmp_path / JWKS_FILE).unlink()
    for number in range(20):
        with pytest.raises(Problem) as refused:
            await auth.principal(_named(number))
        assert refused.value.status_code == 401


def _named(number: int) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(claims(), key, algorithm="ES256", headers={"kid": f"k{number}"})


async def test_without_the_issuers_keys_the_answer_is_try_again(tmp_path: Path) -> None:
    token = mint(tmp_path, "supervisor")
    app = demo_app(tmp_path)
    app.state.auth = Auth(str(tmp_path / "nothing.json"), ISSUER, AUDIENCE)
    async with client_of(app, token) as api:
        answer = await api.get("/v1/things/acme.a")
    assert (answer.status_code, answer.json()["code"]) == (503, "try-again")


async def test_several_processes_may_make_the_issuer_at_once(tmp_path: Path) -> None:
    order = ("-m", "contact_runtime.issuer", "token", "--state", str(tmp_path))
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, *order, "--role", "supervisor", stdout=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    told = [await process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    auth = Auth(str(tmp_path / JWKS_FILE), ISSUER, AUDIENCE)
    for said, _ in told:
        assert (await auth.principal(said.decode().strip())).role == "supervisor"
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert "d" not in json.loads((tmp_path / JWKS_FILE).read_text())["keys"][0]
    assert names_in(tmp_path) == [KEY_FILE, JWKS_FILE]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_the_keys_may_be_at_an_address(tmp_path: Path) -> None:
    token = mint(tmp_path, "supervisor")
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            auth = Auth(f"http://127.0.0.1:{server.server_port}/{JWKS_FILE}", ISSUER, AUDIENCE)
            assert (await auth.principal(token)).role == "supervisor"
        finally:
            server.shutdown()
            thread.join()
    assert (await auth.principal(token)).role == "supervisor"  # the issuer is away: no matter


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_the_command_line_prints_a_token_that_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = ["token", "--state", str(tmp_path), "--role", "client", "--client", "acme"]
    assert main(order) == 0
    found = jwt.decode(capsys.readouterr().out.strip(), options={"verify_signature": False})
    assert (found["client"], found["iss"], found["aud"]) == ("acme", ISSUER, AUDIENCE)


def test_the_command_line_refuses_a_role_without_its_claim(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "--state", str(tmp_path), "--role", "agent"]) == 2
    assert capsys.readouterr().err == "a token of role agent needs its agent\n"


def test_every_role_but_the_administrators_is_within_the_administrators() -> None:
    for scopes in ROLES.values():
        assert scopes <= ROLES["administrator"]


def test_a_clients_key_is_made_once_and_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    order = ["client-key", "--state", str(tmp_path), "--client", "acme"]
    assert main(order) == 0
    file = tmp_path / "client-keys.json"
    before = file.read_text()
    assert main(order) == 0
    assert main([*order[:-1], "globex"]) == 0
    after = json.loads(file.read_text())
    assert after["acme"] == json.loads(before)["acme"]
    assert set(after) == {"acme", "globex"}
    assert file.stat().st_mode & 0o777 == 0o600
