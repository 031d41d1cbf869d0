"""What all boards of one view are sent: each frame made once, kept for who was away for a moment.

A frame's id is `<channel>-<number>`. The channel's name is drawn anew by every process for every
view, so an id that another replica gave, or this one before it started again, is simply not
known: then the board is sent a snapshot, as to who asks without an id.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import msgspec

from reporting.domain.differences import comparable, difference
from reporting.domain.shown import Ages, Changes, View

KEPT = 150
"""Frames kept for who comes back: at five a second for half a minute."""

RESTS_S = 30.0
"""Machine seconds for which a channel that nobody watches goes on."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a frame says beside the figures; see `shown.Head`."""

    at: str
    scale: float
    ages_s: Ages
    position: dict[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """The last that was sent."""

    head: Head
    view: View


class Channel:
    """The frames of one view, numbered. One task makes them, any number of boards reads them."""

    def __init__(self, head: Head, view: View) -> None:
        """Begin with what is to be seen now."""
        self._name = secrets.token_hex(4)
        self.shown = Shown(head, view)
        self._frames: deque[bytes] = deque(maxlen=KEPT)
        self._whole: bytes | None = None
        self._number = 0
        self._made = asyncio.Event()
        self._watchers = 0
        self._left_at = 0.0

    def show(self, head: Head, view: View) -> None:
        """Make the frame that leads from what was shown to `view`, and wake who waits for it."""
        before, self.shown = self.shown, Shown(head, view)
        self._number, self._whole = self._number + 1, None
        if not comparable(before.view, view):
            self._frames.append(self._snapshot())
        else:
            changes = Changes() if view is before.view else difference(before.view, view)
            was = before.head.position
            moved = {at: to for at, to in head.position.items() if was.get(at) != to}
            self._frames.append(self._encoded("change", head, moved, changes))
        made, self._made = self._made, asyncio.Event()
        made.set()

    def idle(self, now: float) -> bool:
        """Tell whether nobody has watched for `RESTS_S`; `now` is monotonic."""
        return not self._watchers and now - self._left_at > RESTS_S

    async def frames(self, last_id: str | None) -> AsyncGenerator[bytes, None]:
        """Yield what follows the frame `last_id`, or a snapshot where that is not known, for ever.

        Who reads too slowly for what is kept is sent a snapshot, too.
        """
        loop = asyncio.get_running_loop()
        self._watchers += 1
        try:
            seen = self._number_of(last_id)
            while True:
                if seen is None or self._number - seen > len(self._frames):
                    seen = self._number
                    yield self._snapshot()
                elif missed := self._number - seen:
                    seen = self._number
                    yield b"".join(list(self._frames)[-missed:])
                else:
                    await self._made.wait()
        finally:
            self._watchers -= 1
            self._left_at = loop.time()

    def _number_of(self, last_id: str | None) -> int | None:
        channel, _, number = (last_id or "").partition("-")
        if channel != self._name or not number.isdecimal() or int(number) > self._number:
            return None
        return int(number)

    def _snapshot(self) -> bytes:
        if self._whole is None:
            head, view = self.shown.head, self.shown.view
            self._whole = self._encoded("snapshot", head, head.position, view)
        return self._whole

    def _encoded(
        self, event: str, head: Head, position: dict[str, int], parts: View | Changes
    ) -> bytes:
        said = {"at": head.at, "scale": head.scale, "ages_s": head.ages_s, "position": position}
        data = msgspec.json.encode({**said, **parts})
        return b"event: %b\nid: %b-%d\ndata: %b\n\n" % (
            event.encode(),
            self._name.encode(),
            self._number,
            data,
        )
