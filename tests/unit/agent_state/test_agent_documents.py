"""What documents of administrators mean for an agent's state."""

from agent_state.domain.agent import RonaPolicy
from agent_state.domain.commands import BecomeReady, SetProfile
from agent_state.domain.documents import Revision, Team
from agent_state.tables import TEAM
from contact_events.calls import Text
from tests.support.agent_floor import RING_S, Floor, done, profile


async def keep(floor: Floor, team: Team) -> None:
    async with floor.store.unit() as unit:
        await unit.load(TEAM, "t1")
        unit.put(TEAM, "t1", Revision(1, "boss", floor.now, team))


def test_a_team_says_when_who_let_an_offer_ring_out_is_ready_again() -> None:
    floor = Floor()
    floor.order("a1", SetProfile(profile=profile(team="t1")))
    floor.order("a1", BecomeReady())
    policy = RonaPolicy(returns_after_s=60.0)
    done(keep(floor, Team(name=Text(ru="Продажи", en="Sales"), rona=policy)))
    floor.rung("k1", "a1")
    floor.advance(RING_S)
    assert floor.presence("a1") == ("NotReady", "rona")
    floor.advance(59.0)
    assert floor.presence("a1") == ("NotReady", "rona")
    floor.advance(1.0)
    assert floor.presence("a1") == ("Ready", None)
