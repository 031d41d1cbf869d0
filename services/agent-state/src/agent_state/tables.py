"""The rows that agent-state keeps, each kind with its key."""

from agent_state.domain.agent import Agent, due_of
from agent_state.domain.answers import Answer
from agent_state.domain.call_memo import CallMemo
from agent_state.domain.desk import Desk
from agent_state.domain.ends import Ends, EndsBlock
from contact_runtime.rows import Kind

ENDS: Kind[Ends] = Kind("ends", Ends, lambda partition: Ends())
"""By partition of `call-arrived`; locked first."""

ENDS_BLOCK: Kind[EndsBlock] = Kind("ends_block", EndsBlock, lambda key: EndsBlock())
"""By partition and block, `0/17`; locked after ENDS."""

CALL_MEMO: Kind[CallMemo] = Kind("call_memo", CallMemo, CallMemo.new)
"""By call id; locked before any agent."""

AGENT: Kind[Agent] = Kind("agent", Agent, Agent.new, due_of)
"""By agent id; its events are the stream of that id, over three topics."""

ANSWER: Kind[Answer | None] = Kind("answer", Answer | None, lambda key: None)
"""By agent id and command id, `a1/c7`; locked after the agent."""

DESK: Kind[Desk] = Kind("desk", Desk, lambda agent_id: Desk())
"""By agent id: where the agent's sockets are; locked last."""
