"""Consultations under audit: what a completed one must leave on both of its calls."""

from collections.abc import Callable

import pytest

from contact_events.calls import CallDiverted, CallPartyJoined, CallPartyLeft
from reporting.domain.audit.auditor import Auditor
from reporting.domain.audit.findings import Finding, Patience
from tests.support.histories import Story


def findings(story: Story) -> list[Finding]:
    auditor = Auditor()
    found = [finding for seen in story.log for finding in auditor.take(seen)]
    return found + list(auditor.close(Patience(at_rest=True)))


def talk(story: Story, call: str, agent: str) -> str:
    story.arrives(call)
    story.queues(call)
    reservation = story.routes(call, agent)
    story.answers(call, agent, reservation)
    story.connects(call, agent, reservation)
    return reservation


def joined(story: Story, reservation: str, attempt: int = 1) -> None:
    party = CallPartyJoined(
        call_id="k1", attempt=attempt, reservation_id=reservation, agent_id="a2"
    )
    story.append(party, "k1")


def left(story: Story, reservation: str, agent: str = "a1") -> None:
    party = CallPartyLeft(call_id="k1", attempt=1, reservation_id=reservation, agent_id=agent)
    story.append(party, "k1")


def diverted(story: Story, reservation: str, to: str = "k1") -> None:
    moved = CallDiverted(
        call_id="c1",
        attempt=1,
        to="parent",
        next_call_id=to,
        reservation_id=reservation,
        next_attempt=1,
    )
    story.append(moved, "c1")


def consultation() -> tuple[Story, str, str]:
    """Return the story of a1 in a talk and a2 in its consultation, with their reservations."""
    story = Story()
    story.claim()
    return story, talk(story, "k1", "a1"), talk(story, "c1", "a2")


@pytest.mark.parametrize("consultation_first", [True, False])
def test_a_completed_consultation_is_sound_whichever_call_tells_first(
    consultation_first: bool,
) -> None:
    story, first, second = consultation()
    if consultation_first:
        diverted(story, second)
    joined(story, second)
    left(story, first)
    if not consultation_first:
        diverted(story, second)
    story.disconnects("k1")
    assert findings(story) == []


def nobody_left(story: Story, first: str, second: str) -> None:
    joined(story, second)
    left(story, first)
    left(story, second, "a2")
    diverted(story, second)


def stranger_left(story: Story, first: str, second: str) -> None:
    joined(story, second)
    left(story, "another", "a3")
    diverted(story, second)


def other_attempt(story: Story, first: str, second: str) -> None:
    joined(story, second, attempt=2)
    diverted(story, second)


def consultation_silent(story: Story, first: str, second: str) -> None:
    joined(story, second)
    left(story, first)
    story.disconnects("c1")


def parent_silent(story: Story, first: str, second: str) -> None:
    diverted(story, second)


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (nobody_left, "call k1 goes on with nobody in it"),
        (stranger_left, "a3 left call k1 without having been in it"),
        (other_attempt, "a2 joined call k1, which is in no talk in attempt 2"),
        (consultation_silent, "its consultation does not tell"),
        (parent_silent, "the call that it moved to does not tell"),
    ],
)
def test_what_a_completed_consultation_must_not_leave_is_found(
    plant: Callable[[Story, str, str], None], said: str
) -> None:
    story, first, second = consultation()
    plant(story, first, second)
    story.disconnects("k1")
    found = findings(story)
    assert any(each.invariant == "I10" and said in each.said for each in found), found
