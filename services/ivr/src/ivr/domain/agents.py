"""What ivr remembers of an agent: the last Offline, the telephone, the calls joined with them."""

import msgspec

from contact_events.agents import AgentChanged


class AgentMemo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`calls` maps the calls this agent accepted to the sequence of the acceptance.

    `moved` maps those of them that were taken over from a consultation to the reservation, by which
    the agent goes on in them. `offline_sequence` is that of the last Offline read, of an agent
    without a telephone of ours: where ivr holds the leg, only the leg's end is a loss.
    """

    telephone: bool = False
    offline_sequence: int = 0
    calls: dict[str, int] = {}
    moved: dict[str, str] = {}

    def accepted_before(self, sequence: int) -> tuple[str, ...]:
        """Return the calls that an Offline of this sequence may lose."""
        return tuple(sorted(call for call, at in self.calls.items() if at < sequence))

    def accepted(self, call_id: str, sequence: int) -> "AgentMemo":
        """Return the memo after the agent accepted a call."""
        return msgspec.structs.replace(self, calls={**self.calls, call_id: sequence})

    def took_over(self, call_id: str, reservation_id: str, sequence: int) -> "AgentMemo":
        """Return the memo after a consultation that the agent accepted went on as this call."""
        moved = {**self.moved, call_id: reservation_id}
        return msgspec.structs.replace(self.accepted(call_id, sequence), moved=moved)

    def changed(self, change: AgentChanged, sequence: int) -> "AgentMemo":
        """Return the memo after `agent.changed` with this sequence.

        Calls that the change no longer names, though accepted before it, are forgotten:
        agent-state lets go of a call only when ivr has said that it ended or moved. One that was
        taken over is named by its reservation before agent-state knows of that.
        """
        reservations = {slot.reservation_id for slot in change.slots}
        named = {slot.call_id for slot in change.slots} | {
            call for call, reservation in self.moved.items() if reservation in reservations
        }
        offline = change.presence == "Offline" and not change.telephone
        calls = {c: at for c, at in self.calls.items() if c in named or at > sequence}
        return AgentMemo(
            telephone=change.telephone,
            offline_sequence=sequence if offline else self.offline_sequence,
            calls=calls,
            moved={c: reservation for c, reservation in self.moved.items() if c in calls},
        )
