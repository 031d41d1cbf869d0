"""Callers as they may stand in the log, and what only ivr can make of that again."""

import base64
import secrets
from pathlib import Path

from msgspec.structs import replace

from contact_events.calls import Caller
from contact_runtime.client_keys import ClientKeys, add_client, newest, read_client_keys
from contact_runtime.rows import Unit
from contact_runtime.sealing import KEY_BYTES, NONCE_BYTES, SealBroken
from ivr.domain.callers import Person, normal, prefix, reference
from ivr.domain.refusals import NoClientKey
from ivr.sealing import Identity, seal, unseal
from ivr.tables import PERSON


class People:
    """The clients' keys for references, and the persons' keys in the rows."""

    def __init__(self, keys: ClientKeys, path: Path | None = None) -> None:
        """Hold the clients' keys; `path` is the file that a new client's key is added to."""
        self._keys = keys
        self._path = path

    @classmethod
    def of_file(cls, path: Path | None) -> "People":
        """Return the people under the keys of the file; no client has one without a file.

        Raises:
            ClientKeysWrong: the file holds something else.
        """
        return cls(read_client_keys(path) if path else {}, path)

    def admit(self, client_id: str) -> None:
        """See to it that the client has a key, making one if the file can be written.

        Raises:
            NoClientKey: there is none and none could be made.
        """
        if client_id in self._keys:
            return
        if self._path is None:
            raise NoClientKey(client_id)
        try:
            self._keys = add_client(self._path, client_id)
        except OSError:
            raise NoClientKey(client_id) from None

    async def identify(
        self, unit: Unit, client_id: str, number: str, name: str | None = None
    ) -> Caller:
        """Return who calls the client from this number; their key is made at the first call.

        The name, if any is told, is sealed with the number.

        Raises:
            NotANumber: the number is of no country.
            NoClientKey: another process admitted the client, and the file does not show it.
        """
        number = normal(number)
        version, client_key = newest(self._key_of(client_id))
        ref = reference(number, client_key)
        person = await unit.load(PERSON, ref)
        key = base64.b64decode(person.key) if person.key else secrets.token_bytes(KEY_BYTES)
        if person.key is None:
            unit.put(PERSON, ref, replace(person, key=base64.b64encode(key).decode()))
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Caller(
            ref=ref,
            ref_version=int(version),
            prefix=prefix(number),
            sealed=seal(Identity(number, name), key, nonce, ref),
        )

    async def open(self, unit: Unit, caller: Caller) -> Identity | None:
        """Return number and name of a caller; None once their key is destroyed.

        Raises:
            SealBroken: what is sealed was changed.
        """
        person = await unit.peek(PERSON, caller.ref)
        if person.key is None:
            return None
        try:
            return unseal(caller.sealed, base64.b64decode(person.key), caller.ref)
        except SealBroken:
            if person.erased:  # sealed before that, under a key that is no more; they called again
                return None
            raise

    async def erase(self, unit: Unit, client_id: str, number: str) -> list[str]:
        """Destroy the keys of who called the client from this number; return their references.

        They are none if nobody did, or they were erased already; more than one only if they called
        before and after the client had a new key.

        Raises:
            NotANumber: the number is of no country.
            NoClientKey: no such client was ever admitted.
        """
        number = normal(number)
        refs = sorted(reference(number, key) for key in self._key_of(client_id).values())
        await unit.load_many(PERSON, refs)
        persons = {ref: await unit.load(PERSON, ref) for ref in refs}
        known = [ref for ref, person in persons.items() if person.key is not None]
        for ref in known:
            unit.put(PERSON, ref, Person(erased=persons[ref].erased + 1))
        return known

    def _key_of(self, client_id: str) -> dict[str, bytes]:
        if client_id not in self._keys and self._path is not None:
            self._keys = read_client_keys(self._path)  # another replica admitted the client
        if client_id not in self._keys:
            raise NoClientKey(client_id)
        return dict(self._keys[client_id])
