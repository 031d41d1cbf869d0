"""How webhooks are signed, checked by an implementation that is not ours."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from contact_runtime.webhooks.signing import SECRET_BYTES, headers, secret_of, signature


def now() -> datetime:
    """Return the time of now: the independent implementation compares with its own clock."""
    return datetime.now(UTC)


@given(
    chance=st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES),
    message_id=st.text("abcdef0123456789_", min_size=1, max_size=40),
    body=st.text(max_size=200).map(str.encode),
)
def test_what_is_signed_is_verified_by_the_specifications_own_library(
    chance: bytes, message_id: str, body: bytes
) -> None:
    secret = secret_of(chance)
    made = headers([secret], message_id, now(), body)
    Webhook(secret).verify(body, made, json_parse=False)
    assert made["webhook-id"] == message_id


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_a_message_of_which_anything_was_changed_is_not_verified(change: str) -> None:
    secret, body = secret_of(secrets.token_bytes(SECRET_BYTES)), b'{"type":"call.answered"}'
    made = headers([secret], "m1", now(), body)
    if change == "body":
        body += b" "
    elif change == "webhook-id":
        made["webhook-id"] = "m2"
    elif change == "webhook-timestamp":
        made["webhook-timestamp"] = str(int(made["webhook-timestamp"]) - 1)
    else:
        secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, made)


def test_while_a_secret_is_changed_the_old_and_the_new_one_verify() -> None:
    new, old = (secret_of(secrets.token_bytes(SECRET_BYTES)) for _ in range(2))
    made = headers([new, old], "m1", now(), b"{}")
    for secret in (new, old):
        Webhook(secret).verify(b"{}", made)


def test_an_old_message_sent_again_by_somebody_else_is_not_verified() -> None:
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    made = headers([secret], "m1", now() - timedelta(minutes=10), b"{}")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b"{}", made)


@pytest.mark.parametrize("secret", ["", "abc", "whsec_###", "whsec_YQ"])
def test_what_is_no_secret_signs_nothing(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret"):
        signature([secret], "m1", now(), b"{}")


def test_a_secret_of_another_size_is_not_made() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        secret_of(b"short")
