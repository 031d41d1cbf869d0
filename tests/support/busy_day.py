"""Random days of a centre, as they stand on the topics, and the ways in which they may be read."""

import random
from collections import defaultdict

from contact_events.answering import CallConsultRequested, CallHeld, CallRangOut, CallResumed
from contact_events.calls import (
    CallArrived,
    CallContained,
    CallDiverted,
    CallFlowStep,
    CallPartyJoined,
    CallPartyLeft,
    CallQueued,
    CallRecovered,
)
from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.locations import CallerLocated
from contact_events.wrapping import CallReleased, CallWrappedUp
from reporting.domain.audit.findings import Seen
from tests.support.histories import Story, plain_call


def busy_day(rnd: random.Random, most: int = 9) -> Story:
    """Return a story of calls that end in every way, some transferred, some with a consultation."""
    story = plain_call()
    story.agent("a1", "Ready")
    for number in range(2, rnd.randint(4, most)):
        _call(rnd, story, f"c{number}")
    return story


def _call(rnd: random.Random, story: Story, call: str) -> None:
    story.arrives(call)
    if rnd.random() < 0.5:
        region = rnd.choice(["RU-MOW", "BY-MI"])
        located = CallerLocated(call_id=call, precision="region", source="plan", region=region)
        story.append(located, call)
    for step in ("menu", "cards")[: rnd.randint(0, 2)]:
        choice = rnd.choice([None, "1"])
        story.append(CallFlowStep(call_id=call, flow_id="main", step=step, choice=choice), call)
    story.passes(rnd.randint(1, 400))
    if rnd.random() < 0.1:
        story.append(CallContained(call_id=call), call)
    elif rnd.random() < 0.1:
        story.abandons(call, 0)
    else:
        _queue(rnd, story, call)


def _queue(rnd: random.Random, story: Story, call: str) -> None:
    story.queues(call, queue=rnd.choice(["cards", "billing"]))
    story.passes(rnd.randint(0, 60))
    if rnd.random() < 0.2:
        story.abandons(call)
        return
    attempt = 1
    if rnd.random() < 0.3:
        _rings_out(story, call)
    if rnd.random() < 0.2:
        lost = CallRecovered(call_id=call, attempt=2, reason="not_joined", queue_id="cards")
        story.append(lost, call)
        story.passes(rnd.randint(0, 30))
        attempt = 2
    _talk(rnd, story, call, attempt)


def _rings_out(story: Story, call: str) -> None:
    reservation = story.routes(call, "a2")
    story.passes(20)
    rang = {"call_id": call, "attempt": 1, "reservation_id": reservation, "agent_id": "a2"}
    story.append(CallRangOut(**rang, slot=0, rang_for_s=20.0), "a2")  # type: ignore[arg-type]


def _talk(rnd: random.Random, story: Story, call: str, attempt: int) -> None:
    reservation = story.routes(call, "a1", attempt)
    story.answers(call, "a1", reservation, attempt)
    story.agent("a1", "Talking", state="talking", reservation=reservation)
    story.connects(call, "a1", reservation, attempt)
    story.passes(rnd.randint(10, 900))
    if rnd.random() < 0.3:
        names = {"call_id": call, "reservation_id": reservation, "agent_id": "a1"}
        story.append(CallHeld(**names), "a1")
        story.passes(rnd.randint(1, 60))
        story.append(CallResumed(**names), "a1")
    if rnd.random() < 0.2:
        taken_over(story, call, reservation, attempt, rnd.randint(1, 120))
        return
    if rnd.random() < 0.2:
        _transferred(rnd, story, call, reservation, attempt)
        return
    story.disconnects(call, attempt)
    story.wraps_up(call, "a1", reservation, rnd.randint(0, 90))


def _transferred(
    rnd: random.Random, story: Story, call: str, reservation: str, attempt: int
) -> None:
    sent = CallQueued(
        call_id=call, attempt=attempt + 1, queue_id="billing", sent_by="a1", reason="transfer"
    )
    story.append(sent, call)
    story.wraps_up(call, "a1", reservation, rnd.randint(0, 90))
    second = story.routes(call, "a2", attempt + 1)
    story.answers(call, "a2", second, attempt + 1)
    story.connects(call, "a2", second, attempt + 1)
    story.passes(rnd.randint(5, 200))
    story.disconnects(call, attempt + 1)


def taken_over(story: Story, call: str, first: str, attempt: int, seconds: float) -> str:
    """Have a1 consult a2 for 30 s and hand the caller over, who talks with a2 for `seconds`.

    Returns a2's reservation.
    """
    consult = f"{call}-consult"
    asked = {"call_id": call, "reservation_id": first, "agent_id": "a1"}
    story.append(CallConsultRequested(**asked, consult_call_id=consult), "a1")
    arrived = CallArrived(
        call_id=consult,
        channel="voice",
        direction="internal",
        dnis="",
        entry_site_id="moscow",
        parent_call_id=call,
        asked_by_agent_id="a1",
    )
    story.append(arrived, consult)
    queued = CallQueued(call_id=consult, attempt=1, queue_id="experts", reason="consult")
    story.append(queued, consult)
    second = story.routes(consult, "a2")
    story.answers(consult, "a2", second)
    story.connects(consult, "a2", second)
    story.passes(30)
    moved = {"attempt": 1, "reservation_id": second}
    diverted = CallDiverted(call_id=consult, to="parent", next_call_id=call, **moved)  # type: ignore[arg-type]
    story.append(diverted, consult)
    joined = {"call_id": call, "attempt": attempt}
    story.append(CallPartyJoined(**joined, reservation_id=second, agent_id="a2"), call)  # type: ignore[arg-type]
    story.append(CallPartyLeft(**joined, reservation_id=first, agent_id="a1"), call)  # type: ignore[arg-type]
    story.wraps_up(call, "a1", first, 10)
    story.passes(seconds - 10)
    story.disconnects(call, attempt)
    names = {**joined, "reservation_id": second, "agent_id": "a2", "slot": 0}
    story.append(CallReleased(**names, connected=True, reason="ended"), "a2")  # type: ignore[arg-type]
    story.passes(5)
    story.append(CallWrappedUp(**names, by="agent", codes=("sold",)), "a2")  # type: ignore[arg-type]
    return second


def fresh(log: list[Seen]) -> list[Envelope]:
    """Return what a reader takes of the log."""
    intake = Intake()
    return [s.envelope for s in log if intake.takes(s.place.topic, s.envelope)]


def cut(rnd: random.Random, events: list[Envelope]) -> list[list[Envelope]]:
    """Return the events in batches of random sizes."""
    batches: list[list[Envelope]] = [[]]
    for event in events:
        if rnd.random() < 0.2:
            batches.append([])
        batches[-1].append(event)
    return batches


def interleaved(rnd: random.Random, log: list[Seen]) -> list[Seen]:
    """Return the log in another order of topics, each topic's own order kept."""
    by_topic: dict[str, list[Seen]] = defaultdict(list)
    for seen in log:
        by_topic[seen.place.topic].append(seen)
    order = [topic for topic, records in by_topic.items() for _ in records]
    rnd.shuffle(order)
    return [by_topic[topic].pop(0) for topic in order]
