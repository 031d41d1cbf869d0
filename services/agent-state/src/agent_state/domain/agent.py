"""An agent: who they are, whether they work, and what fills each of their slots."""

from datetime import datetime

import msgspec

from contact_events.calls import Text


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who the agent is, as administrators say.

    `skills` maps a skill to the agent's level. `wrap_up_s` is how long after-call work may last.
    With `telephone` the agent talks on a leg that ivr holds; without, on the desktop. `channels`
    is how many contacts of each channel the agent takes at once; a contact keeps those of other
    channels away, but for the channels that may interrupt it: `interrupts` names, for a channel,
    those that it may break into.
    """

    name: str
    site_id: str
    team: str | None = None
    pool: str = "main"
    skills: dict[str, int] = {}
    wrap_up_s: float = 30.0
    telephone: bool = False
    channels: dict[str, int] = msgspec.field(default_factory=lambda: {"voice": 1})
    interrupts: dict[str, tuple[str, ...]] = {}


class Card(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the agent sees of a call: whose caller it is and how to greet."""

    client: str | None = None
    client_name: str = ""
    project: str | None = None
    greeting: Text | None = None


class Offline(msgspec.Struct, frozen=True, tag="Offline"):
    """Signed out, by themselves or because the connection was lost."""

    since: datetime | None = None
    reason: str | None = None


class NotReady(msgspec.Struct, frozen=True, tag="NotReady"):
    """Signed in, takes no calls, for a reason."""

    since: datetime
    reason: str


class Ready(msgspec.Struct, frozen=True, tag="Ready"):
    """Signed in and takes calls."""

    since: datetime
    reason: None = None


Presence = Offline | NotReady | Ready


class Free(msgspec.Struct, frozen=True, tag="free", omit_defaults=True):
    """Nothing fills the slot."""

    since: datetime | None = None


class Filled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every filling has: the call, its attempt, the reservation, and since when."""

    call_id: str
    attempt: int
    reservation_id: str
    since: datetime
    queue_id: str | None = None
    card: Card | None = None


class Reserved(Filled, frozen=True, tag="reserved"):
    """The agent is rung until `due`."""

    due: datetime


class Talking(Filled, frozen=True, tag="talking"):
    """The agent took the offer; `connected` once ivr has joined the legs."""

    connected: bool = False


class Hold(Filled, frozen=True, tag="hold"):
    """The caller was put on hold; only joined callers can be."""


class WrapUp(Filled, frozen=True, tag="wrap_up"):
    """After-call work, until the agent says so, at the latest until `due`."""

    due: datetime


Filling = Free | Reserved | Talking | Hold | WrapUp


class LastOffer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last offer read for a slot, and what became of it; None while it rings."""

    reservation_id: str
    outcome: str | None = None


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """One contact's room with the agent. A slot without a channel is shut: it takes nothing."""

    filling: Filling = Free()
    last: LastOffer | None = None
    channel: str = "voice"


class Desk(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the agent's sockets are, so that only the last one to go signs the agent out.

    `place` is the process that holds them; None before the first. `left` from the moment the last
    of them closed: a process that still holds another takes the desk back within the grace.
    """

    place: str | None = None
    left: bool = False


class Agent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of an agent. `version` counts the changes that were told.

    `profile` is None for an agent nobody has described: such a one can never be Ready.
    """

    agent_id: str
    profile: Profile | None = None
    presence: Presence = Offline()
    slots: tuple[Slot, ...] = (Slot(),)
    version: int = 0
    desk: Desk = Desk()

    @classmethod
    def new(cls, agent_id: str) -> "Agent":
        """Return the agent before anything happened."""
        return cls(agent_id=agent_id)


def due_of(agent: Agent) -> datetime | None:
    """Return when the next ringing or after-call work of the agent is over, or None."""
    dues = (slot.filling.due for slot in agent.slots if isinstance(slot.filling, Reserved | WrapUp))
    return min(dues, default=None)


def calls_held(agent: Agent) -> list[str]:
    """Return the calls that ring or talk in the agent's slots."""
    return [
        slot.filling.call_id
        for slot in agent.slots
        if isinstance(slot.filling, Reserved | Talking | Hold)
    ]
