"""The last contacts of a caller: the projection equals the fold, whatever the order of topics."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent_state import contacts
from agent_state.domain.card import Card
from agent_state.domain.commands import AcceptOffer
from agent_state.domain.contacts import MOST_KEPT, MOST_SHOWN, Contact, PastContact
from agent_state.tables import CALLER, CONTACT
from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallContained,
    CallDisconnected,
    Caller,
    CallFailed,
    CallPartyJoined,
    CallQueued,
    CallRecovered,
)
from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.people import PersonErased
from contact_events.registry import Event, event_type_of
from contact_events.wrapping import CallWrappedUp
from contact_runtime.log import Record
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import Received
from tests.support.agent_floor import START, Floor, done

ANNA, BORIS = "a" * 64, "b" * 64


def arrived(call_id: str, ref: str | None, **more: str) -> CallArrived:
    caller = Caller(ref=ref, ref_version=1, prefix="+7916123", sealed="c") if ref else None
    return CallArrived(
        call_id=call_id,
        channel="voice",
        direction="inbound",
        dnis="+74950000001",
        entry_site_id="moscow",
        caller=caller,
        parent_call_id=more.get("parent"),
    )


def wrapped_up(call_id: str, *codes: str, agent_id: str = "a1") -> CallWrappedUp:
    return CallWrappedUp(
        call_id=call_id,
        attempt=1,
        reservation_id="R1",
        agent_id=agent_id,
        slot=0,
        by="agent",
        codes=codes,
    )


@dataclass
class Told:
    """What stands on the topics, each in its own order, by second; and what reads it."""

    store: MemoryStore = field(default_factory=MemoryStore)
    intake: Intake = field(default_factory=Intake)
    records: dict[str, list[Received]] = field(default_factory=lambda: defaultdict(list))
    now: datetime = START

    def tell(self, event: Event, *, client: str = "acme", stream: str | None = None) -> Received:
        """Append the event to its topic, a second after the one before."""
        self.now += timedelta(seconds=1)
        declared = event_type_of(type(event))
        topic = self.records[declared.topic.name]
        envelope = Envelope(
            id=f"{declared.topic.name}/{len(topic)}",
            source="/polycentre/test",
            subject="",
            time=self.now,
            pool="main",
            stream=stream or str(getattr(event, declared.key)),
            sequence=len(topic) + 1,
            client=client,
            data=event,
        )
        record = Record(declared.topic.name, 0, len(topic), b"", b"", (), 0)
        topic.append(Received(record, envelope))
        return topic[-1]

    def tell_all(self, *events: Event, client: str = "acme") -> None:
        """Append these, and have them read."""
        self.read([self.tell(event, client=client) for event in events])

    def read(self, batch: Sequence[Received]) -> None:
        """Read a batch as the reader does: only what is new, in one transaction."""
        taken = [r for r in batch if self.intake.takes(r.record.topic, r.envelope)]
        done(self._project(taken))

    async def _project(self, batch: Sequence[Received]) -> None:
        async with self.store.unit() as unit:
            await contacts.project(unit, batch)

    def kept(self, ref: str) -> list[tuple[str, Contact]]:
        """Return the caller's calls that are kept, the oldest first."""
        caller = done(self.store.peek(CALLER, ref))
        return [(call, done(self.store.peek(CONTACT, call))) for _, call in caller.calls]


KINDS = (
    "anna",
    "boris",
    "anna",
    "withheld",
    "consult",
    "queued",
    "connected",
    "joined",
    "recovered",
)
ENDINGS = ("abandoned", "disconnected", "contained", "failed", "wrapped", "wrapped", "erased")
SCRIPT = st.lists(st.tuples(st.sampled_from([*KINDS, *ENDINGS]), st.integers(0, 30)), max_size=80)


def live(script: list[tuple[str, int]]) -> Told:
    """Return what a random day leaves on the topics; nobody has read it yet."""
    told, calls = Told(), list[str]()
    for kind, n in script:
        if kind in KINDS[:5]:
            ref = {"anna": ANNA, "boris": BORIS}.get(kind)
            call_id = f"k{len(calls)}"
            parent = {"parent": "k0"} if kind == "consult" else {}
            told.tell(arrived(call_id, ANNA if parent else ref, **parent), client="acme")
            calls.append(call_id)
        elif kind == "erased":
            told.tell(PersonErased(caller_ref=(ANNA, BORIS)[n % 2]))
        elif calls:
            told.tell(fact_of(kind, calls[-1 - n % min(len(calls), 4)], n))
    return told


