"""Raising and clearing alerts by rule, on one replica; all replicas show what it wrote.

The leader looks at its own board and writes `alert.raised` and `alert.cleared` on `alerts`. Whether
a rule's alert is raised is a row, changed in the transaction that publishes: two leaders at the
moment of a change cannot both raise it. How long a measure has been beyond is the leader's memory:
the next one begins to count anew.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from contact_events.alerts import AlertCleared, AlertRaised
from contact_events.billing import AlertRuleChanged
from contact_events.identity import derived_id
from contact_events.registry import Event
from contact_runtime.clock import Clock
from contact_runtime.errors import Transient
from contact_runtime.rows import Fact, Kind, Store, Unit
from reporting.boards import Boards
from reporting.domain.alerts import Watched, measured, step
from reporting.domain.views import Moment, view_of

LOOK_EVERY_S: Final = 0.5
"""Machine seconds between two looks at the board."""

POOL: Final = "main"

log = logging.getLogger(__name__)


class Open(msgspec.Struct, frozen=True):
    """The alert of a rule that is raised."""

    alert_id: str


ALERT: Kind[Open | None] = Kind("alert", Open | None, lambda rule_id: None)
"""By rule id."""


class Alerting:
    """What the leader does; start it anew with each lease."""

    def __init__(self, store: Store, boards: Boards, clock: Clock) -> None:
        """Look at `boards`, write to `store`."""
        self._store = store
        self._boards = boards
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again, once the board has folded all that was there."""
        watched: dict[str, Watched] | None = None
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()
            if not self._boards.caught_up():
                continue
            try:
                if watched is None:
                    rows = await self._store.scan(ALERT)
                    watched = {of: Watched(raised=True) for of, row in rows.items() if row}
                await self._look(watched)
            except Transient as why:
                watched = None  # what was raised meanwhile is read again
                log.warning("alerts not looked at, again", extra={"why": str(why)})

    async def _look(self, watched: dict[str, Watched]) -> None:
        board, at = self._boards.board, self._clock.now()
        moment = Moment.of(board)
        for rule_id, rule in list(board.rules.items()):
            before = watched.get(rule_id, Watched())
            raised = board.alerts.get(rule_id)
            if before.raised and (
                rule.deactivated or _is_other(rule, raised.alert if raised else None)
            ):
                await self._clear(rule, at, "rule_changed", None)
                watched[rule_id] = Watched()
            elif not rule.deactivated:
                value = measured(rule, view_of(board, rule.client_id, moment), at)
                now, happened = step(rule, before, value, at)
                if happened == "raised" and value is not None:
                    await self._raise(rule, at, value)
                elif happened == "cleared":
                    await self._clear(rule, at, "back", value)
                watched[rule_id] = now

    async def _raise(self, rule: AlertRuleChanged, at: datetime, value: float) -> None:
        async with self._store.unit() as unit:
            if await unit.load(ALERT, rule.alert_rule_id) is not None:
                return  # the leader before this one did
            alert_id = derived_id("alert", rule.alert_rule_id, at.isoformat())
            raised = AlertRaised(
                alert_id=alert_id,
                alert_rule_id=rule.alert_rule_id,
                revision=rule.revision,
                name=rule.name,
                measure=rule.measure,
                value=value,
                threshold=rule.threshold,
                clear_at=rule.clear_at,
                raised_when=rule.raised_when,
                for_s=rule.for_s,
                severity=rule.severity,
                client_id=rule.client_id,
                queue_id=rule.queue_id,
                site_id=rule.site_id,
            )
            unit.put(ALERT, rule.alert_rule_id, Open(alert_id))
            await _publish(unit, rule, raised, at)

    async def _clear(
        self, rule: AlertRuleChanged, at: datetime, reason: str, value: float | None
    ) -> None:
        async with self._store.unit() as unit:
            row = await unit.load(ALERT, rule.alert_rule_id)
            if row is None:
                return
            cleared = AlertCleared(
                alert_id=row.alert_id,
                alert_rule_id=rule.alert_rule_id,
                reason="back" if reason == "back" else "rule_changed",
                value=value,
            )
            unit.put(ALERT, rule.alert_rule_id, None)
            await _publish(unit, rule, cleared, at)


def _is_other(rule: AlertRuleChanged, raised: AlertRaised | None) -> bool:
    """Tell whether people have changed the rule since it raised its alert."""
    return raised is not None and raised.revision != rule.revision


async def _publish(unit: Unit, rule: AlertRuleChanged, event: Event, at: datetime) -> None:
    stream = f"alert:{rule.alert_rule_id}"
    await unit.load_streams([stream])
    fact = Fact(event=event, time=at, pool=POOL, client=rule.client_id, causation=rule.document_id)
    unit.publish([fact], stream=stream)
