"""The kinds of documents of reporting: what must be true of each, and what a change tells."""

from collections.abc import Awaitable, Callable
from decimal import InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from contact_events.billing import (
    AlertRuleChanged,
    BillingDocument,
    DefinitionChanged,
    TariffChanged,
    Terms,
)
from contact_events.registry import Event
from contact_runtime.administration.documents import Author, Documents, Found, Revision, Said
from contact_runtime.administration.kinds import Kind, operator_only
from contact_runtime.http.auth import Principal
from contact_runtime.http.documents import Fault
from contact_runtime.rows import Fact, Unit
from reporting.billing import bodies
from reporting.billing.rows import ALERT_RULE, DEFINITION, TARIFF
from reporting.domain.agreements import (
    definition_ids,
    faults_of_terms,
    wrong_clearance,
)
from reporting.domain.alerts import fault_of_scope
from reporting.domain.measures.definition import BUILT_IN

Effect = Callable[[Unit, str, Revision[Any], Author], Awaitable[None]]

POOL: Final = "main"
"""Billing is of no pool; its envelopes name the company's."""

CODES: Final = {
    "bonus_below_penalty": "A bonus may not begin below the level at which a penalty ends.",
    "built_in": "A definition of this name is always there and cannot be changed.",
    "clear_at": "The alert would be cleared as soon as it is raised, or never.",
    "client_fixed": "The client of a document never changes: invoices name it.",
    "days": "The days end before they begin.",
    "measure_of_scope": "The measure is not one of a queue, or of a site.",
    "missing_beside": "What stands beside it needs this, too.",
    "repeated": "It stands here twice.",
    "terms_out_of_order": "Terms stand in the order of the days from which they hold.",
    "time_zone": "No name of the IANA time zone database.",
    "unknown_definition": "No such definition for this client: put it to `/v1/definitions` first.",
    "unknown_revision": "The document never had this revision.",
    "useless_beside": "What stands beside it makes this mean nothing.",
}
"""The codes of faults that reporting tells, with their meaning."""


async def _faults_of_definition(unit: Unit, name: str, said: Said, last: Found) -> list[Fault]:
    faults = _client_fixed(said, last)
    if name in BUILT_IN:
        faults.append(Fault(("definition_id",), "built_in", f"{name} is always there"))
    return faults


async def _faults_of_tariff(unit: Unit, name: str, said: Said, last: Found) -> list[Fault]:
    faults = _client_fixed(said, last)
    if not _is_zone(said.get("time_zone", "UTC")):
        faults.append(Fault(("time_zone",), "time_zone", "no such time zone"))
    try:
        terms = msgspec.convert(said.get("terms", ()), tuple[Terms, ...])
        faults += [Fault(*fault) for fault in faults_of_terms(terms)]
    except (msgspec.ValidationError, InvalidOperation):
        return faults  # of the wrong shape, as is told beside
    for place, definition_id in definition_ids(terms):
        if not await _is_known(unit, definition_id, said.get("client_id")):
            detail = f"there is no definition {definition_id} for the client"
            faults.append(Fault(place, "unknown_definition", detail))
    return faults


async def _faults_of_alert_rule(unit: Unit, name: str, said: Said, last: Found) -> list[Fault]:
    unmeasured = fault_of_scope(
        str(said.get("measure")), queue_id=said.get("queue_id"), site_id=said.get("site_id")
    )
    if unmeasured is not None:
        return [Fault(*unmeasured)]
    numbers = said.get("threshold"), said.get("clear_at")
    match numbers:
        case ((int() | float() as threshold), (int() | float() as clear_at)):
            if wrong_clearance(str(said.get("raised_when", "above")), threshold, clear_at):
                detail = f"{clear_at} is beyond {threshold}"
                return [Fault(("clear_at",), "clear_at", detail)]
    return []


def _client_fixed(said: Said, last: Found) -> list[Fault]:
    if last is None or said.get("client_id") == last.said.client_id:
        return []
    return [Fault(("client_id",), "client_fixed", f"it is of {last.said.client_id or 'everybody'}")]


def _is_zone(name: object) -> bool:
    try:
        ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):  # a name that is a folder of the database: OSError
        return False
    return True


async def _is_known(unit: Unit, definition_id: str, client_id: object) -> bool:
    if definition_id in BUILT_IN:
        return True
    found = await unit.peek(DEFINITION, definition_id)
    return found is not None and found.said.client_id in (None, client_id)


def _telling(shape: type[BillingDocument], name: str) -> Effect:
    """Return what publishes the whole document with each change, in the same transaction."""

    async def tell(unit: Unit, of: str, revision: Revision[Any], author: Author) -> None:
        document_id = f"{name}:{of}"
        said: dict[str, Any] = {f"{name}_id": of, **msgspec.structs.asdict(revision.said)}
        event = shape(
            document_id=document_id,
            revision=revision.revision,
            changed_by=revision.changed_by,
            **said,
        )
        await publish(unit, event, document_id, revision.said.client_id, author)

    return tell


async def publish(
    unit: Unit, event: Event, document_id: str, client_id: str | None, author: Author
) -> None:
    """Publish what is said of a document of billing, in the open transaction."""
    await unit.load_streams([document_id])
    fact = Fact(
        event=event,
        time=author.at,
        pool=POOL,
        client=client_id,
        causation=author.causation,
        traceparent=author.traceparent,
    )
    unit.publish([fact], stream=document_id)


def _own(who: Principal, said: Any) -> bool:
    return who.may_read(said.client_id)


def _own_or_common(who: Principal, said: Any) -> bool:
    return said.client_id is None or who.may_read(said.client_id)


_tell_definition = _telling(DefinitionChanged, "definition")
_tell_tariff = _telling(TariffChanged, "tariff")
_tell_alert_rule = _telling(AlertRuleChanged, "alert_rule")

DEFINITIONS: Final = Kind(
    "definition",
    "definitions",
    "definition",
    Documents(
        "definition", DEFINITION, _faults_of_definition, _telling(DefinitionChanged, "definition")
    ),
    bodies.DefinitionBody,
    bodies.DefinitionView,
    bodies.DefinitionView,
    reading="reports:read",
    changing="billing:admin",
    visible=_own_or_common,
    changeable=operator_only,
)
TARIFFS: Final = Kind(
    "tariff",
    "tariffs",
    "tariff",
    Documents("tariff", TARIFF, _faults_of_tariff, _tell_tariff),
    bodies.TariffBody,
    bodies.TariffView,
    bodies.TariffView,
    reading="billing:read",
    changing="billing:admin",
    visible=_own,
    changeable=operator_only,
)
ALERT_RULES: Final = Kind(
    "alert_rule",
    "alert-rules",
    "rule of alerts",
    Documents(
        "rule of alerts",
        ALERT_RULE,
        _faults_of_alert_rule,
        _telling(AlertRuleChanged, "alert_rule"),
    ),
    bodies.AlertRuleBody,
    bodies.AlertRuleView,
    bodies.AlertRuleView,
    reading="live:read",
    changing="alerts:admin",
    visible=_own,
    changeable=_own,
)
KINDS: Final = (DEFINITIONS, TARIFFS, ALERT_RULES)
