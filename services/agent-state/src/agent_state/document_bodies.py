"""What administrators send and are shown: agents, their skills, teams, reasons, wrap-up codes."""

from typing import Annotated, Any

from msgspec.structs import replace
from pydantic import Field

from agent_state.domain.agent import Profile
from agent_state.domain.documents import Code, Reason, Team
from agent_state.domain.wrap_up_rules import Mode, WrapUpPolicy
from agent_state.views import StateView
from contact_events.calls import Channel
from contact_runtime.administration.bodies import DocumentBody, DocumentView
from contact_runtime.http.bodies import Body, Id
from contact_runtime.http.documents import Name

Room = Annotated[int, Field(ge=0, le=20)]
Level = Annotated[int, Field(ge=0, le=1000)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Skills = Annotated[
    dict[Id, Level],
    Field(description="skill to level", examples=[{"sales": 3}], max_length=200),
]
_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
Subject = Annotated[str, Field(min_length=1, max_length=200, pattern=_ONE_LINE)]
Deactivated = Annotated[
    bool, Field(description="stays for the past, and cannot be chosen any more")
]


class AgentBody(DocumentBody):
    """An agent as administrators describe them."""

    content = Profile

    name: Name
    site_id: Id = Field(examples=["moscow"])
    team: Id | None = Field(default=None, description="one of `/v1/teams`", examples=["cards"])
    pool: Id = "main"
    skills: Skills = Field(default_factory=dict)
    wrap_up_s: Seconds = Field(default=30.0, description="after-call work, seconds")
    telephone: bool = Field(default=False, description="talks on a leg that ivr holds")
    channels: dict[Channel, Room] = Field(
        default={"voice": 1},
        max_length=6,
        description="how many contacts of each channel the agent takes at once",
        examples=[{"voice": 1, "chat": 2}],
    )
    interrupts: dict[Channel, list[Channel]] = Field(
        default_factory=dict,
        max_length=6,
        description="for a channel, those whose contacts it may break into",
        examples=[{"voice": ["email"]}],
    )
    deactivated: Deactivated = Field(default=False, examples=[False])


class SkillsBody(DocumentBody):
    """What an agent can do, as a row of the matrix: the whole row."""

    skills: Skills

    def said(self, last: Any) -> Any:
        """Return the agent's document with these skills."""
        return replace(last, skills=self.skills)

    @classmethod
    def fields(cls, said: Any) -> dict[str, Any]:
        """Return the agent's skills."""
        return {"skills": dict(said.skills)}


class RonaBody(Body):
    """What becomes of an agent who let an offer ring out."""

    returns_after_s: Seconds | None = Field(
        default=None, description="Ready again after so long; null: when they say so", examples=[60]
    )
    stays_ready: bool = Field(default=False, description="nothing becomes of it: Ready all along")
    most_in_a_row: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="who lets so many ring out one after the other is signed out"
    )


class TeamBody(DocumentBody):
    """Agents who work together."""

    content = Team

    name: Name
    site_id: Id | None = Field(
        default=None, description="where, if at one site", examples=["minsk"]
    )
    breaks_at_once: int | None = Field(
        default=None, ge=0, le=100_000, description="how many may be on a break; null: any number"
    )
    break_taken_within_s: Seconds = Field(
        default=600.0, description="a granted break that has not begun by then passes to who waits"
    )
    sign_out_after_shift: bool = Field(
        default=False, description="no calls after the shift's end, then signed out, as rostered"
    )
    sign_out_grace_s: Seconds = Field(
        default=0.0, description="between the shift's end and being signed out, seconds"
    )
    rona: RonaBody | None = Field(default=None, description="null: NotReady until they say so")
    supervisors: list[Subject] = Field(
        default_factory=list,
        max_length=200,
        description="subjects of tokens: who may order what its agents do",
        examples=[["ivanova"]],
    )
    deactivated: Deactivated = False


class ReasonBody(DocumentBody):
    """Why agents are NotReady."""

    content = Reason

    name: Name
    paid: bool = Field(default=True, description="whether this time is paid")
    counted_in_occupancy: bool = Field(default=False, description="whether it counts as work")
    longest_stay_s: Annotated[float, Field(gt=0, le=86_400)] | None = Field(
        default=None, description="seconds an agent may stay; null: any time", examples=[900]
    )
    is_break: bool = Field(
        default=False, description="asked for, and counted against the team's `breaks_at_once`"
    )
    deactivated: Deactivated = False


class CodeBody(DocumentBody):
    """What a call was about: a leaf or a branch of the tree of wrap-up codes."""

    content = Code

    name: Name
    parent_id: Id | None = Field(
        default=None, description="the branch it is in; null: at the root", examples=["complaint"]
    )
    deactivated: Deactivated = False


class WrapUpPolicyBody(DocumentBody):
    """How the after-call work of a queue's calls is done."""

    content = WrapUpPolicy

    mode: Mode = Field(
        description="none; optional: beside the next call; until_done; timed; timed_extendable",
        examples=["timed"],
    )
    after_s: Seconds | None = Field(
        default=None,
        description="how long it lasts; null: as the agent's `wrap_up_s` says",
        examples=[60],
    )
    extend_by_s: Annotated[float, Field(gt=0, le=86_400)] | None = Field(
        default=None, description="of timed_extendable: seconds that the agent may add"
    )
    extensions: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="of timed_extendable: how often"
    )
    codes_required: bool = Field(default=False, description="nobody ends it without a code")
    codes_from: Id | None = Field(
        default=None,
        description="the branch that codes are of; null: the whole tree",
        examples=["complaint"],
    )
    calls_meanwhile: bool = Field(
        default=False, description="the slot is free for the next call at once"
    )
    deactivated: Deactivated = Field(default=False, description="the default holds: timed")


class AgentDocumentView(AgentBody, DocumentView):
    """An agent as administrators described them."""

    agent_id: Id


class AgentView(AgentDocumentView):
    """An agent: who they are and what they are now. The revision is of the former alone."""

    sequence: int
    state: StateView


class SkillsView(SkillsBody, DocumentView):
    """A row of the matrix; the revision is the agent's."""

    agent_id: Id
    name: Name


class TeamView(TeamBody, DocumentView):
    """A team as ordered."""

    team_id: Id


class ReasonView(ReasonBody, DocumentView):
    """A reason for NotReady as ordered."""

    reason_id: Id
    system: bool = Field(description="only agent-state gives it: nobody chooses it")


class CodeView(CodeBody, DocumentView):
    """A wrap-up code as ordered."""

    code_id: Id


class WrapUpPolicyView(WrapUpPolicyBody, DocumentView):
    """A queue's policy for after-call work as ordered."""

    queue_id: Id
