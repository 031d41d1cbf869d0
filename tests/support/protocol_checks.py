"""What must be true of the world: when all is delivered, when all is at rest, and of its log."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from agent_state.domain.agent import Agent, Free, Hold, Offline, Ready, Reserved, Talking, WrapUp
from agent_state.domain.view import changed
from contact_events.agents import AgentChanged
from contact_events.answering import CallRejected, CallReleaseRequested, CallTransferRequested
from contact_events.config import Document, QueueChanged, SiteChanged
from contact_events.intake import Intake
from contact_events.routing import CallOverflowed
from contact_events.topics import (
    ANSWERED,
    CALL_ARRIVED,
    ROUTED,
    ROUTING_CONFIG,
)
from ivr.domain.call import Call, Connected, Ended, InFlow, Joining, Waiting
from reporting.domain.audit.auditor import Auditor
from reporting.domain.audit.findings import Finding, Patience, Place, Seen
from router.domain.rules import UNKNOWN_QUEUE_WAIT_S
from tests.support.protocol_log import NAMES
from tests.support.protocol_world import World

SPINS = 3
"""How often the same agent may be offered the same attempt though it is known to be over."""


def check_quiet(world: World) -> None:
    """Everything is delivered, nothing is due: nobody rings or waits for what is over."""
    calls = world.ivr.calls()
    for agent_id, agent in world.agents.agents().items():
        for slot in agent.slots:
            match slot.filling:
                case Reserved(call_id=call_id, attempt=attempt):
                    _check_ringing(world, agent, calls.get(call_id), attempt)
                case Talking(reservation_id=reservation_id) | Hold(reservation_id=reservation_id):
                    _check_talk(world, agent, reservation_id, calls.get(slot.filling.call_id))
                    _check_consult(world, slot.filling, calls)
        told = _last_told(world, agent_id)
        if told is not None and told != changed(agent, told.cause):
            world.wrong("agent.changed does not tell the agent as it is")
    for call_id, call in calls.items():
        _check_legs(world, call)
        _check_parent(world, call_id, call, calls)
    _check_releases(world, calls)


def _check_releases(world: World, calls: dict[str, Call]) -> None:
    """Whoever hung up is let go, and whoever left a consultation has none."""
    asked = [
        event.envelope.data
        for events in world.agents.streams.values()
        for event in events
        if event.envelope and isinstance(event.envelope.data, CallReleaseRequested)
    ]
    hung_up = {each.reservation_id for each in asked if each.consult_call_id is None}
    if any(getattr(call, "reservation_id", None) in hung_up for call in calls.values()):
        world.wrong("an agent who hung up is still joined")
    _check_completed(world, calls)
    left = [calls.get(consult) for each in asked if (consult := each.consult_call_id)]
    if any(isinstance(call, Waiting | Joining | Connected) for call in left):
        world.wrong("a consultation goes on without the agent who asked for it")


def _check_completed(world: World, calls: dict[str, Call]) -> None:
    """Whoever completed a consultation has neither it nor the caller."""
    completed = {
        event.envelope.data.consult_call_id
        for events in world.agents.streams.values()
        for event in events
        if event.envelope and isinstance(event.envelope.data, CallTransferRequested)
    } - {None}
    if any(isinstance(calls.get(c or ""), Waiting | Joining | Connected) for c in completed):
        world.wrong("a consultation that was completed goes on")


def _check_ringing(world: World, agent: Agent, call: Call | None, attempt: int) -> None:
    if not isinstance(call, Waiting) or call.attempt != attempt:
        world.wrong("an agent is rung for an attempt that is over")
    if isinstance(agent.presence, Offline):
        world.wrong("an agent who is gone is rung")


def _check_talk(world: World, agent: Agent, reservation_id: str, call: Call | None) -> None:
    joining = isinstance(call, Joining | Connected) and call.reservation_id == reservation_id
    if not joining:
        world.wrong("an agent talks with nobody")
    elif isinstance(agent.presence, Offline) and not (agent.profile and agent.profile.telephone):
        world.wrong("a caller is joined with an agent who is gone")


def _check_consult(world: World, talk: Talking | Hold, calls: dict[str, Call]) -> None:
    if talk.consult is None:
        return
    call = calls.get(talk.consult.call_id)
    if not isinstance(call, Waiting | Joining | Connected):
        world.wrong("an agent consults nobody")
    elif talk.consult.connected != isinstance(call, Connected):
        world.wrong("an agent does not know whether somebody is joined in the consultation")


def _check_parent(world: World, call_id: str, call: Call, calls: dict[str, Call]) -> None:
    if isinstance(call, Ended) or getattr(call, "parent_call_id", None) is None:
        return
    parent = calls.get(getattr(call, "parent_call_id", ""))
    if not isinstance(parent, Connected) or parent.consult_call_id != call_id:
        world.wrong("a consultation outlives the talk that it is about")
    elif isinstance(call, Connected) and call.joined_agent_id == parent.joined_agent_id:
        world.wrong("an agent consults themselves")


def _check_legs(world: World, call: Call) -> None:
    if isinstance(call, Joining):
        leg = call.legs.get(call.reservation_id)
        if leg is not None and leg.state == "gone":
            world.wrong("a telephone that is gone is waited for")
    for reservation_id, leg in getattr(call, "legs", {}).items():
        joined = getattr(call, "reservation_id", None) == reservation_id
        if leg.state != "gone" and not joined and not _rings(world, leg.agent_id, reservation_id):
            world.wrong("a telephone rings for nothing")


def _rings(world: World, agent_id: str, reservation_id: str) -> bool:
    return any(
        isinstance(slot.filling, Reserved) and slot.filling.reservation_id == reservation_id
        for slot in world.agents.agent(agent_id).slots
    )


def _last_told(world: World, agent_id: str) -> AgentChanged | None:
    for event in reversed(world.agents.streams.get(agent_id, [])):
        if event.envelope is not None and isinstance(event.envelope.data, AgentChanged):
            return event.envelope.data
    return None


def check_rest(world: World) -> None:
    """Nothing moves any more and nothing is due: nobody is stuck, and the services agree."""
    check_quiet(world)
    calls = world.ivr.calls()
    talks = {r for agent in world.agents.agents().values() for r in _check_slots(world, agent)}
    for call_id, call in calls.items():
        match call:
            case InFlow() | Joining():
                world.wrong(f"stuck: a call is {type(call).__name__}")
            case Connected():
                _check_connected(world, call, talks)
            case Waiting():
                _check_waiting(world, call)
        _check_router(world, call_id, call)
    if world.ivr.store.dead_letters or world.agents.store.dead_letters:
        world.wrong("something was set aside")
    _check_spins(world)
    _check_orders(world)


def _check_slots(world: World, agent: Agent) -> Iterator[str]:
    for slot in agent.slots:
        if isinstance(slot.filling, Reserved | WrapUp):
            world.wrong(f"stuck: a slot is {type(slot.filling).__name__}")
        if isinstance(slot.filling, Talking | Hold):
            yield slot.filling.reservation_id


def _check_connected(world: World, call: Connected, talks: set[str]) -> None:
    if call.reservation_id not in talks:
        world.wrong("a caller is joined with an agent who has no such talk")
    if world.setting.workers[call.joined_agent_id].telephone:
        if call.reservation_id not in call.legs:
            world.wrong("a caller is joined with a telephone that is not there")
        return
    for event in world.agents.streams[call.joined_agent_id]:
        fact = event.envelope.data if event.envelope else None
        gone = isinstance(fact, AgentChanged) and fact.presence == "Offline"
        if gone and event.sequence > call.accepted_sequence:
            world.wrong("an agent was lost and nobody noticed")


def _check_waiting(world: World, call: Waiting) -> None:
    if call.agent_id is not None:
        world.wrong("a call waits for a named agent for ever")
        return
    queue = _documents(world).get(f"queue:{call.queue_id}")
    if not isinstance(queue, QueueChanged) or queue.deleted:
        world.wrong("a call waits in a queue that is no more")
        return
    parent = world.ivr.call(call.parent_call_id or "")
    asker = parent.joined_agent_id if isinstance(parent, Connected) else None
    for agent_id, agent in world.agents.agents().items():
        able = call.queue_id in world.setting.workers[agent_id].skills
        able = able and agent_id != asker
        able = able and isinstance(agent.presence, Ready) and _open(world, agent_id)
        if able and any(isinstance(slot.filling, Free) for slot in agent.slots):
            world.wrong("a call waits while an eligible agent is free")


def _open(world: World, agent_id: str) -> bool:
    site = _documents(world).get(f"site:{world.setting.workers[agent_id].site}")
    return isinstance(site, SiteChanged) and site.status == "open"


def _documents(world: World) -> dict[str, Document]:
    intake, documents = Intake(), {}
    for received in world.log.records[ROUTING_CONFIG.name]:
        event = received.envelope.data
        if isinstance(event, Document) and intake.takes(ROUTING_CONFIG.name, received.envelope):
            documents[event.document_id] = event
    return documents


def _check_router(world: World, call_id: str, call: Call) -> None:
    for router in world.routers:
        leader = router.leader
        if leader is None:
            continue
        known = leader.state.calls.get(call_id)
        if isinstance(call, Ended) and known is not None:
            world.wrong("the router keeps a call that is over")
        if isinstance(call, Waiting) and (known is None or known.attempt != call.attempt):
            world.wrong("the router does not know that a call waits")
        if leader.state.reservations:
            world.wrong("the router waits for an outcome for ever")
        if leader.state.calls.keys() - world.ivr.calls().keys():
            world.wrong("the router has a ghost of a call")


def _check_spins(world: World) -> None:
    intake, told = Intake(), Counter[tuple[str, int, str, str]]()
    for received in world.log.records[ANSWERED.name]:
        fact = received.envelope.data
        if isinstance(fact, CallRejected) and intake.takes(ANSWERED.name, received.envelope):
            told[fact.call_id, fact.attempt, fact.agent_id, fact.reason] += 1
    for (_, _, _, reason), count in told.items():
        if count > SPINS and reason in ("caller_gone", "superseded", "already_taken"):
            world.wrong(f"spin: offered again and again though {reason}")


def _check_orders(world: World) -> None:
    """The router says "no such queue" only of a queue that was deleted, or after a while."""
    intake = Intake()
    deleted = {
        received.envelope.data.queue_id
        for received in world.log.records[ROUTING_CONFIG.name]
        if isinstance(received.envelope.data, QueueChanged) and received.envelope.data.deleted
    }
    since: dict[tuple[str, int | None], datetime] = {}
    for received in world.log.records[CALL_ARRIVED.name]:
        event = received.envelope.data
        attempt = getattr(event, "attempt", None)
        since.setdefault((received.envelope.stream, attempt), received.envelope.time)
    for received in world.log.records[ROUTED.name]:
        said = received.envelope.data
        if not intake.takes(ROUTED.name, received.envelope) or not isinstance(said, CallOverflowed):
            continue
        queued_at = since[said.call_id, said.attempt]
        waited_s = (said.decided_at - queued_at).total_seconds()
        known = said.queue_id is not None or said.reason != "no_such_queue"
        if not known and not deleted and waited_s < UNKNOWN_QUEUE_WAIT_S:
            world.wrong("no such queue, it was said of one that is there")


def check_log(world: World) -> None:
    """The auditor of production finds nothing in the whole log, with every call ended."""
    auditor = Auditor()
    findings: list[Finding] = []
    machine_ms = int(world.clock.now().timestamp() * 1000)
    for name in NAMES:
        for received in world.log.records[name]:
            place = Place(name, 0, received.record.offset)
            findings += auditor.take(Seen(place, machine_ms, received.envelope))
    findings += auditor.close(Patience(at_rest=True))
    for finding in findings:
        world.wrong(f"audit {finding.invariant}: {_plain(finding.said)}")


def _plain(said: str) -> str:
    """Return what the auditor said without ids, so that shorter histories say the same."""
    return " ".join(word for word in said.split() if not any(map(str.isdigit, word)))


def check_end(world: World) -> None:
    """Every call has ended and every slot is free."""
    if any(not isinstance(call, Ended) for call in world.ivr.calls().values()):
        world.wrong("a call has not ended")
    for agent in world.agents.agents().values():
        if any(not isinstance(slot.filling, Free) for slot in agent.slots):
            world.wrong("a slot is not free at the end")
