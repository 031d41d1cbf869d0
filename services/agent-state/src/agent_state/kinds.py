"""The kinds of documents: what each is called, how it is said, and what must be true of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import to_builtins

from agent_state import screen_pops, sheets
from agent_state.commands import Cause, carry_out
from agent_state.document_bodies import (
    AgentBody,
    AgentDocumentView,
    AgentView,
    CodeBody,
    CodeView,
    ReasonBody,
    ReasonView,
    SkillsBody,
    SkillsView,
    TeamBody,
    TeamView,
    WrapUpPolicyBody,
    WrapUpPolicyView,
)
from agent_state.domain.agent import Profile
from agent_state.domain.commands import SetProfile
from agent_state.domain.documents import (
    MOST_PARENTS,
    STANDING_REASONS,
    SYSTEM_REASONS,
)
from agent_state.domain.view import view_of
from agent_state.domain.wrap_up_rules import faults_of_rules
from agent_state.screen_pops import ScreenPopBody, ScreenPopView
from agent_state.sheets import Sheet
from agent_state.tables import AGENT, CODE, PROFILE, REASON, SCREEN_POP, TEAM, WRAP_UP_POLICY
from contact_runtime.administration import kinds
from contact_runtime.administration.documents import Author, Documents, Found, Revision, Said
from contact_runtime.http.bodies import ID_PATTERN
from contact_runtime.http.documents import Fault
from contact_runtime.rows import Store, Unit

CODES: Final = {
    "unknown_team": "No such team: put it to `/v1/teams` first.",
    "deactivated_team": "The team takes nobody new: it is deactivated.",
    "unknown_code": "No such wrap-up code: put it to `/v1/wrap-up-codes` first.",
    "code_loop": "The code would be its own parent, by itself or by others.",
    "code_too_deep": f"The tree of codes is at most {MOST_PARENTS} branches deep.",
    "missing_beside": "What stands beside it needs this, too.",
    "cell": "The cell holds something else than its column does; the detail says what it holds.",
    "cells": "The row has more or fewer cells than the header.",
    "column_missing": "The file has no column that names the document of a row.",
    "column_repeated": "Two columns have this name.",
    "column_unknown": "No such column.",
    "id": "No id: letters, digits and . _ : ~ -, at most 128.",
    "repeated": "An earlier row has the same document.",
    "stale": "The document was changed since the file was exported: another revision counts.",
    "unknown_agent": "No such agent.",
    "useless_beside": "What stands beside it makes this mean nothing.",
    "system_reason": "Reasons that the system gives cannot be deactivated.",
    "unknown_revision": "The document never had this revision.",
    **screen_pops.CODES,
}
"""The codes of faults that only agent-state tells, with their meaning."""


@dataclass(frozen=True)
class Kind(kinds.Kind):
    """A kind of document of agent-state, with its columns where it comes and goes as a file."""

    reading: str = "agents:read"
    changing: str = "agents:admin"
    sheet: Sheet | None = None

    def fields(self, document_id: str, revision: Revision[Any]) -> dict[str, Any]:
        """Return all that a view may show of a revision."""
        return {
            "name": to_builtins(getattr(revision.said, "name", None)),
            **super().fields(document_id, revision),
            "system": document_id in SYSTEM_REASONS,
        }


async def _faults_of_agent(unit: Unit, agent_id: str, said: Said, last: Found) -> list[Fault]:
    team_id = _id(said, "team")
    team = await unit.peek(TEAM, team_id) if team_id else None
    if team_id and team is None:
        return [Fault(("team",), "unknown_team", f"there is no team {team_id}")]
    stays = last is not None and last.said.team == team_id
    if team is not None and team.said.deactivated and not stays:
        return [Fault(("team",), "deactivated_team", f"the team {team_id} is deactivated")]
    return []


async def _faults_of_reason(unit: Unit, reason_id: str, said: Said, last: Found) -> list[Fault]:
    if reason_id in SYSTEM_REASONS and said.get("deactivated") is True:
        return [Fault(("deactivated",), "system_reason", f"the system gives {reason_id}")]
    return []


async def _faults_of_code(unit: Unit, code_id: str, said: Said, last: Found) -> list[Fault]:
    parent_id, seen = _id(said, "parent_id"), [code_id]
    while parent_id is not None:
        if parent_id in seen:
            return [Fault(("parent_id",), "code_loop", " in ".join([*seen, parent_id]))]
        if len(seen) > MOST_PARENTS:
            return [Fault(("parent_id",), "code_too_deep", f"more than {MOST_PARENTS} branches")]
        seen.append(parent_id)
        parent = await unit.peek(CODE, parent_id)
        if parent is None:
            return [Fault(("parent_id",), "unknown_code", f"there is no code {parent_id}")]
        parent_id = parent.said.parent_id
    return []


async def _faults_of_policy(unit: Unit, queue_id: str, said: Said, last: Found) -> list[Fault]:
    branch = _id(said, "codes_from")
    faults = [
        Fault((name,), code, f"{said.get('mode')} after-call work {why}")
        for name, code, why in faults_of_rules(said)
    ]
    if branch and await unit.peek(CODE, branch) is None:
        faults.append(Fault(("codes_from",), "unknown_code", f"there is no code {branch}"))
    return faults


async def _describe(unit: Unit, agent_id: str, revision: Revision[Profile], author: Author) -> None:
    """Make the agent what the document says.

    Raises:
        Refusal: what the agent does now does not allow it.
    """
    cause = Cause(author.at, author.causation, author.traceparent)
    await carry_out(unit, agent_id, SetProfile(profile=revision.said), cause)


async def _states(store: Store, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    agents = await store.peek_many(AGENT, ids)
    return {
        agent_id: {"sequence": agent.version, "state": to_builtins(view_of(agent))}
        for agent_id, agent in agents.items()
    }


def _id(said: Said, field: str) -> str | None:
    """Return the id in this field, None where something else is."""
    value = said.get(field)
    return value if isinstance(value, str) and ID_PATTERN.fullmatch(value) else None


_AGENTS = Documents("agent", PROFILE, _faults_of_agent, _describe)
_REASONS = Documents("reason", REASON, _faults_of_reason)

AGENTS: Final = Kind(
    "agent",
    "agents",
    "agent",
    _AGENTS,
    AgentBody,
    AgentDocumentView,
    AgentView,
    beside=_states,
    shares=(AGENT,),
    sheet=sheets.AGENTS,
)
SKILLS: Final = Kind(
    "agent",
    "skills-of-agents",
    "row of skills",
    _AGENTS,
    SkillsBody,
    SkillsView,
    SkillsView,
    shares=(AGENT,),
    whole=False,
    sheet=sheets.SKILLS,
)
TEAMS: Final = Kind(
    "team",
    "teams",
    "team",
    Documents("team", TEAM),
    TeamBody,
    TeamView,
    TeamView,
    sheet=sheets.TEAMS,
)
REASONS: Final = Kind(
    "reason",
    "not-ready-reasons",
    "reason",
    _REASONS,
    ReasonBody,
    ReasonView,
    ReasonView,
    reading="choices:read",
    sheet=sheets.REASONS,
)
CODES_OF_CALLS: Final = Kind(
    "code",
    "wrap-up-codes",
    "code",
    Documents("code", CODE, _faults_of_code),
    CodeBody,
    CodeView,
    CodeView,
    reading="choices:read",
    sheet=sheets.CODES,
)
WRAP_UP_POLICIES: Final = Kind(
    "queue",
    "wrap-up-policies",
    "policy of queue",
    Documents("policy", WRAP_UP_POLICY, _faults_of_policy),
    WrapUpPolicyBody,
    WrapUpPolicyView,
    WrapUpPolicyView,
    reading="choices:read",
    sheet=sheets.WRAP_UP_POLICIES,
)
SCREEN_POPS: Final = Kind(
    "project",
    "screen-pops",
    "screen pop",
    Documents("screen pop", SCREEN_POP, screen_pops.faults),
    ScreenPopBody,
    ScreenPopView,
    ScreenPopView,
)
KINDS: Final = (
    AGENTS,
    SKILLS,
    TEAMS,
    REASONS,
    CODES_OF_CALLS,
    WRAP_UP_POLICIES,
    SCREEN_POPS,
)


async def furnish(store: Store, author: Author) -> None:
    """Write the standing reasons that are not there yet.

    Raises:
        Transient: the database did not answer, or another replica did it in the same moment.
    """
    async with store.unit() as unit:
        await unit.load_many(REASON, STANDING_REASONS)
        for reason_id, said in STANDING_REASONS.items():
            if await _REASONS.last(unit, reason_id) is None:
                await _REASONS.write(unit, reason_id, said, author)
