"""Notes of agents: sealed under a person's key that only this service keeps, and opened."""

import base64
import secrets

from msgspec.structs import replace

from agent_state.domain.notes import Note, Person
from agent_state.tables import PERSON
from contact_runtime.rows import Unit
from contact_runtime.sealing import KEY_BYTES, NONCE_BYTES, seal, unseal


async def sealed(unit: Unit, text: str, person: str) -> str:
    """Return the text sealed under the person's key, which is made at the first note."""
    known = await unit.load(PERSON, person)
    key = base64.b64decode(known.key) if known.key else secrets.token_bytes(KEY_BYTES)
    if known.key is None:
        unit.put(PERSON, person, replace(known, key=base64.b64encode(key).decode()))
    return seal(text.encode(), key, secrets.token_bytes(NONCE_BYTES), person)


async def opened(unit: Unit, note: Note) -> str | None:
    """Return what was written; None once the person was erased.

    Raises:
        SealBroken: what is sealed was changed.
    """
    known = await unit.peek(PERSON, note.person)
    if known.key is None or known.erased != note.erased:
        return None
    return unseal(note.sealed, base64.b64decode(known.key), note.person).decode()


async def erase(unit: Unit, person: str) -> None:
    """Destroy the person's key: what was written of them can be read no more."""
    known = await unit.load(PERSON, person)
    if known.key is not None:
        unit.put(PERSON, person, Person(erased=known.erased + 1))
