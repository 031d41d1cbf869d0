"""The card of a call made whole: what its memo holds, and what other rows know of its caller."""

from collections.abc import Iterable

from msgspec.structs import replace

from agent_state.domain.call_memo import CallMemo
from agent_state.domain.card import Card
from agent_state.domain.contacts import call_ids, shown
from agent_state.tables import CALLER, CONTACT
from contact_runtime.rows import Unit


async def look_up(unit: Unit, caller_refs: Iterable[str]) -> None:
    """Fetch, for a batch at once, the rows that the cards of these callers need."""
    callers = await unit.peek_many(CALLER, caller_refs)
    await unit.peek_many(CONTACT, {call for each in callers.values() for call in call_ids(each)})


async def whole_card(unit: Unit, memo: CallMemo) -> Card | None:
    """Return what an agent is shown of the call now; None if nothing is known of it."""
    card, ref = memo.card, memo.caller_ref
    if card is None or ref is None:
        return card
    earlier = call_ids(await unit.peek(CALLER, ref)) - {memo.call_id}
    contacts = await unit.peek_many(CONTACT, earlier)
    return replace(card, contacts=shown(contacts.values(), card.client))
