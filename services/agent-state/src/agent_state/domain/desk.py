"""Where an agent's sockets are, so that only the last one to go signs the agent out."""

import msgspec


class Desk(msgspec.Struct, frozen=True, omit_defaults=True):
    """The process that holds sockets of the agent.

    `place` is None before the first socket and after a sign-out for want of one. `left` is true
    from the moment the last socket of `place` closed: whichever process still holds one takes the
    desk back within the grace.
    """

    place: str | None = None
    left: bool = False


def taken(place: str) -> Desk:
    """Return the desk with a socket open in the process `place`."""
    return Desk(place)


def left(desk: Desk, place: str) -> Desk:
    """Return the desk after the last socket of `place` closed; another process's stays."""
    return Desk(place, True) if desk.place == place else desk
