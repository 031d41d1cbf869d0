"""What others are told of an agent: the log's `agent.changed`, and the view on the desktop."""

from datetime import datetime

import msgspec

from agent_state.domain.agent import (
    Agent,
    BreakPlace,
    Consult,
    Filling,
    Free,
    Help,
    Hold,
    NotReady,
    Offline,
    Presence,
    Ready,
    Reserved,
    Slot,
    Talking,
    WrapUp,
    station_of,
    wrap_ups,
)
from agent_state.domain.slots import blocked
from agent_state.domain.wrap_up_rules import DEFAULT, Mode, extensions_left
from contact_events.agents import AgentChanged, AgentStatus, SlotState
from contact_events.agents import Presence as PresenceName
from contact_events.agents import Slot as ToldSlot
from contact_events.calls import Text

_STATES: dict[type[Filling], SlotState] = {
    Free: "free",
    Reserved: "reserved",
    Talking: "talking",
    Hold: "hold",
    WrapUp: "wrap_up",
}
_NAMES: dict[type[Presence], PresenceName] = {
    Offline: "Offline",
    NotReady: "NotReady",
    Ready: "Ready",
}
_PRECEDENCE: tuple[tuple[type[Filling], AgentStatus], ...] = (
    (Talking, "Talking"),
    (Hold, "Hold"),
    (Reserved, "Reserved"),
    (WrapUp, "WrapUp"),
)


class SlotView(msgspec.Struct, frozen=True, kw_only=True):
    """A slot as the desktop shows it."""

    slot: int
    state: SlotState
    channel: str
    blocked: bool = False
    call_id: str | None = None
    attempt: int | None = None
    reservation_id: str | None = None
    since: datetime | None = None
    consult: Consult | None = None


class WrapUpView(msgspec.Struct, frozen=True, kw_only=True):
    """After-call work as the desktop shows it."""

    reservation_id: str
    call_id: str
    slot: int
    mode: Mode
    beside: bool
    since: datetime
    ends_at: datetime | None
    extensions_left: int
    codes_required: bool
    codes_from: str | None


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as the desktop shows them."""

    agent_id: str
    name: Text | None = None
    presence: PresenceName
    presence_since: datetime | None = None
    reason: str | None
    status: AgentStatus
    next_presence: PresenceName | None = None
    returns_at: datetime | None = None
    site_id: str
    telephone: str | None = None
    rona_total: int = 0
    rona_in_a_row: int = 0
    help: Help | None = None
    break_place: BreakPlace | None = None
    slots: tuple[SlotView, ...]
    wrap_ups: tuple[WrapUpView, ...] = ()


def presence_name(agent: Agent) -> PresenceName:
    """Return the presence as the log names it."""
    return _NAMES[type(agent.presence)]


def next_presence(presence: Presence) -> PresenceName | None:
    """Return what the presence becomes without being asked again, as the log names it, or None."""
    if not isinstance(presence, NotReady):
        return None
    if presence.leaves:
        return "Offline"
    return "Ready" if presence.returns_at is not None else None


def state_of(slot: Slot) -> SlotState:
    """Return the slot's state as the log names it."""
    return _STATES[type(slot.filling)]


def status_of(agent: Agent) -> AgentStatus:
    """Return what the agent "is": signed out, then the most engaged slot, then presence."""
    if isinstance(agent.presence, Offline):
        return "Offline"
    for filling, status in _PRECEDENCE:
        if any(isinstance(slot.filling, filling) for slot in agent.slots):
            return status
    return presence_name(agent)


def changed(agent: Agent, cause: str) -> AgentChanged:
    """Return the event that tells the agent's state as it is now."""
    profile, station = agent.profile, station_of(agent)
    return AgentChanged(
        agent_id=agent.agent_id,
        presence=presence_name(agent),
        status=status_of(agent),
        site_id=station.site_id,
        slots=tuple(_told(number, slot) for number, slot in enumerate(agent.slots)),
        cause=cause,
        reason=agent.presence.reason,
        team_id=profile.team if profile else None,
        skills=dict(profile.skills) if profile else {},
        telephone=station.telephone is not None,
        telephone_address=station.telephone or None,
        blocked=tuple(
            number
            for number, slot in enumerate(agent.slots)
            if isinstance(slot.filling, Free) and blocked(agent, number)
        ),
        next_presence=next_presence(agent.presence),
        returns_at=_returns_at(agent.presence),
    )


def view_of(agent: Agent) -> AgentView:
    """Return the agent as the desktop shows them."""
    return AgentView(
        agent_id=agent.agent_id,
        name=agent.profile.name if agent.profile else None,
        presence=presence_name(agent),
        presence_since=agent.presence.since,
        reason=agent.presence.reason,
        status=status_of(agent),
        next_presence=next_presence(agent.presence),
        returns_at=_returns_at(agent.presence),
        rona_total=agent.rona.total,
        rona_in_a_row=agent.rona.in_a_row,
        help=agent.help,
        break_place=agent.break_place,
        site_id=station_of(agent).site_id,
        telephone=station_of(agent).telephone,
        slots=tuple(_shown(agent, number) for number in range(len(agent.slots))),
        wrap_ups=tuple(_wraps_up(agent, slot, work) for slot, work in wrap_ups(agent)),
    )


def _wraps_up(agent: Agent, slot: int, work: WrapUp) -> WrapUpView:
    rules = work.wrap_up or DEFAULT
    return WrapUpView(
        reservation_id=work.reservation_id,
        call_id=work.call_id,
        slot=slot,
        mode=rules.mode,
        beside=agent.slots[slot].filling is not work,
        since=work.since,
        ends_at=work.due,
        extensions_left=extensions_left(rules, work.extended),
        codes_required=rules.codes_required,
        codes_from=rules.codes_from,
    )


def _returns_at(presence: Presence) -> datetime | None:
    return presence.returns_at if isinstance(presence, NotReady) else None


def _told(number: int, slot: Slot) -> ToldSlot:
    filling, last = slot.filling, slot.last.reservation_id if slot.last else None
    if isinstance(filling, Free):
        return ToldSlot(
            slot=number,
            channel=slot.channel,
            state="free",
            last_reservation_id=last,
        )
    return ToldSlot(
        slot=number,
        channel=slot.channel,
        state=state_of(slot),
        call_id=filling.call_id,
        attempt=filling.attempt,
        reservation_id=filling.reservation_id,
        last_reservation_id=last,
    )


def _shown(agent: Agent, number: int) -> SlotView:
    slot = agent.slots[number]
    filling = slot.filling
    if isinstance(filling, Free):
        return SlotView(
            slot=number,
            state="free",
            channel=slot.channel,
            blocked=blocked(agent, number),
            since=filling.since,
        )
    return SlotView(
        slot=number,
        channel=slot.channel,
        state=state_of(slot),
        call_id=filling.call_id,
        attempt=filling.attempt,
        reservation_id=filling.reservation_id,
        since=filling.since,
        consult=filling.consult,
    )
