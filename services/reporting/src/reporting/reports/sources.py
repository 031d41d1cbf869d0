"""Where the rows of each report come from: a statement each, with a moment, groups and sums."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from reporting import tables
from reporting.domain.measures.definition import Definition

AT = "at"
"""The column that says when: the start of a quarter of an hour, or a contact's arrival."""

_STATES = ("Ready", "Reserved", "Talking", "Hold", "WrapUp", "NotReady")
STATE_SUMS = {
    "Ready": "in_ready_ms",
    "Reserved": "in_reserved_ms",
    "Talking": "in_talking_ms",
    "Hold": "in_hold_ms",
    "WrapUp": "in_wrap_up_ms",
    "NotReady": "in_not_ready_ms",
}


def _named(table: Any, groups: Iterable[str], sums: dict[str, str]) -> Select[Any]:
    return select(
        table.c.interval_start.label(AT),
        *(table.c[group] for group in groups),
        *(table.c[column].label(name) for name, column in sums.items()),
    )


def _all(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


def _sums_of(table: Any) -> dict[str, str]:
    apart = {tables.VERSION, tables.RESTATED}
    return _all(c.name for c in table.columns if not c.primary_key and c.name not in apart)


QUEUE_GROUPS = ("queue_id", "client_id", "project_id", "channel")
PLACE_GROUPS = ("region", "home_site_id", "answering_site_id", "client_id", "project_id")
WAIT_SUMS = _sums_of(tables.queue_intervals)
CONTACT_GROUPS = ("client_id", "project_id", "channel")
CONTACT_SUMS = _all(("arrived", "contained", "refused", "abandoned_in_flow", "self_service_ms"))
STEP_GROUPS = ("flow_id", "step", "choice", "client_id", "project_id")
STEP_SUMS = {
    "entered": "entered",
    "step_contained": "contained",
    "step_abandoned": "abandoned",
    "step_queued": "queued",
}
AGENT_GROUPS = ("agent_id", "site_id")
AGENT_SUMS = {
    "offers": "offered",
    "answered": "talks",
    **_all(("rejected", "rang_out", "talk_ms", "hold_ms", "wrap_up_ms", "transfers_out")),
}
CALLER_GROUPS = ("queue_id", "client_id", "project_id", "channel", "region")
CALLER_SUMS = ("resolvable", "repeated")


def queues(_: Definition) -> FromClause:
    """Return the quarters of an hour of queues."""
    return _named(tables.queue_intervals, QUEUE_GROUPS, WAIT_SUMS).subquery("found")


def places(_: Definition) -> FromClause:
    """Return the quarters of an hour of places: where callers were, at home, and answered."""
    return _named(tables.place_intervals, PLACE_GROUPS, WAIT_SUMS).subquery("found")


def contacts(_: Definition) -> FromClause:
    """Return the quarters of an hour of projects."""
    return _named(tables.contact_intervals, CONTACT_GROUPS, CONTACT_SUMS).subquery("found")


def flow_steps(_: Definition) -> FromClause:
    """Return the quarters of an hour of flow steps."""
    return _named(tables.flow_step_intervals, STEP_GROUPS, STEP_SUMS).subquery("found")


def skills(_: Definition) -> FromClause:
    """Return the quarters of queues once for each skill that the queue asked for at that time."""
    held = tables.documents
    queue_id = func.substr(held.c.document_id, len("queue:") + 1)
    by, order = held.c.document_id, held.c.revision
    first = func.row_number().over(partition_by=by, order_by=order) == 1
    revisions = (
        select(
            queue_id.label("queue_id"),
            case(
                (first, literal_column("'-infinity'::timestamptz")), else_=held.c.valid_from
            ).label("since"),
            func.lead(held.c.valid_from).over(partition_by=by, order_by=order).label("until"),
            (cast(held.c.document, JSONB)["skills"]).label("skills"),
        )
        .where(held.c.document_id.startswith("queue:"))
        .subquery("revisions")
    )
    asked = select(
        revisions.c.queue_id,
        revisions.c.since,
        revisions.c.until,
        func.jsonb_object_keys(revisions.c.skills).label("skill_id"),
    ).subquery("asked")
    intervals = tables.queue_intervals
    start = intervals.c.interval_start
    then = and_(
        asked.c.queue_id == intervals.c.queue_id,
        asked.c.since <= start,
        or_(asked.c.until.is_(None), start < asked.c.until),
    )
    skill = func.coalesce(asked.c.skill_id, literal("")).label("skill_id")
    rows = _named(intervals, QUEUE_GROUPS, WAIT_SUMS).add_columns(skill)
    return rows.select_from(intervals.outerjoin(asked, then)).subquery("found")


def agents(_: Definition) -> FromClause:
    """Return the quarters of an hour of agents: what they were offered, and where time went."""
    offers, spells = tables.agent_intervals, tables.agent_spells
    nothing = literal(0)
    counted = _named(offers, AGENT_GROUPS, AGENT_SUMS).add_columns(
        *(nothing.label(name) for name in STATE_SUMS.values())
    )
    passed = select(
        spells.c.interval_start.label(AT),
        *(spells.c[group] for group in AGENT_GROUPS),
        *(nothing.label(name) for name in AGENT_SUMS),
        *(
            case((spells.c.status == status, spells.c.length_ms), else_=0).label(name)
            for status, name in STATE_SUMS.items()
        ),
    )
    return union_all(counted, passed).subquery("found")


def callers(definition: Definition) -> FromClause:
    """Return contacts that can be resolved at first, and whether the caller came again."""
    one, later = tables.contacts, tables.contacts.alias("later")
    days = literal(timedelta(days=definition.repeat_within_days))
    newest = select(tables.newest.c.at).scalar_subquery()
    resolvable = and_(
        one.c.outcome.in_(("answered", "contained")),
        one.c.caller_ref.is_not(None),
        one.c.ended_at + days <= newest,
    )
    again = (
        select(literal(1))
        .where(
            later.c.caller_ref == one.c.caller_ref,
            later.c.client_id == one.c.client_id,
            later.c.direction == "inbound",
            later.c.call_id != one.c.call_id,
            later.c.arrived_at > one.c.ended_at,
            later.c.arrived_at <= one.c.ended_at + days,
        )
        .exists()
    )
    return (
        select(
            one.c.arrived_at.label(AT),
            *(func.coalesce(one.c[group], literal("")).label(group) for group in CALLER_GROUPS),
            _one_if(true()).label("resolvable"),
            _one_if(again).label("repeated"),
        )
        .where(one.c.direction == "inbound", resolvable)
        .subquery("found")
    )


def _one_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)
