"""What documents of administrators mean for an agent's state."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent_state.domain.agent import RonaPolicy
from agent_state.domain.commands import BecomeReady, SetProfile
from agent_state.domain.documents import Team
from agent_state.kinds import TEAMS
from agent_state.tables import TEAM
from contact_events.calls import Text
from contact_runtime.administration.documents import Author, Revision
from contact_runtime.memory_store import MemoryStore
from tests.support.agent_floor import RING_S, START, Floor, done, profile


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


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 2)), max_size=12))
def test_history_is_all_that_was_said_one_after_the_other_and_nothing_twice_in_a_row(
    orders: list[tuple[str, int]],
) -> None:
    store = MemoryStore(source="/polycentre/agent-state")
    said: dict[str, list[Team]] = {"A": [], "B": []}
    for team_id, number in orders:
        team = Team(name=Text(ru="Продажи", en="Sales"), breaks_at_once=number)
        done(write(store, team_id, team))
        if said[team_id][-1:] != [team]:
            said[team_id].append(team)
    for team_id, expected in said.items():
        last = done(store.peek(TEAM, team_id))
        shown = (last.revision, last.said) if last else None
        assert shown == ((len(expected), expected[-1]) if expected else None)
        for limit in (1, 5, 20):
            found = done(TEAMS.documents.history(store, team_id, len(expected) + 1, limit))
            assert [each.said for each in found] == expected[::-1][:limit]
            assert [each.revision for each in found] == list(range(len(expected), 0, -1))[:limit]


async def write(store: MemoryStore, team_id: str, team: Team) -> None:
    async with store.unit() as unit:
        await TEAMS.documents.write(unit, team_id, team, Author("boss", START, "test"))
