"""Races of a consultation, in every interleaving of the deliveries that remain."""

from dataclasses import dataclass

import pytest

from tests.support.protocol_cases_consulting import ASKED, JOINED, PAIR
from tests.support.protocol_every import Script, Search

BEGUN = "c: Arrived Queued(1) Connected(R1) Arrived Queued(1)"
TAKEN_OVER = f"{BEGUN} Connected(R2) PartyJoined(R2) PartyLeft(R1) Diverted(R2)"


@dataclass(frozen=True)
class Race:
    """From where on, what people do, and every way in which ivr may tell of it."""

    first: Script
    script: Script
    told: frozenset[str]


RACES = {
    "completed": Race(JOINED, (("complete", "a1", 0),), frozenset({f"{TAKEN_OVER} Disconnected"})),
    "completed as whom they consult accepts": Race(
        ASKED,
        (("complete", "a1", 0), ("accept", "a2", 0)),
        frozenset(
            {
                f"{BEGUN} Queued(2) Abandoned Abandoned",
                f"{BEGUN} Queued(2) Abandoned Connected(R3) Disconnected",
            }
        ),
    ),
    "completed as whom they consult hangs up": Race(
        JOINED,
        (("release", "a2", 0), ("complete", "a1", 0)),
        frozenset({f"{BEGUN} Connected(R2) Disconnected Disconnected"}),
    ),
    "completed as the caller hangs up": Race(
        JOINED,
        (("complete", "a1", 0), ("hang_up", "K1")),
        frozenset(
            {
                f"{BEGUN} Connected(R2) Disconnected Disconnected",
                f"{TAKEN_OVER} Disconnected",
            }
        ),
    ),
    "completed as whom they consult is lost": Race(
        JOINED,
        (("lose_socket", "a2"), ("complete", "a1", 0)),
        frozenset(
            {
                f"{TAKEN_OVER} Recovered(2,agent_offline) Abandoned",
                f"{BEGUN} Connected(R2) Recovered(2,agent_offline) Queued(2) Abandoned Abandoned",
            }
        ),
    ),
    "completed as the asker is lost": Race(
        JOINED,
        (("complete", "a1", 0), ("lose_socket", "a1")),
        frozenset(
            {
                f"{TAKEN_OVER} Disconnected",
                f"{BEGUN} Connected(R2) Recovered(2,agent_offline) Disconnected Abandoned",
            }
        ),
    ),
    "left as whom they consult accepts": Race(
        ASKED,
        (("leave", "a1", 0), ("accept", "a2", 0)),
        frozenset({f"{BEGUN} Abandoned Disconnected"}),
    ),
}


@pytest.mark.parametrize("name", RACES)
def test_a_race_of_a_consultation_ends_well_in_every_interleaving(name: str) -> None:
    race = RACES[name]
    ready = tuple(("ready", agent_id) for agent_id in PAIR.workers)
    found = Search(PAIR, race.script).run((*ready, *race.first))
    assert found.bad == {}
    assert {told[0] for told in found.told} == race.told
