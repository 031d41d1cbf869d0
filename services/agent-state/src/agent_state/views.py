"""What agents are, as people and desktops are shown it."""

from typing import Literal

from pydantic import AwareDatetime

from contact_runtime.http.bodies import View


class ConsultView(View):
    """The consultation that the agent asked for: whom, and whether somebody is joined."""

    call_id: str
    queue_id: str | None = None
    agent_id: str | None = None
    skill_id: str | None = None
    connected: bool = False


class SlotView(View):
    """One contact's room with the agent."""

    slot: int
    state: Literal["free", "reserved", "talking", "hold", "wrap_up"]
    call_id: str | None
    attempt: int | None
    reservation_id: str | None
    since: AwareDatetime | None
    consult: ConsultView | None


class HelpView(View):
    """An open call for help: about which call, and which supervisor comes."""

    since: AwareDatetime
    call_id: str | None = None
    answered_by: str | None = None


class WrapUpView(View):
    """After-call work: in its slot, or `beside` it while the slot is free for the next call."""

    reservation_id: str
    call_id: str
    slot: int
    mode: Literal["none", "optional", "until_done", "timed", "timed_extendable"]
    beside: bool
    since: AwareDatetime
    ends_at: AwareDatetime | None
    extensions_left: int
    codes_required: bool
    codes_from: str | None


class NameView(View):
    """What the agent is called."""

    ru: str
    en: str


class BreakPlaceView(View):
    """The agent's break: waited for at `position` of the team's line, granted, or begun."""

    state: Literal["waiting", "granted", "away"]
    reason: str
    position: int | None = None
    take_by: AwareDatetime | None = None
    overdue_at: AwareDatetime | None = None
    overdue: bool = False


class StateView(View):
    """What the agent is now.

    `status` is Offline for who is signed out, else the most engaged slot (Talking, Hold, Reserved,
    WrapUp, in this order), else the presence. `next_presence` comes without being asked again:
    Ready at `returns_at`, Offline once no contact is under way. `rona_total` counts offers that
    rang out, ever; `rona_in_a_row` those since the agent answered one.
    """

    agent_id: str
    name: NameView | None
    presence: Literal["Offline", "NotReady", "Ready"]
    presence_since: AwareDatetime | None
    reason: str | None
    status: Literal["Offline", "NotReady", "Ready", "Reserved", "Talking", "Hold", "WrapUp"]
    next_presence: Literal["Offline", "NotReady", "Ready"] | None
    returns_at: AwareDatetime | None
    site_id: str
    telephone: str | None
    rona_total: int
    rona_in_a_row: int
    help: HelpView | None
    break_place: BreakPlaceView | None
    slots: list[SlotView]
    wrap_ups: list[WrapUpView]


class AnswerView(View):
    """The agent after a command; `sequence` numbers their changes."""

    sequence: int
    agent: StateView
