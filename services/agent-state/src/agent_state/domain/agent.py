"""An agent: who they are, whether they work, and what fills each of their slots."""

from datetime import datetime
from typing import Literal

import msgspec

from agent_state.domain.card import Card
from agent_state.domain.wrap_up_rules import WrapUpRules
from contact_events.calls import Text


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who the agent is, as administrators say.

    `skills` maps a skill to the agent's level. `wrap_up_s` is how long after-call work may last.
    With `telephone` the agent talks on a leg that ivr holds; without, on the desktop. `channels`
    is how many contacts of each channel the agent takes at once; a contact keeps those of other
    channels away, but for the channels that may interrupt it: `interrupts` names, for a channel,
    those that it may break into. Who is `deactivated` cannot sign in.
    """

    name: Text
    site_id: str
    team: str | None = None
    pool: str = "main"
    skills: dict[str, int] = {}
    wrap_up_s: float = 30.0
    telephone: bool = False
    channels: dict[str, int] = msgspec.field(default_factory=lambda: {"voice": 1})
    interrupts: dict[str, tuple[str, ...]] = {}
    deactivated: bool = False


class Consult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The consultation that the agent asked for: a call of its own, connected once it is joined."""

    call_id: str
    queue_id: str | None = None
    agent_id: str | None = None
    skill_id: str | None = None
    connected: bool = False


class Offline(msgspec.Struct, frozen=True, tag="Offline"):
    """Signed out, by themselves or because the connection was lost."""

    since: datetime | None = None
    reason: str | None = None


class NotReady(msgspec.Struct, frozen=True, tag="NotReady", omit_defaults=True):
    """Signed in, takes no calls, for a reason.

    It ends by itself with Ready at `returns_at`, or, if the agent `leaves`, with Offline once no
    contact is under way.
    """

    since: datetime
    reason: str
    returns_at: datetime | None = None
    leaves: bool = False


class Ready(msgspec.Struct, frozen=True, tag="Ready"):
    """Signed in and takes calls."""

    since: datetime
    reason: None = None


Presence = Offline | NotReady | Ready


class Free(msgspec.Struct, frozen=True, tag="free", omit_defaults=True):
    """Nothing fills the slot."""

    since: datetime | None = None


class Filled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every filling has: the call, its attempt, the reservation, and since when.

    `consult` is the consultation about this call that the agent has under way; `note` is what they
    last wrote for whom they sent it to. `wrap_up` is what will hold for its after-call work; None:
    the default.
    """

    call_id: str
    attempt: int
    reservation_id: str
    since: datetime
    queue_id: str | None = None
    card: Card | None = None
    consult: Consult | None = None
    note: str | None = None
    wrap_up: WrapUpRules | None = None


class Reserved(Filled, frozen=True, tag="reserved"):
    """The agent is rung until `due`."""

    due: datetime


class Talking(Filled, frozen=True, tag="talking"):
    """The agent took the offer; `connected` once ivr has joined the legs."""

    connected: bool = False


class Hold(Filled, frozen=True, tag="hold"):
    """The caller was put on hold; only joined callers can be."""


class WrapUp(Filled, frozen=True, tag="wrap_up"):
    """After-call work, until the agent says so, at the latest until `due`, if there is one.

    `extended` is how often the agent has put `due` off.
    """

    due: datetime | None
    extended: int = 0


Filling = Free | Reserved | Talking | Hold | WrapUp


class Beside(msgspec.Struct, frozen=True):
    """After-call work that goes on while its slot is free for the next call."""

    slot: int
    work: WrapUp


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

    `place` is the process that holds them; None before the first. `left` from half the
    grace after the last of them closed: a process that still holds another takes the desk back.
    """

    place: str | None = None
    left: bool = False


class Station(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the agent works: a site, and the telephone they talk on, by its address.

    `telephone` is None on the desktop; "" is the one that ivr knows by the agent.
    """

    site_id: str
    telephone: str | None = None


class Help(msgspec.Struct, frozen=True, omit_defaults=True):
    """An open call for help: since when, about which call, and which supervisor comes."""

    since: datetime
    call_id: str | None = None
    answered_by: str | None = None


class RonaPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of an agent who let an offer ring out.

    They are NotReady(rona), and Ready again after `returns_after_s`, if given; with `stays_ready`
    nothing changes. Who lets `most_in_a_row` offers ring out one after the other is signed out.
    """

    returns_after_s: float | None = None
    stays_ready: bool = False
    most_in_a_row: int | None = None


class Rona(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many offers the agent let ring out: ever, and since they last answered one."""

    total: int = 0
    in_a_row: int = 0


class BreakPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent's break: waited for at `position` of the team's line, granted, or begun.

    A grant that is not taken by `take_by` passes to who waits. A break is overdue at `overdue_at`.
    """

    state: Literal["waiting", "granted", "away"]
    reason: str
    position: int | None = None
    take_by: datetime | None = None
    overdue_at: datetime | None = None
    overdue: bool = False


class Agent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of an agent. `version` counts the changes that a desktop is shown.

    `profile` is None for an agent nobody has described: such a one can never be Ready. `last_at` is
    when something last happened to the agent.
    """

    agent_id: str
    profile: Profile | None = None
    presence: Presence = Offline()
    slots: tuple[Slot, ...] = (Slot(),)
    version: int = 0
    desk: Desk = Desk()
    rona: Rona = Rona()
    station: Station | None = None
    help: Help | None = None
    beside: tuple[Beside, ...] = ()
    break_place: BreakPlace | None = None
    last_at: datetime | None = None

    @classmethod
    def new(cls, agent_id: str) -> "Agent":
        """Return the agent before anything happened."""
        return cls(agent_id=agent_id)


def due_of(agent: Agent) -> datetime | None:
    """Return when the next ringing, after-call work or rest of the agent is over, or None."""
    dues = [slot.filling.due for slot in agent.slots if isinstance(slot.filling, Reserved)]
    dues += [work.due for _, work in wrap_ups(agent) if work.due is not None]
    if isinstance(agent.presence, NotReady) and agent.presence.returns_at is not None:
        dues.append(agent.presence.returns_at)
    return min(dues, default=None)


def station_of(agent: Agent) -> Station:
    """Return where the agent works: where they signed in, or where their profile says."""
    if agent.station is not None:
        return agent.station
    if agent.profile is None:
        return Station("")
    return Station(agent.profile.site_id, "" if agent.profile.telephone else None)


def is_free(agent: Agent) -> bool:
    """Return whether no contact is under way, after-call work included."""
    return not agent.beside and all(isinstance(slot.filling, Free) for slot in agent.slots)


def wrap_ups(agent: Agent) -> list[tuple[int, WrapUp]]:
    """Return all after-call work with its slot: what fills slots, then what goes on beside."""
    filling = [
        (number, slot.filling)
        for number, slot in enumerate(agent.slots)
        if isinstance(slot.filling, WrapUp)
    ]
    return filling + [(beside.slot, beside.work) for beside in agent.beside]


def calls_held(agent: Agent) -> list[str]:
    """Return the calls that ring or talk in the agent's slots, and their consultations."""
    fillings = [slot.filling for slot in agent.slots]
    held = [filling for filling in fillings if isinstance(filling, Reserved | Talking | Hold)]
    consults = [filling.consult.call_id for filling in held if filling.consult]
    return [*(filling.call_id for filling in held), *consults]
