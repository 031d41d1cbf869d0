"""What the router decided among real services comes out again, and a planted change does not."""

import random
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.routing import CallRouted
from contact_events.topics import ROUTED
from contact_runtime.reader import Received
from router.domain.state import INPUTS, Fact, State
from router.replay import Difference, Verification
from tests.support.protocol_history import history
from tests.support.protocol_router import POOL
from tests.support.protocol_world import World


@dataclass
class _Planted:
    """The envelope that stands at an offset of `routed` in place of what was written."""

    offset: int
    envelope: Envelope


def _verified(world: World, planted: _Planted | None = None) -> tuple[int, Difference | None]:
    """Decide the world's log again; return how much came out again, and the first difference."""
    verification = Verification(State(POOL))
    inputs = {name: iter(world.log.records[name]) for name in INPUTS}
    ahead = {name: next(inputs[name], None) for name in INPUTS}
    for received in world.log.records[ROUTED.name]:
        envelope = received.envelope
        if planted and planted.offset == received.record.offset:
            envelope = planted.envelope
        fact = Fact(ROUTED.name, received.record.offset, envelope)
        for name, end in verification.wants(fact).items():
            while (following := ahead[name]) and following.record.offset < end:
                place = Fact(name, following.record.offset, following.envelope)
                verification.read(place)
                ahead[name] = next(inputs[name], None)
        verification.take(fact)
    verification.close()
    return verification.verified, verification.difference


def _valid_offers(world: World) -> list[Received]:
    intake = Intake()
    valid = [each for each in world.log.records[ROUTED.name] if _counts(intake, each)]
    return [each for each in valid if isinstance(each.envelope.data, CallRouted)]


def _counts(intake: Intake, received: Received) -> bool:
    return intake.takes(ROUTED.name, received.envelope)


@pytest.mark.parametrize("part", range(4))
def test_the_decisions_of_a_history_come_out_again_and_a_changed_one_is_named(part: int) -> None:
    planted = 0
    for seed in range(part, 40, 4):
        world = history(seed).world
        count, difference = _verified(world)
        assert difference is None, (seed, str(difference))
        offers = _valid_offers(world)
        assert count >= len(offers)
        for received in random.Random(seed).sample(offers, k=min(1, len(offers))):
            planted += 1
            offer: Any = received.envelope.data
            changed = replace(received.envelope, data=replace(offer, site_id="elsewhere"))
            _, found = _verified(world, _Planted(received.record.offset, changed))
            assert found is not None
            assert (found.offset, found.field) == (received.record.offset, "data.site_id")
    assert planted
