"""Ids that are derived from their cause, so that doing a thing twice makes no second thing."""

from hashlib import blake2b


def derived_id(*parts: str | int) -> str:
    """Return the id, 32 hexadecimal digits, that these parts and no others lead to."""
    text = "".join(f"{len(str(part))}:{part}" for part in parts)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def reservation_id(pool: str, epoch: int, owner: str, number: int) -> str:
    """Return the id of the reservation that decision `number` of a leader creates."""
    return derived_id("reservation", pool, epoch, owner, number)


def router_stream(pool: str, epoch: int, owner: str) -> str:
    """Return the stream of one leader's decisions."""
    return f"router/{pool}/{epoch}/{owner}"
