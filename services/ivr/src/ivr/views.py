"""What ivr shows and takes over HTTP: bodies and answers, and nothing of the trade."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from contact_events import calls
from contact_runtime.http.bodies import Body, Id, Phone, View
from ivr.domain.callers import names_number, names_person
from ivr.domain.projects import Choice, Project
from ivr.domain.refusals import NotANumber

Words = Annotated[str, StringConstraints(max_length=1000)]
Short = Annotated[str, StringConstraints(max_length=200)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
Keys = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,32}$")]


class Text(Body):
    """What people read or hear, in the two languages of the centre."""

    ru: Words
    en: Words

    def plain(self) -> calls.Text:
        """Return it as the events carry it."""
        return calls.Text(self.ru, self.en)

    @classmethod
    def of(cls, text: calls.Text) -> "Text":
        """Return the text as HTTP shows it."""
        return cls(ru=text.ru, en=text.en)


class CallBody(Body):
    """A call at the front door. The client and the project come from the number dialled."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ani": "+74951234567",
                    "name": "Anna Sokolova",
                    "dnis": "+74950000001",
                    "entry_site": "moscow",
                },
                {"ani": None, "dnis": "+74950000001", "entry_site": "minsk"},
            ]
        }
    )

    ani: Phone | None = Field(description="null where the number calling is withheld")
    name: Name | None = Field(
        default=None,
        description="of who calls, as the display name of SIP's `From` brings it; sealed with the "
        "number, so there is none where the number is withheld",
    )
    dnis: Phone
    entry_site: Id
    channel: calls.Channel = "voice"
    attributes: dict[Id, Short] = Field(
        default={},
        max_length=32,
        description="what else is known of the call; agents of the call see it. `customer_ref` is "
        "the customer in the client's books, `preferred_agent_id` who is asked first. The number "
        "calling stands in `ani` alone, the caller's name in `name`",
        examples=[{"customer_ref": "C-1042", "vip": "gold"}],
    )

    @model_validator(mode="after")
    def _has_the_number_in_ani_alone(self) -> "CallBody":
        texts = [text for item in self.attributes.items() for text in item]
        if self.ani is not None and any(_names(text, self.ani) for text in texts):
            raise PydanticCustomError("number_in_attributes", "the number calling stands in ani")
        return self

    @model_validator(mode="after")
    def _has_the_name_in_name_alone(self) -> "CallBody":
        if self.name is None:
            return self
        if self.ani is None:
            raise PydanticCustomError("name_of_nobody", "a name is sealed with the number calling")
        texts = [text for item in self.attributes.items() for text in item]
        if any(names_person(text, self.name) for text in texts):
            raise PydanticCustomError("name_in_attributes", "the caller's name stands in name")
        return self


def _names(text: str, number: str) -> bool:
    try:
        return names_number(text, number)
    except NotANumber:
        return False  # of no country: refused as such


class DigitsBody(Body):
    """Keys the caller pressed, one after the other."""

    digits: Keys = Field(examples=["1"])


class ErasureBody(Body):
    """Who is to be erased: the person who called this client from this number."""

    client_id: Id = Field(examples=["acme"])
    number: Phone


class ErasureView(View):
    """Who was erased, as the log names them: nothing of it leads back to the number."""

    client_id: str
    caller_refs: list[str]
    erased_at: datetime


class ChoiceBody(Body):
    """One digit of the menu: to a queue, or `contained`: what is said is answer enough."""

    digit: Key
    label: Text
    queue: Id | None = None
    contained: bool = False
    say: Text | None = None

    @model_validator(mode="after")
    def _leads_to_one_thing(self) -> "ChoiceBody":
        if (self.queue is None) != self.contained:
            raise ValueError("a choice has either a queue or `contained`")
        return self

    def plain(self) -> Choice:
        """Return it as the domain has it."""
        say = self.say.plain() if self.say else None
        return Choice(digit=self.digit, label=self.label.plain(), queue_id=self.queue, say=say)


class NoInput(Body):
    """Who chooses nothing valid is asked `repeats` times more, then waits in `queue`."""

    queue: Id
    repeats: int = Field(default=2, ge=0, le=9)


class ProjectBody(Body):
    """A client's project: its numbers, and what callers of them hear and may choose."""

    client_id: Id
    client_name: Short
    name: Short
    dnis: list[Phone] = Field(max_length=1000)
    pool: Id = "main"
    greeting: Text
    agent_greeting: Text
    menu: list[ChoiceBody] = Field(default=[], max_length=12)
    no_input: NoInput
    calendar: Id | None = Field(
        default=None,
        description="the router's calendar: outside its hours calls are refused; null, or one "
        "that is not known: open day and night",
        examples=["office"],
    )
    closed: Text | None = Field(default=None, description="what callers hear outside the hours")

    @model_validator(mode="after")
    def _has_each_digit_once(self) -> "ProjectBody":
        digits = [choice.digit for choice in self.menu]
        if len(set(digits)) != len(digits):
            raise ValueError("a digit stands once in a menu")
        return self

    def plain(self, project_id: str) -> Project:
        """Return it as the domain has it."""
        return Project(
            project_id=project_id,
            client_id=self.client_id,
            client_name=self.client_name,
            name=self.name,
            dnis=tuple(dict.fromkeys(self.dnis)),
            greeting=self.greeting.plain(),
            agent_greeting=self.agent_greeting.plain(),
            default_queue_id=self.no_input.queue,
            repeats=self.no_input.repeats,
            menu=tuple(choice.plain() for choice in self.menu),
            pool=self.pool,
            calendar_id=self.calendar,
            closed=self.closed.plain() if self.closed else None,
        )


class ProjectView(View):
    """A project as it is kept."""

    project_id: str
    client_id: str
    client_name: str
    name: str
    dnis: list[str]
    pool: str
    greeting: Text
    agent_greeting: Text
    menu: list[ChoiceBody]
    no_input: NoInput
    calendar: str | None
    closed: Text | None

    @classmethod
    def of(cls, project: Project) -> "ProjectView":
        """Return the project as HTTP shows it."""
        return cls(
            project_id=project.project_id,
            client_id=project.client_id,
            client_name=project.client_name,
            name=project.name,
            dnis=list(project.dnis),
            pool=project.pool,
            greeting=Text.of(project.greeting),
            agent_greeting=Text.of(project.agent_greeting),
            menu=[_choice_of(choice) for choice in project.menu],
            no_input=NoInput(queue=project.default_queue_id, repeats=project.repeats),
            calendar=project.calendar_id,
            closed=Text.of(project.closed) if project.closed else None,
        )


def _choice_of(choice: Choice) -> ChoiceBody:
    return ChoiceBody(
        digit=choice.digit,
        label=Text.of(choice.label),
        queue=choice.queue_id,
        contained=choice.queue_id is None,
        say=Text.of(choice.say) if choice.say else None,
    )
