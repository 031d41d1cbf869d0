"""What is counted in a quarter of an hour: plain sums, so that they add up over any grouping."""

from collections.abc import Iterable
from operator import add, sub
from typing import TypeVar

import msgspec
from msgspec.structs import astuple

THRESHOLDS_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
"""A service level may be restated under any of these without folding again."""


class WaitCounts(msgspec.Struct, gc=False):
    """What became of waits, and the work that followed. Lengths in milliseconds.

    `offered` counts where the wait began, everything else where it happened; talk, hold and
    wrap-up count where the wait was answered. `callbacks` are among `overflowed`. `answered_in_T`:
    answered after T seconds at most. `abandoned_in_T`: abandoned after less than T seconds.
    `expected_answered` were answered and had been told a wait as theirs began; by how much the two
    differed is summed without its sign and with it (`bias`: above 0 where they waited longer).
    """

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    overflowed: int = 0
    failed: int = 0
    callbacks: int = 0
    transfers_in: int = 0
    transfers_out: int = 0
    home_answered: int = 0
    wait_to_answer_ms: int = 0
    wait_to_abandon_ms: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    offers: int = 0
    rang_out: int = 0
    rejected: int = 0
    answered_in_5: int = 0
    answered_in_10: int = 0
    answered_in_15: int = 0
    answered_in_20: int = 0
    answered_in_30: int = 0
    answered_in_45: int = 0
    answered_in_60: int = 0
    answered_in_90: int = 0
    answered_in_120: int = 0
    answered_in_180: int = 0
    answered_in_300: int = 0
    abandoned_in_5: int = 0
    abandoned_in_10: int = 0
    abandoned_in_15: int = 0
    abandoned_in_20: int = 0
    abandoned_in_30: int = 0
    abandoned_in_45: int = 0
    abandoned_in_60: int = 0
    abandoned_in_90: int = 0
    abandoned_in_120: int = 0
    abandoned_in_180: int = 0
    abandoned_in_300: int = 0
    expected_answered: int = 0
    expected_wait_error_ms: int = 0
    expected_wait_bias_ms: int = 0

    def compare(self, beyond_ms: int) -> None:
        """Count an answer that took so much longer than the caller was told; below 0: less."""
        self.expected_answered += 1
        self.expected_wait_error_ms += abs(beyond_ms)
        self.expected_wait_bias_ms += beyond_ms


class ContactCounts(msgspec.Struct, gc=False):
    """What is of the contact and of no queue; each counts where it happened.

    `self_service_ms` counts where self-service ended: for the first queue, or for good. `answered`
    are contacts at their first connection; `disconnected` ended after a talk.
    """

    arrived: int = 0
    queued: int = 0
    answered: int = 0
    contained: int = 0
    refused: int = 0
    abandoned_in_flow: int = 0
    abandoned: int = 0
    diverted: int = 0
    failed: int = 0
    disconnected: int = 0
    ended: int = 0
    consultations: int = 0
    recoveries: int = 0
    self_service_ms: int = 0


class StepCounts(msgspec.Struct, gc=False):
    """How often callers came to a step, and how they left self-service from there."""

    entered: int = 0
    contained: int = 0
    abandoned: int = 0
    queued: int = 0


class AgentCounts(msgspec.Struct, gc=False):
    """What became of an agent's offers and talks. Lengths in milliseconds.

    Offers count, with their outcome, where they were settled; `answered` are those the agent
    took, `talks` those that were joined. Talks count, with their lengths, where they began, and
    consultations that the agent was asked in apart from talks with callers.
    """

    offered: int = 0
    answered: int = 0
    rejected: int = 0
    rang_out: int = 0
    talks: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    transfers_in: int = 0
    transfers_out: int = 0
    consultations: int = 0
    consult_ms: int = 0


Counts = WaitCounts | ContactCounts | StepCounts | AgentCounts
C = TypeVar("C", WaitCounts, ContactCounts, StepCounts, AgentCounts)


def summed(one: C, other: C, sign: int = 1) -> C:
    """Return `one` plus `sign` times `other`, field by field."""
    both = map(add if sign > 0 else sub, astuple(one), astuple(other))
    return type(one)(*both)


def difference(kind: type[C], given: Iterable[C], taken: Iterable[C]) -> C:
    """Return the sum of `given` less the sum of `taken`, field by field."""
    nothing = astuple(kind())
    plus, minus = (
        map(sum, zip(nothing, *map(astuple, counts), strict=True)) for counts in (given, taken)
    )
    return kind(*map(sub, plus, minus))
