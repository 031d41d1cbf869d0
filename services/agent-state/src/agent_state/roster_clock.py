"""The end of a shift carried out: when a plan is due, its agent hears of it."""

from datetime import datetime, timedelta

from agent_state.commands import Cause, carry_out
from agent_state.domain.commands import EndShift
from agent_state.domain.rosters import DayPlan, covering, days_around, ended, plan_key
from agent_state.tables import AGENT, ROSTER, TEAM
from contact_runtime.rows import Unit


async def tick(unit: Unit, key: str, now: datetime) -> None:
    """Carry out what a plan is due for: no more calls, or signed out, where the team says so."""
    plan = await unit.load(ROSTER, key)
    grace_s = await _grace_s(unit, plan.agent_id)
    if grace_s is None or await _works_on(unit, plan, now):
        unit.put(ROSTER, key, ended(plan, now, None))
        return
    over = max(shift.ends_at for shift in plan.shifts if shift.ends_at <= now)
    leaving_at = over + timedelta(seconds=grace_s)
    leaves = leaving_at <= now
    unit.put(ROSTER, key, ended(plan, now, None if leaves else leaving_at))
    cause = Cause(now, f"timer:roster:{key}")
    await carry_out(unit, plan.agent_id, EndShift(leaves=leaves), cause)


async def _works_on(unit: Unit, plan: DayPlan, now: datetime) -> bool:
    """Return whether another shift of the agent is on, of this day or of the next one."""
    plans = [await unit.peek(ROSTER, plan_key(plan.agent_id, d)) for d in days_around(plan.day)]
    return covering([shift for each in plans for shift in each.shifts], now) is not None


async def _grace_s(unit: Unit, agent_id: str) -> float | None:
    """Return how long after a shift the agent may stay signed in; None for any time."""
    agent = await unit.peek(AGENT, agent_id)
    team_id = agent.profile.team if agent.profile else None
    team = await unit.peek(TEAM, team_id) if team_id else None
    if team is None or not team.said.sign_out_after_shift:
        return None
    return team.said.sign_out_grace_s