def fact_of(kind: str, call_id: str, n: int) -> Event:
    about: dict[str, Any] = {"call_id": call_id, "attempt": 1}
    facts: dict[str, Event] = {
        "queued": CallQueued(**about, queue_id=f"q{n}"),
        "recovered": CallRecovered(**about, reason="leg_lost", queue_id=f"q{n}"),
        "connected": CallConnected(**about, reservation_id="R1", agent_id=f"a{n}"),
        "joined": CallPartyJoined(**about, reservation_id="R2", agent_id=f"b{n}"),
        "abandoned": CallAbandoned(**about),
        "disconnected": CallDisconnected(**about, by="caller"),
        "contained": CallContained(call_id=call_id),
        "failed": CallFailed(**about, reason="no_agent"),
        "wrapped": wrapped_up(call_id, f"c{n}", "same"),
    }
    return facts[kind]


def in_random_order(told: Told, choices: list[int], size: int) -> None:
    """Read all topics in any interleaving that keeps each one's own order, some records twice."""
    rest = {topic: list(records) for topic, records in told.records.items()}
    batch: list[Received] = []
    number = 0
    while any(rest.values()):
        open_topics = sorted(topic for topic, records in rest.items() if records)
        choice = choices[number % len(choices)]
        number += 1
        batch.append(rest[open_topics[choice % len(open_topics)]].pop(0))
        if len(batch) >= size:
            told.read(batch)
            batch = batch[-1:] if choice % 3 == 0 else []  # the last one comes again
    told.read(batch)


def expected(told: Told, ref: str) -> list[tuple[str, Contact]]:
    """Return what a caller's rows are, told from all that ever happened, call by call."""
    everything = [r.envelope for records in told.records.values() for r in records]
    erasures = [
        e.time for e in everything if isinstance(e.data, PersonErased) and e.data.caller_ref == ref
    ]
    theirs = [
        e
        for e in everything
        if isinstance(e.data, CallArrived)
        and e.data.caller is not None
        and e.data.caller.ref == ref
        and e.data.parent_call_id is None
        and all(e.time > erasure for erasure in erasures)
    ]
    kept = sorted(theirs, key=lambda e: e.time)[-MOST_KEPT:]
    return [(e.stream, of_call(e, everything)) for e in kept]


def of_call(arrival: Envelope, everything: list[Envelope]) -> Contact:
    about = [e.data for e in everything if getattr(e.data, "call_id", "") == arrival.stream]
    queues = [e.queue_id for e in about if isinstance(e, CallQueued | CallRecovered)]
    agents = [e.agent_id for e in about if isinstance(e, CallConnected | CallPartyJoined)]
    names = {
        CallAbandoned: "abandoned",
        CallDisconnected: "answered",
        CallContained: "contained",
        CallFailed: "failed",
    }
    ends = [names[type(e)] for e in about if type(e) in names]
    codes = [code for e in about if isinstance(e, CallWrappedUp) for code in e.codes]
    return Contact(
        client="acme",
        at=arrival.time,
        queue_id=queues[-1] if queues else None,
        agent_id=agents[-1] if agents else None,
        ended_as=ends[-1] if ends else None,  # type: ignore[arg-type]
        codes=tuple(dict.fromkeys(codes))[:20],
    )


@settings(max_examples=80, deadline=None)
@given(SCRIPT, st.lists(st.integers(0, 11), min_size=1, max_size=40), st.integers(1, 9))
def test_the_rows_equal_the_fold_of_the_log_in_any_order_of_topics(
    script: list[tuple[str, int]], choices: list[int], size: int
) -> None:
    told = live(script)
    in_random_order(told, choices, size)
    for ref in (ANNA, BORIS):
        assert told.kept(ref) == expected(told, ref)


@settings(max_examples=30, deadline=None)
@given(SCRIPT, st.lists(st.integers(0, 11), min_size=1, max_size=40), st.integers(1, 9))
def test_what_is_erased_or_too_old_is_in_no_row(
    script: list[tuple[str, int]], choices: list[int], size: int
) -> None:
    told = live(script)
    told.tell(PersonErased(caller_ref=ANNA))
    in_random_order(told, choices, size)
    assert told.kept(ANNA) == []
    kept = {call for call, _ in told.kept(BORIS)}
    rows = done(told.store.scan(CONTACT))
    said = {call for call, contact in rows.items() if contact.at is not None}
    assert said == kept
    arrived_ever = {r.envelope.stream for r in told.records["call-arrived"]}
    assert all(rows[call] == Contact(gone=True) for call in arrived_ever - kept)
    assert len(kept) <= MOST_KEPT


def test_who_calls_again_after_an_erasure_begins_anew() -> None:
    told = Told()
    told.tell_all(arrived("k1", ANNA), CallDisconnected(call_id="k1", attempt=1, by="caller"))
    told.tell_all(PersonErased(caller_ref=ANNA))
    told.tell_all(wrapped_up("k1", "late"), arrived("k2", ANNA))
    assert [call for call, _ in told.kept(ANNA)] == ["k2"]
    assert done(told.store.peek(CONTACT, "k1")) == Contact(gone=True)


