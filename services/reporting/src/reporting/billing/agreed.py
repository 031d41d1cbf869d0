"""What was agreed, as of a revision of the tariff and of the definitions that it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contact_runtime.administration.documents import Revision, history_of, revision_key
from contact_runtime.rows import Kind, Store
from reporting.billing.rows import DEFINITION, TARIFF
from reporting.domain.agreements import Agreement, Tariff, definition_ids
from reporting.domain.invoicing.spans import Revisions
from reporting.domain.measures.definition import BUILT_IN


@dataclass(frozen=True, slots=True)
class Agreed:
    """A tariff with all that it refers to; `newest` names the last revision of each definition."""

    tariff: Tariff
    revision: int
    definitions: Revisions
    newest: Mapping[str, int]


async def agreed_now(store: Store, tariff_id: str) -> Agreed | None:
    """Return what the tariff and its definitions say now; None if there is no such tariff."""
    last = await store.peek(TARIFF, tariff_id)
    if last is None:
        return None
    named = {each for _, each in definition_ids(last.said.terms)} - BUILT_IN.keys()
    held = await store.peek_many(DEFINITION, sorted(named))
    newest = {each: found.revision for each, found in held.items() if found is not None}
    return Agreed(last.said, last.revision, await _definitions(store, newest), newest)


async def agreed_then(
    store: Store, tariff_id: str, revision: int, newest: Mapping[str, int]
) -> Agreed:
    """Return what the tariff and its definitions said at these revisions."""
    [found] = await _revisions(store, TARIFF, tariff_id, range(revision, revision + 1))
    return Agreed(found.said, revision, await _definitions(store, newest), newest)


async def definition_now(store: Store, definition_id: str) -> Sequence[tuple[int, Agreement]]:
    """Return all revisions of a definition, the oldest first; none if there is none."""
    last = await store.peek(DEFINITION, definition_id)
    newest = {definition_id: last.revision} if last else {}
    return (await _definitions(store, newest)).get(definition_id, ())


async def _definitions(store: Store, newest: Mapping[str, int]) -> Revisions:
    return {
        definition_id: [
            (each.revision, each.said)
            for each in await _revisions(store, DEFINITION, definition_id, range(1, last + 1))
        ]
        for definition_id, last in newest.items()
    }


async def _revisions(
    store: Store, rows: Kind[Any], name: str, numbers: range
) -> list[Revision[Any]]:
    keys = [revision_key(name, number) for number in numbers]
    found = await store.peek_many(history_of(rows), keys)
    return [found[key] for key in keys]
