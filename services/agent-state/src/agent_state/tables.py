"""The rows that agent-state keeps, each kind with its key, in the order of their locks.

The log's reader locks ENDS, ENDS_BLOCK and CALL_MEMO before agents; commands and timers need
none of these, so that all lock agents first of what they share.
"""

from agent_state.domain.agent import Agent, due_of
from agent_state.domain.answers import Answer
from agent_state.domain.call_memo import CallMemo, Taker
from agent_state.domain.ends import Ends, EndsBlock
from contact_runtime.rows import Kind

ENDS: Kind[Ends] = Kind("ends", Ends, lambda partition: Ends())
"""By partition of `call-arrived`."""

ENDS_BLOCK: Kind[EndsBlock] = Kind("ends_block", EndsBlock, lambda key: EndsBlock())
"""By partition and block, `0/17`."""

CALL_MEMO: Kind[CallMemo] = Kind("call_memo", CallMemo, CallMemo.new)
"""By call id."""

AGENT: Kind[Agent] = Kind("agent", Agent, Agent.new, due_of)
"""By agent id; its events are the stream of that id, over three topics."""

ANSWER: Kind[Answer | None] = Kind("answer", Answer | None, lambda key: None)
"""By agent id, who asks if it is not the agent, and command id: `a1/c7`, `a1//s1/c7`."""

TAKER: Kind[Taker | None] = Kind("taker", Taker | None, lambda key: None)
"""By call id and attempt, `call/1`."""


def taker_key(call_id: str, attempt: int) -> str:
    """Return the key of an attempt's taker."""
    return f"{call_id}/{attempt}"
