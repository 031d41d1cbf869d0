"""Which slots an agent has, and which of them can take a contact now.

A slot keeps its number for ever, since the router knows it by that; one that is no longer needed
is shut, and opened again for whatever channel needs one next.
"""

from collections import Counter

from msgspec.structs import replace

from agent_state.domain.agent import Agent, Free, Slot
from agent_state.domain.refusals import SlotInUse

SHUT = ""


def laid_out(slots: tuple[Slot, ...], channels: dict[str, int]) -> tuple[Slot, ...]:
    """Return the slots for so many contacts of each channel; the present ones keep their number."""
    left = Counter(channels)
    kept: list[Slot] = []
    for slot in slots:
        wanted = slot.channel != SHUT and left[slot.channel] > 0
        left[slot.channel] -= wanted
        kept.append(slot if wanted else replace(slot, channel=SHUT))
    for channel, count in sorted(left.items()):
        for _ in range(count):
            number = next((n for n, slot in enumerate(kept) if slot.channel == SHUT), None)
            if number is None:
                kept.append(Slot(channel=channel))
            else:
                kept[number] = replace(kept[number], channel=channel)
    return tuple(kept)


def check_layout(agent: Agent, channels: dict[str, int]) -> None:
    """Check that no contact is under way in a slot that the agent would have no longer.

    Raises:
        SlotInUse: one is.
    """
    for before, after in zip(agent.slots, laid_out(agent.slots, channels), strict=False):
        if before.channel != after.channel and not isinstance(before.filling, Free):
            raise SlotInUse(
                f"agent {agent.agent_id} has a contact of channel {before.channel} under way",
                channel=before.channel,
            )


def blocked(agent: Agent, number: int) -> bool:
    """Tell whether a contact of another channel keeps the free slot from taking one."""
    channel = agent.slots[number].channel
    interrupts = agent.profile.interrupts.get(channel, ()) if agent.profile else ()
    return any(
        not isinstance(other.filling, Free)
        and other.channel != channel
        and other.channel not in interrupts
        for other in agent.slots
    )