class Shop:
    """A floor whose callers have called before: both readers on the same rows."""

    def __init__(self, *agents: str) -> None:
        self.floor = Floor(*(agents or ("a1",)))
        self.told = Told(store=self.floor.store)

    def earlier(self, call_id: str, *facts: Event, ref: str = ANNA, client: str = "acme") -> None:
        self.told.tell_all(arrived(call_id, ref), *facts, client=client)

    def offered(self, call_id: str = "now", ref: str | None = ANNA) -> Card:
        """Return what a1 sees of a call that arrives and is offered now."""
        caller = arrived(call_id, ref).caller
        self.told.tell_all(arrived(call_id, ref))
        self.floor.hear(replace(self.floor.arrived(call_id), caller=caller))
        self.floor.rung(call_id, "a1")
        return self.card("a1")

    def card(self, agent_id: str) -> Card:
        """Return what the agent sees of the call they hold."""
        card = self.floor.agent(agent_id).slots[0].filling.card  # type: ignore[union-attr]
        assert card is not None
        return card


def test_an_offer_brings_the_last_contacts_of_this_caller_with_their_codes() -> None:
    shop = Shop()
    shop.earlier(
        "k1",
        CallQueued(call_id="k1", attempt=1, queue_id="acme-sales"),
        CallConnected(call_id="k1", attempt=1, reservation_id="R1", agent_id="a7"),
        CallDisconnected(call_id="k1", attempt=1, by="caller"),
        wrapped_up("k1", "refund", agent_id="a7"),
    )
    shop.earlier(
        "k2",
        CallQueued(call_id="k2", attempt=1, queue_id="acme-help"),
        CallAbandoned(call_id="k2", attempt=1),
    )
    shop.earlier("other", CallContained(call_id="other"), ref=BORIS)
    assert shop.offered().contacts == (
        PastContact(
            at=START + timedelta(seconds=6), channel="voice", outcome="abandoned", queue="acme-help"
        ),
        PastContact(
            at=START + timedelta(seconds=1),
            channel="voice",
            outcome="answered",
            queue="acme-sales",
            agent_id="a7",
            codes=("refund",),
        ),
    )


def test_a_caller_who_leaves_after_the_talk_was_recovered_was_answered() -> None:
    shop = Shop()
    shop.earlier(
        "k1",
        CallConnected(call_id="k1", attempt=1, reservation_id="R1", agent_id="a7"),
        CallRecovered(call_id="k1", attempt=2, reason="leg_lost", queue_id="q"),
        CallAbandoned(call_id="k1", attempt=2),
    )
    assert [past.outcome for past in shop.offered().contacts] == ["answered"]


def test_clients_never_see_each_other_s_contacts() -> None:
    shop = Shop()
    shop.earlier("k1", CallAbandoned(call_id="k1", attempt=1), client="zeta")
    assert shop.offered().contacts == ()


def test_a_call_that_is_under_way_is_no_contact_of_the_past() -> None:
    shop = Shop()
    shop.earlier("k1", CallQueued(call_id="k1", attempt=1, queue_id="q"))
    assert shop.offered().contacts == ()


def test_a_withheld_number_has_no_past() -> None:
    shop = Shop()
    shop.earlier("k1", CallAbandoned(call_id="k1", attempt=1))
    assert shop.offered(ref=None).contacts == ()


def test_no_more_contacts_are_shown_than_an_agent_reads() -> None:
    shop = Shop()
    for number in range(MOST_KEPT + 3):
        shop.earlier(f"k{number}", CallAbandoned(call_id=f"k{number}", attempt=1))
    shown = shop.offered().contacts
    assert len(shown) == MOST_SHOWN
    assert [past.at for past in shown] == sorted((past.at for past in shown), reverse=True)


def test_who_is_consulted_sees_no_contacts_until_the_caller_is_theirs() -> None:
    shop = Shop("a1", "a2")
    shop.earlier("k1", CallAbandoned(call_id="k1", attempt=1))
    shop.offered("now")
    consultation = replace(arrived("c1", ANNA, parent="now"), asked_by_agent_id="a1")
    shop.told.tell_all(consultation)
    shop.floor.hear(consultation)
    offer = shop.floor.rung("c1", "a2")
    assert shop.card("a2").contacts == ()
    shop.floor.order("a2", AcceptOffer(reservation_id=offer.reservation_id))
    shop.floor.hear(
        CallPartyJoined(
            call_id="now", attempt=1, reservation_id=offer.reservation_id, agent_id="a2"
        )
    )
    assert shop.card("a2") == shop.card("a1")
    assert len(shop.card("a2").contacts) == 1
