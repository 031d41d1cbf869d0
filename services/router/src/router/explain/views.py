"""What explaining answers."""

from typing import Any

from pydantic import AwareDatetime, Field

from contact_events import calls
from contact_runtime.http.bodies import View


class Text(View):
    """What people read, in the two languages of the centre."""

    ru: str
    en: str

    @classmethod
    def of(cls, text: calls.Text) -> "Text":
        """Return it as HTTP shows it."""
        return cls(ru=text.ru, en=text.en)


class StoryEntry(View):
    """Something that was said of the call, and where it stands in the log.

    `decision_id` is set where the router decided it: ask `/v1/decisions/{decision_id}` for more.
    """

    at: AwareDatetime
    kind: str
    topic: str
    offset: int
    said: dict[str, Any]
    sentence: Text
    decision_id: str | None


class CallStory(View):
    """A call's way, in order. Void decisions are left out: they never happened for anybody."""

    call_id: str
    pool: str
    client_id: str | None
    entries: list[StoryEntry]


class CandidateView(View):
    """An agent, and why it was or was not chosen; `order` among those who could be, 1 first.

    `skill` is the first one that was not enough: `level` is what the agent has of it.
    """

    agent_id: str
    site_id: str
    reason: str
    order: int | None
    skill: str | None
    level: int | None
    needed: int | None


class DecisionView(View):
    """A decision, and what the leader saw when it was made, folded anew from the log.

    `comes_out_again`: the same function, run again on that state, says the same.
    """

    decision_id: str
    kind: str
    pool: str
    offset: int = Field(description="of the topic routed, in the pool's partition")
    code_version: str = Field(description="of the code that decided")
    explained_by_version: str = Field(description="of the code that explains: it may decide else")
    decided_at: AwareDatetime
    call_id: str | None
    said: dict[str, Any]
    sentence: Text
    comes_out_again: bool
    needed: dict[str, int] = Field(description="skills that the last step asked for, to level")
    free_at: dict[str, int] = Field(description="who could have taken the call, by site")
    excluded: dict[str, int] = Field(description="how many were left out for what")
    candidates: list[CandidateView] | None = Field(
        description="null for those who may not see agents, and where there was no choice"
    )


class Wait(View):
    """An expected wait in seconds: it lies between `low_s` and `high_s` with this probability."""

    mean_s: float
    low_s: float
    high_s: float
    share: float


class WaitingCall(View):
    """A call in its place; `waits_for_agent_id` where it waits for one agent."""

    place: int
    call_id: str
    client_id: str | None
    attempt: int
    steps_reached: int
    home_site_id: str | None
    waiting_since: AwareDatetime
    waited_s: float
    recovered: bool
    waits_for_agent_id: str | None
    expected_wait: Wait | None = Field(
        description="from this moment on, at this place; null where it waits for one agent, where "
        "nobody works who could take it, and where somebody is free whom its steps do not reach"
    )


class QueueAt(View):
    """A queue and who waited in it, the first one first."""

    queue_id: str
    name: Text
    waiting: int
    longest_wait_s: float | None
    calls: list[WaitingCall]


class SlotAt(View):
    """A slot; `stands`: how the router saw it for an offer on its channel."""

    slot: int
    channel: str
    state: str
    stands: str
    call_id: str | None
    reservation_id: str | None


class AgentAt(View):
    """An agent as the router had read."""

    agent_id: str
    site_id: str
    team_id: str | None
    presence: str
    skills: dict[str, int]
    slots: list[SlotAt]


class SiteAt(View):
    """A site as the router had decided."""

    site_id: str
    name: Text
    status: str


class OfferAt(View):
    """An offer without an outcome that the router had read."""

    reservation_id: str
    call_id: str
    attempt: int
    agent_id: str
    slot: int
    site_id: str
    expires_at: AwareDatetime
    rescinded: bool


class StateView(View):
    """A pool as its router saw it at `at`; positions are the next offsets it had not folded."""

    pool: str
    at: AwareDatetime
    epoch: int
    owner: str
    code_version: str
    routed: int
    positions: dict[str, int]
    queues: list[QueueAt]
    named: list[WaitingCall] = Field(description="calls that wait for an agent by name")
    agents: list[AgentAt]
    sites: list[SiteAt]
    offers: list[OfferAt]


class JobView(View):
    """An answer that is being worked out: ask for it again after `Retry-After` seconds."""

    job_id: str
    state: str = "working"
