"""A caller: rings, chooses from the menu, waits while patient, talks, hangs up."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sim.apis import Api, Json, Refused
from sim.names import name_of
from sim.pace import Time
from sim.planned import PlannedCall

POLL_S = 25.0
LONGEST_BUSINESS_S = 3 * 3600.0


@dataclass(slots=True)
class Talks:
    """What caller and agent of a talk agree on: who of them ends it, and after how long.

    `ours` are the calls whose callers are of this run: others have lost theirs, or are yours.
    """

    ended_by_agent_s: dict[str, float] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Callers:
    """All callers of a run, which began at `begun`, and how their calls ended."""

    ivr: Api
    time: Time
    run: str
    begun: datetime
    talks: Talks = field(default_factory=Talks)
    fates: Counter[str] = field(default_factory=Counter)

    async def call(self, plan: PlannedCall) -> None:
        """Live one call to its end, and count what became of it."""
        try:
            view = await self._ring(plan)
            call_id = view["call_id"]
            self.talks.ours.add(call_id)
            if plan.agent_ends:
                self.talks.ended_by_agent_s[call_id] = plan.handle_s
            view = await self._in_flow(plan, view)
            if view["state"] == "waiting":
                view = await self._wait(plan, view)
            if view["state"] == "connected":
                view = await self._talk(plan, view)
            self.fates[view["ended_as"] or view["state"]] += 1
            self.talks.ended_by_agent_s.pop(call_id, None)
            self.talks.ours.discard(call_id)
        except Refused as refused:
            self.fates[f"refused: {refused.code}"] += 1
        except TimeoutError:
            self.fates["no answer from the API"] += 1

    async def _ring(self, plan: PlannedCall) -> Json:
        body: Json = {
            "ani": plan.ani,
            "name": name_of(plan.ani),
            "dnis": plan.dnis,
            "entry_site": plan.entry_site,
            "attributes": {"drawn": plan.drawn, "planned_at": self._planned_at(plan).isoformat()},
        }
        return await self.ivr.post("/v1/calls", body, key=f"{self.run}/{plan.number}")

    def _planned_at(self, plan: PlannedCall) -> datetime:
        return self.begun + timedelta(seconds=plan.at_s)

    async def _in_flow(self, plan: PlannedCall, view: Json) -> Json:
        if view["state"] != "in_flow":
            return view
        await self.time.pass_by(plan.think_s)
        if plan.digit is None:
            return await self._hang_up(view)
        return await self.ivr.post(f"/v1/calls/{view['call_id']}/digits", {"digits": plan.digit})

    async def _wait(self, plan: PlannedCall, view: Json) -> Json:
        """Wait for an agent, at most as long as the caller is patient."""
        gives_up = self.time.after(plan.patience_s)
        while view["state"] == "waiting":
            left_s = (gives_up - self.time.now()).total_seconds() / self.time.scale
            if left_s <= 0:
                return await self._hang_up(view)
            view = await self._news(view, min(POLL_S, left_s))
        return view

    async def _talk(self, plan: PlannedCall, view: Json) -> Json:
        """Talk until it is said; a caller whose agent was lost waits and goes on."""
        talk_s = LONGEST_BUSINESS_S if plan.agent_ends else plan.handle_s
        ends = self.time.after(talk_s)
        while view["state"] != "ended":
            left_s = (ends - self.time.now()).total_seconds() / self.time.scale
            if left_s <= 0:
                return await self._hang_up(view)
            view = await self._news(view, min(POLL_S, left_s))
        return view

    async def _news(self, view: Json, wait_s: float) -> Json:
        path = f"/v1/calls/{view['call_id']}"
        return await self.ivr.get(path, wait_s=round(wait_s, 3), after_version=view["version"])

    async def _hang_up(self, view: Json) -> Json:
        return await self.ivr.post(f"/v1/calls/{view['call_id']}/hangup")


async def live(callers: Callers, plans: Iterable[PlannedCall]) -> None:
    """Place every call at its time and return when all of them are over."""
    async with asyncio.TaskGroup() as calls:
        for plan in plans:
            await callers.time.until(callers.begun + timedelta(seconds=plan.at_s))
            calls.create_task(callers.call(plan))
