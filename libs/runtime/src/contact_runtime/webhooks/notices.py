"""What an integrator is told of a fact: thin, stable, versioned JSON, and to whom it goes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from contact_events.identity import derived_id

VERSION = 1
"""Of the payload: fields may be added to it; anything else makes the next version."""

TEST = "webhook.test"
"""The type of a message that tells of nothing."""

Value = str | int | float | bool | list[str] | dict[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One fact, as integrators are told it. `id` is the fact's own; `at` is business time.

    A notice without a `client` is for the operator's endpoints alone.
    """

    id: str
    type: str
    at: datetime
    client: str | None
    data: Mapping[str, Value]


class Subscription(Protocol):
    """What of an endpoint decides whether a notice goes to it."""

    @property
    def client(self) -> str | None:
        """Whose calls it is told of; None: the operator's, of all."""

    @property
    def types(self) -> Collection[str]:
        """Which types it wants."""

    @property
    def since(self) -> datetime:
        """Business time of the first fact that it is told."""


def goes_to(notice: Notice, subscription: Subscription) -> bool:
    """Return whether the notice is one that the endpoint wants and may see."""
    if notice.type not in subscription.types or notice.at < subscription.since:
        return False
    return subscription.client is None or subscription.client == notice.client


def body_of(notice: Notice) -> str:
    """Return the payload as it is sent and signed."""
    payload = {
        "type": notice.type,
        "version": VERSION,
        "timestamp": notice.at.astimezone(UTC),
        "data": notice.data,
    }
    return msgspec.json.encode(payload).decode()


def message_id(endpoint_id: str, notice_id: str) -> str:
    """Return the `webhook-id`: the same for every attempt to tell this endpoint of this fact."""
    return f"msg_{derived_id(endpoint_id, notice_id)}"
