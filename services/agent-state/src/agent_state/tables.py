"""The rows that agent-state keeps, each kind with its key, in the order of their locks.

Documents of administrators are locked after agents, in the order of their kinds' names; commands
read them without a lock. Each has a row of its present revision and one of each that ever was.

The log's reader locks ENDS, ENDS_BLOCK and CALL_MEMO before agents; commands and timers need
none of these, so that all lock agents first of what they share. CLOCKED, SHEET, SITE, ROSTER and
BREAKS are locked before agents too, in this order: by the reader of our own changes, by timers
and by who asks for a break; no command on an agent needs them.
"""

from datetime import date

from agent_state.domain.agent import Agent, Profile, due_of
from agent_state.domain.answers import Answer
from agent_state.domain.breaks import TeamBreaks
from agent_state.domain.breaks import due_of as breaks_due
from agent_state.domain.call_memo import CallMemo, Taker
from agent_state.domain.contacts import Caller, Contact
from agent_state.domain.documents import Code, Reason, Team
from agent_state.domain.ends import Ends, EndsBlock
from agent_state.domain.notes import Note, Person
from agent_state.domain.rosters import DayPlan, unplanned
from agent_state.domain.rosters import due_of as plan_due
from agent_state.domain.screen_pop import ScreenPop
from agent_state.domain.sheets import Clocked, Sheet
from agent_state.domain.wrap_up_rules import WrapUpPolicy
from contact_events.calls import Text
from contact_runtime.administration.documents import Revision
from contact_runtime.rows import Kind

ENDS: Kind[Ends] = Kind("ends", Ends, lambda partition: Ends())
"""By partition of `call-arrived`."""

ENDS_BLOCK: Kind[EndsBlock] = Kind("ends_block", EndsBlock, lambda key: EndsBlock())
"""By partition and block, `0/17`."""

CALL_MEMO: Kind[CallMemo] = Kind("call_memo", CallMemo, CallMemo.new)
"""By call id."""

CLOCKED: Kind[Clocked] = Kind("clocked", Clocked, lambda key: Clocked())
"""By agent id, `a1/now`: what the log last said they are. The bare id would lock their stream."""

SHEET: Kind[Sheet] = Kind("sheet", Sheet, lambda key: Sheet())
"""By agent id and day of UTC, `a1/2026-03-02`: times in each state."""

SITE: Kind[str | None] = Kind("site", str | None, lambda site_id: None)
"""By site id: its time zone, as the router's document says."""

QUEUE_NAME: Kind[Text | None] = Kind("queue_name", Text | None, lambda queue_id: None)
"""By queue id: what it is called, as the router's document says; SKILL_NAME likewise."""

SKILL_NAME: Kind[Text | None] = Kind("skill_name", Text | None, lambda skill_id: None)
"""By skill id. These two are locked by their own reader alone."""

ROSTER: Kind[DayPlan] = Kind("roster", DayPlan, unplanned, plan_due)
"""By agent id and local day, `a1/2026-03-02`: the shifts that begin on it."""

BREAKS: Kind[TeamBreaks] = Kind("breaks", TeamBreaks, lambda team_id: TeamBreaks(), breaks_due)
"""By team id; of agents without a team under the empty one."""

AGENT: Kind[Agent] = Kind("agent", Agent, Agent.new, due_of)
"""By agent id; its events are the stream of that id, over three topics."""

ANSWER: Kind[Answer | None] = Kind("answer", Answer | None, lambda key: None)
"""By agent id, who asks if it is not the agent, and command id: `a1/c7`, `a1//s1/c7`."""

TAKER: Kind[Taker | None] = Kind("taker", Taker | None, lambda key: None)
"""By call id and attempt, `call/1`."""

CONTACT: Kind[Contact] = Kind("contact", Contact, lambda call_id: Contact())
"""By call id. These and CALLER are locked by their own reader alone; the card looks at them."""

CALLER: Kind[Caller] = Kind("caller", Caller, lambda ref: Caller())
"""By `caller.ref`, which is another for each client."""

PROFILE: Kind[Revision[Profile] | None] = Kind(
    "agent_document", Revision[Profile] | None, lambda agent_id: None
)
"""By agent id: what administrators say of the agent, as AGENT has it, with its revision."""

TEAM: Kind[Revision[Team] | None] = Kind("team", Revision[Team] | None, lambda team_id: None)
"""By team id."""

REASON: Kind[Revision[Reason] | None] = Kind(
    "not_ready_reason", Revision[Reason] | None, lambda reason_id: None
)
"""By reason id."""

CODE: Kind[Revision[Code] | None] = Kind(
    "wrap_up_code", Revision[Code] | None, lambda code_id: None
)
"""By code id."""

WRAP_UP_POLICY: Kind[Revision[WrapUpPolicy] | None] = Kind(
    "wrap_up_policy", Revision[WrapUpPolicy] | None, lambda queue_id: None
)
"""By queue id."""

PERSON: Kind[Person] = Kind("person", Person, lambda caller_ref: Person())
"""By `caller.ref`, or by call where the caller is unknown; locked last. The only place of a key."""

NOTES: Kind[tuple[Note, ...]] = Kind("notes", tuple[Note, ...], lambda call_id: ())
"""By call id: what agents wrote of the call, sealed."""

SCREEN_POP: Kind[Revision[ScreenPop] | None] = Kind(
    "screen_pop", Revision[ScreenPop] | None, lambda project_id: None
)
"""By project id."""


def taker_key(call_id: str, attempt: int) -> str:
    """Return the key of an attempt's taker."""
    return f"{call_id}/{attempt}"


def clocked_key(agent_id: str) -> str:
    """Return the key of what an agent is."""
    return f"{agent_id}/now"


def sheet_key(agent_id: str, day: date) -> str:
    """Return the key of an agent's UTC day."""
    return f"{agent_id}/{day.isoformat()}"
