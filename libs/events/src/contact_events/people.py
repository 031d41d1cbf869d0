"""`people`: what was done with somebody's personal data."""

from contact_events.registry import Event, event
from contact_events.topics import PEOPLE


@event("caller.read", version=1, topic=PEOPLE, key="caller_ref")
class CallerRead(Event, frozen=True):
    """An agent saw the number and name of the caller they speak with; `masked`: not whole."""

    caller_ref: str
    call_id: str
    agent_id: str
    masked: bool = False


@event("person.erased", version=1, topic=PEOPLE, key="caller_ref")
class PersonErased(Event, frozen=True):
    """The keys of this person's sealed data were destroyed; the data can be read no more."""

    caller_ref: str
