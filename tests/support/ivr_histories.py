"""Given facts, when a command, then facts: the calls of ivr without rows or transactions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from contact_events.answering import CallAnswered
from contact_events.calls import Caller, Text
from contact_events.envelope import Envelope
from contact_events.registry import Event
from ivr.domain.call import Call, Unborn
from ivr.domain.commands import Arrive, Command, EndLeg, Join
from ivr.domain.decide import decide
from ivr.domain.evolve import evolve, hear, leg_gone
from ivr.domain.projects import Choice, Project

NINE = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
CALLER = Caller(ref="r", ref_version=1, prefix="+7495123", sealed="s")
SHOP = Project(
    project_id="acme-shop",
    client_id="acme",
    client_name="Acme",
    name="Shop",
    dnis=("+74950000001",),
    greeting=Text("Это Акме.", "This is Acme."),
    agent_greeting=Text("Акме, здравствуйте", "Acme, good day"),
    default_queue_id="acme-any",
    repeats=2,
    menu=(
        Choice(digit="1", label=Text("Продажи", "Sales"), queue_id="acme-sales"),
        Choice(digit="2", label=Text("Часы", "Hours"), say=Text("С девяти", "From nine")),
    ),
)
STRAIGHT = Project(
    project_id="zeta-help",
    client_id="zeta",
    client_name="Zeta",
    name="Help",
    dnis=("+74950000002",),
    greeting=Text("Зета", "Zeta"),
    agent_greeting=Text("Зета", "Zeta"),
    default_queue_id="q1",
)


@dataclass
class Told:
    """One call as it goes on: its state, what it wrote, and every fact that made the state."""

    call_id: str = "K1"
    call: Call = field(default_factory=Unborn)
    at: datetime = NINE
    written: list[Envelope] = field(default_factory=list)
    folded: list[Callable[[Call], Call]] = field(default_factory=list)

    def when(self, command: Command) -> list[Event]:
        """Carry out a command as ivr does and return the facts it made true."""
        if isinstance(command, EndLeg):
            self._fold(partial(leg_gone, reservation_id=command.reservation_id))
        project = command.project if isinstance(command, Arrive) else SHOP
        facts = decide(self.call_id, self.call, command)
        for fact in facts:
            envelope = self._enveloped(fact, len(self.written) + 1, project, self.call_id)
            self.written.append(envelope)
            self._fold(partial(evolve, envelope=envelope))
        return facts

    def hears(self, fact: Event, sequence: int = 1) -> None:
        """Take in a fact of the topic `answered`, with its sequence of the agent's stream."""
        self._fold(partial(hear, envelope=self._enveloped(fact, sequence, SHOP, "agent")))

    def accepted(
        self,
        reservation_id: str = "R1",
        *,
        agent_id: str = "a1",
        attempt: int = 1,
        sequence: int = 5,
        offline_sequence: int = 0,
        telephone: bool = False,
    ) -> list[Event]:
        """Hear an acceptance and try to join, as the consumer does."""
        answered = CallAnswered(
            call_id=self.call_id,
            attempt=attempt,
            reservation_id=reservation_id,
            agent_id=agent_id,
            slot=0,
        )
        self.hears(answered, sequence)
        return self.when(Join(offline_sequence=offline_sequence, telephone=telephone))

    def later(self, seconds: float) -> datetime:
        """Let business time pass and return what it is then."""
        self.at += timedelta(seconds=seconds)
        return self.at

    def _fold(self, step: Callable[[Call], Call]) -> None:
        self.folded.append(step)
        self.call = step(self.call)

    def _enveloped(self, fact: Event, sequence: int, project: Project, stream: str) -> Envelope:
        return Envelope(
            id=f"{stream}/{sequence}",
            source="/polycentre/ivr",
            subject=self.call_id,
            time=self.at,
            pool=project.pool,
            client=project.client_id,
            project=project.project_id,
            stream=stream,
            sequence=sequence,
            data=fact,
        )


def arrived(project: Project = SHOP) -> Told:
    """Return a call that has just arrived."""
    told = Told()
    told.when(arrival(project))
    return told


def arrival(project: Project = SHOP) -> Arrive:
    """Return the command of a caller who dialled the project's first number."""
    return Arrive(project=project, dnis=project.dnis[0], entry_site_id="moscow", caller=CALLER)


def queued() -> Told:
    """Return a call that waits in queue q1, attempt 1."""
    return arrived(STRAIGHT)


def connected(reservation_id: str = "R1", *, sequence: int = 5) -> Told:
    """Return a call that talks with agent a1 by the reservation."""
    told = queued()
    told.accepted(reservation_id, sequence=sequence)
    return told


def replayed(folded: Sequence[Callable[[Call], Call]]) -> Call:
    """Return the state that these steps alone lead to."""
    call: Call = Unborn()
    for step in folded:
        call = step(call)
    return call
