"""What becomes of a message and of its endpoint after an attempt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contact_runtime.driver import Driver
from contact_runtime.webhooks.endpoints import Reason
from contact_runtime.webhooks.schedule import is_dead, pause_s
from contact_runtime.webhooks.sending import Outcome

GONE = 410
"""By the specification: a receiver that wants to hear no more."""

# The endpoint is locked before its messages, everywhere, so that no two wait for each other.
_LOCK = "SELECT failing_since, state FROM webhook_endpoints WHERE endpoint_id = $1 FOR UPDATE"
_WELL = """
UPDATE webhook_endpoints SET failing_since = NULL
WHERE endpoint_id = $1 AND failing_since IS NOT NULL
"""
_FAILING = "UPDATE webhook_endpoints SET failing_since = $2 WHERE endpoint_id = $1"
_DISABLE = """
UPDATE webhook_endpoints
SET state = 'disabled', disabled_for = $2, disabled_at = $3, changed_at = $3, version = version + 1
WHERE endpoint_id = $1
"""
_GIVE_UP = """
UPDATE webhook_deliveries SET state = 'dead', ended_at = $2
WHERE endpoint_id = $1 AND state = 'waiting'
"""
# Only the last attempt tells what became of the message: an earlier one may come back late.
_SETTLE = """
UPDATE webhook_deliveries
SET state = $3, failures = $4, due_at = $5, last_status = $6, last_failure = $7, ended_at = $8
WHERE delivery_id = $1 AND attempts = $2 AND state = 'waiting'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The attempt of this number to deliver a message that failed so often since it waits."""

    delivery_id: str
    endpoint_id: str
    body: str
    number: int
    failures: int
    waiting_since: datetime
    url: str
    secret: str
    previous_secret: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What follows from an attempt: for the message, and for the endpoint, if it was disabled."""

    became: Literal["delivered", "failed", "dead"]
    disabled_for: Reason | None = None


async def settle(
    driver: Driver, attempt: Attempt, outcome: Outcome, now: datetime, chance: float
) -> Settled:
    """Keep what became of an attempt, in the open transaction."""
    if outcome.failure is None:
        await driver.execute(_WELL, (attempt.endpoint_id,))
        await _write(driver, attempt, outcome, now, "delivered", now)
        return Settled("delivered")
    reason = await _blame(driver, attempt.endpoint_id, outcome, now)
    dead = reason is not None or is_dead(attempt.waiting_since, now)
    due_at = now + timedelta(seconds=pause_s(attempt.failures + 1, chance))
    await _write(driver, attempt, outcome, due_at, "dead" if dead else "waiting", now)
    if reason is not None:
        await driver.execute(_DISABLE, (attempt.endpoint_id, reason, now))
        await driver.execute(_GIVE_UP, (attempt.endpoint_id, now))
    return Settled("dead" if dead else "failed", reason)


async def _blame(
    driver: Driver, endpoint_id: str, outcome: Outcome, now: datetime
) -> Reason | None:
    """Keep that the endpoint fails; return why it is to be disabled, if it is."""
    found = await driver.fetch(_LOCK, (endpoint_id,))
    if not found or found[0]["state"] != "enabled":
        return None  # it was deleted or disabled meanwhile
    since = found[0]["failing_since"]
    if since is None:
        await driver.execute(_FAILING, (endpoint_id, now))
    if outcome.status == GONE:
        return "gone"
    return "failing" if is_dead(since or now, now) else None


async def _write(
    driver: Driver,
    attempt: Attempt,
    outcome: Outcome,
    due_at: datetime,
    state: Literal["delivered", "waiting", "dead"],
    now: datetime,
) -> None:
    failures = attempt.failures + (outcome.failure is not None)
    ended_at = None if state == "waiting" else now
    of = (attempt.delivery_id, attempt.number)
    said = (outcome.status, outcome.failure)
    await driver.execute(_SETTLE, (*of, state, failures, due_at, *said, ended_at))
