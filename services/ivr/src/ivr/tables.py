"""The rows that ivr keeps, each kind with its key."""

from contact_events.config import CalendarChanged
from contact_runtime.rows import Kind
from ivr.domain.agents import AgentMemo
from ivr.domain.call import Call, Unborn, due
from ivr.domain.callers import Person
from ivr.domain.opening import QueueHours
from ivr.domain.projects import Number, Project
from ivr.domain.specialists import Specialists

CALL: Kind[Call] = Kind("call", Call, lambda call_id: Unborn(), due)
"""By call id; its events are the stream of that id."""

AGENT: Kind[AgentMemo] = Kind("agent", AgentMemo, lambda agent_id: AgentMemo())
"""By agent id. Locked before any call."""

PERSON: Kind[Person] = Kind("person", Person, lambda reference: Person())
"""By `caller.ref`; locked before any call. The only place where a person's key is."""

PROJECT: Kind[Project | None] = Kind("project", Project | None, lambda project_id: None)
"""By project id."""

NUMBER: Kind[Number] = Kind("number", Number, lambda dnis: Number())
"""By the number dialled."""

CALENDAR: Kind[CalendarChanged | None] = Kind(
    "calendar", CalendarChanged | None, lambda calendar_id: None
)
"""By calendar id, as `routing-config` has it; read without a lock."""

QUEUE: Kind[QueueHours] = Kind("queue", QueueHours, lambda queue_id: QueueHours())
"""By queue id: what ivr needs of `routing-config`; read without a lock."""

SKILL: Kind[Specialists] = Kind("skill", Specialists, lambda skill_id: Specialists())
"""By skill id: the queues of `routing-config` that ask for it; read without a lock."""
