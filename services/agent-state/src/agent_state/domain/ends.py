"""Which ended calls may be forgotten: those whose end the router has folded, says a valid decision.

Ends are kept in blocks of offsets of `call-arrived`, so that forgetting touches few rows.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

BLOCK_OFFSETS = 256
MOST_BLOCKS = 8


class Ends(msgspec.Struct, frozen=True, omit_defaults=True):
    """The blocks of one partition that may hold ends: from `oldest` on; None before the first."""

    oldest: int | None = None


class EndsBlock(msgspec.Struct, frozen=True, omit_defaults=True):
    """The calls whose ends lie within one block."""

    calls: tuple[str, ...] = ()


def block_of(offset: int) -> int:
    """Return the block in which an offset lies."""
    return offset // BLOCK_OFFSETS


def began(ends: Ends, offset: int) -> Ends:
    """Return the blocks with the one in which `offset` lies."""
    block = block_of(offset)
    return ends if ends.oldest is not None and ends.oldest <= block else Ends(block)


def added(block: EndsBlock, call_id: str) -> EndsBlock:
    """Return the block with one more call."""
    return block if call_id in block.calls else EndsBlock((*block.calls, call_id))


def passed(ends: Ends, position: int) -> list[int]:
    """Return the blocks that lie wholly below `position`, the next offset the router reads.

    At most MOST_BLOCKS: the rest goes with later decisions.
    """
    if ends.oldest is None:
        return []
    return list(range(ends.oldest, min(block_of(position), ends.oldest + MOST_BLOCKS)))


def forgotten(ends: Ends, blocks: Iterable[int]) -> Ends:
    """Return the blocks without those that were forgotten."""
    last = max(blocks, default=None)
    return ends if last is None else replace(ends, oldest=last + 1)
