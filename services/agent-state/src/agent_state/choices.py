"""Whether what an agent chooses may be chosen, as the documents are now; and notes are sealed."""

from msgspec.structs import replace

from agent_state.domain.agent import Agent
from agent_state.domain.commands import BecomeNotReady, Command, FinishWrapUp
from agent_state.domain.documents import SUPERVISOR, CodeState, may_be_chosen, state_of_code
from agent_state.domain.notes import person_of
from agent_state.domain.wrap_up import rules_of, work_of
from agent_state.notes import sealed
from agent_state.tables import CODE, REASON, TEAM
from contact_runtime.rows import Unit


async def checked(unit: Unit, agent: Agent, command: Command, by: str | None) -> Command:
    """Return the command with what documents say of what it names; `by` is a supervisor, if one."""
    match command:
        case BecomeNotReady():
            return await _with_reason(unit, agent, command, by)
        case FinishWrapUp():
            return await _with_codes(unit, agent, command)
        case _:
            return command  # names nothing that is a document


async def _with_reason(
    unit: Unit, agent: Agent, command: BecomeNotReady, by: str | None
) -> Command:
    if command.reason == SUPERVISOR and by is not None:
        return command
    reason = await unit.peek(REASON, command.reason)
    if reason is None:
        return replace(command, refused="unknown")
    if not may_be_chosen(command.reason, reason.said):
        return replace(command, refused="deactivated" if reason.said.deactivated else "system")
    if by is None and reason.said.is_break and not await _has_break(unit, agent, command.reason):
        return replace(command, refused="not_granted")
    return command


async def _has_break(unit: Unit, agent: Agent, reason: str) -> bool:
    """Return whether the agent may go on this break: it was granted, or the team has no limit."""
    team_id = agent.profile.team if agent.profile else None
    team = await unit.peek(TEAM, team_id) if team_id else None
    if team is None or team.said.breaks_at_once is None:
        return True
    place = agent.break_place
    return place is not None and place.reason == reason and place.state != "waiting"


async def _with_codes(unit: Unit, agent: Agent, command: FinishWrapUp) -> Command:
    work = work_of(agent, command.reservation_id)
    if work is None:
        return replace(command, notes=None)
    for code_id in command.codes:
        state = await _state_of(unit, code_id, rules_of(work[1]).codes_from)
        if state is not None:
            return replace(command, notes=None, refused=(code_id, state))
    if command.notes is None:
        return command
    seal = await sealed(unit, command.notes, person_of(work[1]))
    return replace(command, notes=None, notes_sealed=seal)


async def _state_of(unit: Unit, code_id: str, branch: str | None) -> CodeState | None:
    """Return why nobody may choose the code, None if they may; its parents are looked at, too."""
    above = {}
    next_id: str | None = code_id
    while next_id is not None and next_id not in above:
        code = await unit.peek(CODE, next_id)
        above[next_id] = code.said if code else None
        next_id = code.said.parent_id if code else None
    return state_of_code(above, branch)
