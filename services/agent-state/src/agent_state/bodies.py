"""What people and desktops send: the shapes at the edge, and the commands they become."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from agent_state.domain.agent import Profile
from agent_state.domain.commands import (
    AcceptOffer,
    AgentCommand,
    BecomeNotReady,
    BecomeReady,
    FinishWrapUp,
    HoldCall,
    RejectOffer,
    ReleaseCall,
    ResumeCall,
    SignIn,
    SignOut,
    TransferCall,
)
from contact_events.calls import Channel
from contact_runtime.http.bodies import Body, Id

Name = Literal[
    "sign_in",
    "ready",
    "not_ready",
    "sign_out",
    "accept",
    "reject",
    "hold",
    "resume",
    "release",
    "transfer",
    "wrap_up",
]
Room = Annotated[int, Field(ge=0, le=20)]
Level = Annotated[int, Field(ge=0, le=1000)]

_PLAIN: dict[str, type[SignIn] | type[BecomeReady] | type[SignOut]] = {
    "sign_in": SignIn,
    "ready": BecomeReady,
    "sign_out": SignOut,
}
_OF_CALL: dict[
    str,
    type[AcceptOffer]
    | type[RejectOffer]
    | type[HoldCall]
    | type[ResumeCall]
    | type[ReleaseCall]
    | type[FinishWrapUp],
] = {
    "accept": AcceptOffer,
    "reject": RejectOffer,
    "hold": HoldCall,
    "resume": ResumeCall,
    "release": ReleaseCall,
    "wrap_up": FinishWrapUp,
}


class ProfileBody(Body):
    """An agent as administrators describe them."""

    name: str = Field(min_length=1, max_length=200, examples=["Анна Соколова"])
    site_id: Id = Field(examples=["moscow"])
    team: Id | None = None
    pool: Id = "main"
    skills: dict[Id, Level] = Field(default_factory=dict, examples=[{"sales": 3}], max_length=200)
    wrap_up_s: float = Field(default=30.0, ge=0, le=86_400, description="after-call work, seconds")
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

    def profile(self) -> Profile:
        """Return the profile that it describes."""
        interrupts = {channel: tuple(others) for channel, others in self.interrupts.items()}
        return Profile(**{**self.model_dump(), "interrupts": interrupts})


class CommandBody(Body):
    """A command of an agent. The same `command_id` twice has one effect and one answer."""

    command_id: Id = Field(examples=["c1"])
    command: Name = Field(examples=["ready"])
    reservation_id: Id | None = Field(default=None, description="for every command about a call")
    reason: Id | None = Field(default=None, description="of not_ready; of reject, not kept yet")
    queue: Id | None = Field(default=None, description="where to transfer, or `agent_id`")
    agent_id: Id | None = Field(default=None, description="to whom to transfer, or `queue`")

    @model_validator(mode="after")
    def _names_what_it_needs(self) -> "CommandBody":
        about_a_call = self.command in _OF_CALL or self.command == "transfer"
        if about_a_call and self.reservation_id is None:
            raise PydanticCustomError("missing", "names the reservation_id it is about")
        if self.command == "transfer" and (self.queue is None) == (self.agent_id is None):
            raise PydanticCustomError("one_of", "names a queue or an agent_id, not both")
        return self

    def order(self) -> AgentCommand:
        """Return the command that it asks for."""
        about = self.reservation_id or ""
        if self.command in _PLAIN:
            return _PLAIN[self.command]()
        if self.command in _OF_CALL:
            return _OF_CALL[self.command](reservation_id=about)
        if self.command == "transfer":
            return TransferCall(reservation_id=about, queue_id=self.queue, agent_id=self.agent_id)
        return BecomeNotReady(reason=self.reason or "asked")
