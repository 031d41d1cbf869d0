"""One attempt to deliver a webhook, to a real server on loopback."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contact_runtime.webhooks.addresses import networks_of
from contact_runtime.webhooks.sending import MOST_ANSWERED, Outcome, Sender
from tests.support.receiver import Receiver, receiver, status

LOOPBACK = networks_of("127.0.0.0/8")
HEADERS = {"webhook-id": "m1"}


@pytest.fixture
async def crm() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    made = Sender(LOOPBACK, limit_s=5)
    yield made
    await made.close()


class Names:
    """A resolver that gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_what_is_answered_with_success_is_delivered(crm: Receiver, sender: Sender) -> None:
    assert await sender.post(crm.url, HEADERS, b'{"a":1}') == Outcome(status=204)
    (message,) = crm.messages
    assert (message.target, message.body) == ("/hooks", b'{"a":1}')
    assert message.headers["host"] == f"127.0.0.1:{crm.port}"
    assert message.headers["user-agent"].startswith("polycentre-webhooks/")


@pytest.mark.parametrize(
    ("code", "failure"), [(400, "refused"), (410, "refused"), (500, "refused"), (302, "redirected")]
)
async def test_any_other_answer_is_a_failure(
    crm: Receiver, sender: Sender, code: int, failure: str
) -> None:
    crm.answering(code)
    assert await sender.post(crm.url, HEADERS, b"{}") == Outcome(code, failure)  # type: ignore[arg-type]


async def test_a_redirect_is_not_followed(crm: Receiver, sender: Sender) -> None:
    async with receiver() as elsewhere:
        crm.answers = [lambda message: status(307, f"Location: {elsewhere.url}")]
        await sender.post(crm.url, HEADERS, b"{}")
        assert elsewhere.messages == []


async def test_who_does_not_answer_in_time_has_failed(crm: Receiver) -> None:
    crm.answers = [lambda message: None]
    sender = Sender(LOOPBACK, limit_s=0.2)
    assert await sender.post(crm.url, HEADERS, b"{}") == Outcome(failure="timed_out")
    await sender.close()


async def test_an_answer_without_end_is_cut_off(crm: Receiver, sender: Sender) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (2 * MOST_ANSWERED)
    crm.answers = [lambda message: endless]
    began = time.monotonic()
    assert await sender.post(crm.url, HEADERS, b"{}") == Outcome(status=200)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("said", [b"SMTP ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-"])
async def test_an_answer_that_is_none_is_a_failure(
    crm: Receiver, sender: Sender, said: bytes
) -> None:
    crm.answers, crm.hangs_up = [lambda message: said], True
    assert await sender.post(crm.url, HEADERS, b"{}") == Outcome(failure="broken_answer")


async def test_who_does_not_listen_has_failed(sender: Sender) -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    outcome = await sender.post(f"http://127.0.0.1:{port}/", HEADERS, b"{}")
    assert outcome == Outcome(failure="connection_failed")


async def test_a_name_that_leads_nowhere_is_a_failure() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    sender = Sender(LOOPBACK, resolve=nowhere)
    outcome = await sender.post("https://crm.example/", HEADERS, b"{}")
    assert outcome == Outcome(failure="name_not_found")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "2130706433"])
async def test_an_address_inside_is_refused_whatever_it_is_called(crm: Receiver, host: str) -> None:
    sender = Sender()
    for scheme in ("http", "https"):
        outcome = await sender.post(f"{scheme}://{host}:{crm.port}/", HEADERS, b"{}")
        assert outcome == Outcome(failure="address_refused")
    assert crm.messages == []


async def test_a_name_is_connected_to_at_the_address_that_was_checked(crm: Receiver) -> None:
    names = Names(["10.0.0.1", "127.0.0.1"], ["127.0.0.2"])
    sender = Sender(LOOPBACK, resolve=names)
    outcome = await sender.post(f"http://crm.example:{crm.port}/", HEADERS, b"{}")
    assert outcome == Outcome(status=204)
    assert names.asked == ["crm.example"]
    assert crm.messages[0].headers["host"] == f"crm.example:{crm.port}"
    await sender.close()


async def test_a_name_that_begins_to_lead_inside_is_refused_from_then_on(crm: Receiver) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    sender = Sender(networks_of("127.0.0.1/32"), resolve=names)
    crm.answers = [lambda message: status(204, "Connection: close")]
    url = f"http://crm.example:{crm.port}/"
    assert await sender.post(url, HEADERS, b"{}") == Outcome(status=204)
    assert await sender.post(url, HEADERS, b"{}") == Outcome(failure="address_refused")
    assert len(crm.messages) == 1
    await sender.close()


async def test_a_receiver_is_known_by_its_name_and_not_by_the_address_connected_to(
    crm: Receiver, tmp_path: Path
) -> None:
    certificate, key = _certificate(tmp_path)
    async with _encrypted(crm, certificate, key) as port:
        trusting = ssl.create_default_context(cafile=str(certificate))
        names = Names(["127.0.0.1"])
        sender = Sender(LOOPBACK, resolve=names, ssl_context=trusting, limit_s=5)
        outcome = await sender.post(f"https://crm.example:{port}/", HEADERS, b"{}")
        assert outcome == Outcome(status=204)
        outcome = await sender.post(f"https://other.example:{port}/", HEADERS, b"{}")
        assert outcome == Outcome(failure="connection_failed")
        await sender.close()
    assert len(crm.messages) == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    crm: Receiver, tmp_path: Path
) -> None:
    async with _encrypted(crm, *_certificate(tmp_path)) as port:
        sender = Sender(LOOPBACK, resolve=Names(["127.0.0.1"]), limit_s=5)
        outcome = await sender.post(f"https://crm.example:{port}/", HEADERS, b"{}")
        assert outcome == Outcome(failure="connection_failed")
        await sender.close()
    assert crm.messages == []


@asynccontextmanager
async def _encrypted(crm: Receiver, certificate: Path, key: Path) -> AsyncIterator[int]:
    """Let the receiver also serve encrypted, on this port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(crm.serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Return a certificate that its own key signed, and the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "crm.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("crm.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
