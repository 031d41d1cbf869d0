"""The card of a call made whole: what its memo holds, and what other rows know about it."""

from collections.abc import Iterable

from msgspec.structs import replace

from agent_state.domain.call_memo import CallMemo
from agent_state.domain.card import Card
from agent_state.domain.contacts import PastContact, call_ids, shown
from agent_state.domain.screen_pop import ScreenPop
from agent_state.tables import CALLER, CONTACT, SCREEN_POP
from contact_runtime.rows import Unit


async def look_up(unit: Unit, caller_refs: Iterable[str], project_ids: Iterable[str]) -> None:
    """Fetch, for a batch at once, the rows that the cards of these callers and projects need."""
    callers = await unit.peek_many(CALLER, caller_refs)
    await unit.peek_many(CONTACT, {call for each in callers.values() for call in call_ids(each)})
    await unit.peek_many(SCREEN_POP, project_ids)


async def whole_card(unit: Unit, memo: CallMemo) -> Card | None:
    """Return what an agent is shown of the call now; None if nothing is known of it."""
    card = memo.card
    if card is None:
        return None
    return replace(
        card,
        contacts=await _contacts(unit, memo, card),
        screen_pop=await _screen_pop(unit, card.project),
    )


async def _contacts(unit: Unit, memo: CallMemo, card: Card) -> tuple[PastContact, ...]:
    if memo.caller_ref is None:
        return ()
    earlier = call_ids(await unit.peek(CALLER, memo.caller_ref)) - {memo.call_id}
    contacts = await unit.peek_many(CONTACT, earlier)
    return shown(contacts.values(), card.client)


async def _screen_pop(unit: Unit, project_id: str | None) -> ScreenPop | None:
    document = await unit.peek(SCREEN_POP, project_id) if project_id is not None else None
    return document.said if document is not None and not document.said.deactivated else None
