"""A replica's whole state as chunks of bytes, and back: pure, and blind to what the state holds.

A field that is a map is cut into slices, a dataclass into its fields, everything else is carried
whole. A new field of the state needs no change here.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice
from typing import Any, Final, TypeVar, get_type_hints

import msgspec

from contact_events.topics import ROUTED
from router.domain.state import State

CHUNK_BYTES: Final = 128 * 1024
"""A chunk is closed once it is larger; the log takes eight times as much at once."""

SLICE_ITEMS: Final = 64

S = TypeVar("S", bound=State)

_pack = msgspec.msgpack.Encoder().encode


class Broken(Exception):
    """Chunks that are no state: something is missing, or was changed, or is of another shape."""

    code = "snapshot-broken"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a replica has folded at a place of the log at which all replicas have folded the same.

    `routed` is the next offset of `routed`; those of the inputs are the state's own. The leader
    is of `leader_version`, and has `left` if it said so.
    """

    state: State
    routed: int
    leader_version: str
    left: bool = False

    @property
    def positions(self) -> dict[str, int]:
        """Return the next offset of every topic, `routed` among them."""
        return {**self.state.positions, ROUTED.name: self.routed}

    @property
    def records(self) -> int:
        """Return how many records were folded."""
        return sum(self.positions.values())


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A slice of one field: its path, whether it is a slice of a map, and what it holds."""

    path: tuple[str, ...]
    sliced: bool
    held: msgspec.Raw


def chunks_of(state: State) -> Iterator[bytes]:
    """Yield the state in chunks of about `CHUNK_BYTES`; equal states yield equal chunks."""
    pieces: list[Piece] = []
    size = 0
    for piece in _pieces(state, ()):
        pieces.append(piece)
        size += len(bytes(piece.held))
        if size >= CHUNK_BYTES:
            yield _pack(pieces)
            pieces, size = [], 0
    yield _pack(pieces)


def state_of(chunks: Iterable[bytes], kind: type[S] = State) -> S:  # type: ignore[assignment]
    """Return the state that was cut into these chunks.

    Raises:
        Broken: these are not all chunks of one state as this code knows it.
    """
    found: dict[tuple[str, ...], list[Piece]] = {}
    try:
        for chunk in chunks:
            for piece in msgspec.msgpack.decode(chunk, type=list[Piece]):
                found.setdefault(piece.path, []).append(piece)
        state: S = _joined(kind, (), found)
    except msgspec.MsgspecError as error:
        raise Broken(str(error)) from error
    if found:
        raise Broken(f"unknown fields: {sorted('.'.join(path) for path in found)}")
    return state


def hash_of(chunks: Iterable[bytes]) -> str:
    """Return the hash of the chunks, in their order."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _pieces(part: object, path: tuple[str, ...]) -> Iterator[Piece]:
    if is_dataclass(part):
        for each in fields(part):
            yield from _pieces(getattr(part, each.name), (*path, each.name))
    elif isinstance(part, dict):
        items = iter(part.items())
        while held := dict(islice(items, SLICE_ITEMS)):
            yield Piece(path, True, msgspec.Raw(_pack(held)))
        yield Piece(path, True, msgspec.Raw(_pack({})))
    else:
        yield Piece(path, False, msgspec.Raw(_pack(part)))


def _joined(kind: Any, path: tuple[str, ...], found: dict[tuple[str, ...], list[Piece]]) -> Any:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(  # type: ignore[operator]
            **{e.name: _joined(hints[e.name], (*path, e.name), found) for e in fields(kind)}
        )
    pieces = found.pop(path, None)
    if pieces is None:
        raise Broken(f"{'.'.join(path)} is missing")
    parts = [msgspec.msgpack.decode(piece.held, type=kind) for piece in pieces]
    if not pieces[0].sliced:
        return parts[0]
    return {key: value for part in parts for key, value in part.items()}
