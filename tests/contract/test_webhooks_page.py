"""What docs/webhooks.md tells integrators to do works."""

import json
import re
import secrets
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from agent_state.webhooks import payloads as agents
from agent_state.webhooks.payloads import AnsweredPayload
from contact_runtime.webhooks.delivering import EACH
from contact_runtime.webhooks.endpoints import MOST
from contact_runtime.webhooks.schedule import PAUSES_S
from contact_runtime.webhooks.sending import LIMIT_S
from contact_runtime.webhooks.signing import SECRET_BYTES, headers, secret_of
from reporting.webhooks import payloads as alerts

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
BODY = '{"type":"call.wrapped_up","data":{"codes":["продано"]}}'.encode()


def block(language: str) -> str:
    """Return the one block of the page in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def secret() -> str:
    return secret_of(secrets.token_bytes(SECRET_BYTES))


def signed(secret: str, **changed: str) -> dict[str, str]:
    return headers([secret], "msg_1", datetime.now(UTC), BODY) | changed


def in_python(secret: str, sent: dict[str, str], body: bytes) -> bool:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    return bool(names["verify"](secret, sent, body))


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")


def in_shell(folder: Path, secret: str, sent: dict[str, str], body: bytes) -> bool:
    (folder / "body.json").write_bytes(body)
    told = {name.upper().replace("-", "_"): value for name, value in sent.items()}
    ended = subprocess.run(
        ["sh", "-c", block("sh")],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "SECRET": secret, **told},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.stdout.strip() in ("genuine", "forged"), ended.stderr
    return ended.returncode == 0


@needs_openssl
def test_an_integrator_who_follows_the_page_takes_our_messages(tmp_path: Path, secret: str) -> None:
    sent = signed(secret)
    assert in_python(secret, sent, BODY)
    assert in_shell(tmp_path, secret, sent, BODY)


@needs_openssl
def test_an_integrator_who_follows_the_page_takes_messages_while_a_secret_is_changed(
    tmp_path: Path, secret: str
) -> None:
    new = secret_of(secrets.token_bytes(SECRET_BYTES))
    sent = headers([new, secret], "msg_1", datetime.now(UTC), BODY)
    for known in (new, secret):
        assert in_python(known, sent, BODY)
        assert in_shell(tmp_path, known, sent, BODY)


@needs_openssl
@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body", "secret"])
def test_an_integrator_who_follows_the_page_takes_no_forgery(
    tmp_path: Path, secret: str, changed: str
) -> None:
    sent, body, known = signed(secret), BODY, secret
    if changed == "body":
        body += b" "
    elif changed == "secret":
        known = secret_of(secrets.token_bytes(SECRET_BYTES))
    else:
        sent[changed] = sent[changed][:-1] + ("0" if sent[changed][-1] != "0" else "1")
    assert not in_python(known, sent, body)
    assert not in_shell(tmp_path, known, sent, body)


def test_an_integrator_who_follows_the_page_takes_no_old_message(secret: str) -> None:
    old = datetime.now(UTC) - timedelta(minutes=6)
    assert not in_python(secret, headers([secret], "msg_1", old, BODY), BODY)


def test_the_payload_on_the_page_is_one_that_is_sent() -> None:
    Draft202012Validator(AnsweredPayload.model_json_schema()).validate(json.loads(block("json")))


def test_the_page_says_what_the_code_does() -> None:
    told = {*get_args(agents.TypeName), *get_args(alerts.TypeName)}
    assert set(re.findall(r"^\| `([a-z_.]+)`", PAGE, re.MULTILINE)) == told
    said = " ".join(PAGE.split())
    words = {60: "min", 3600: "h"}
    for pause in PAUSES_S[1:]:
        unit = 3600 if pause >= 3600 else 60
        assert f"{pause // unit} {words[unit]}" in said
    assert f"within {LIMIT_S:.0f} s" in said
    assert f"holds {EACH} attempts" in said
    assert f"at most {MOST} webhooks" in said
