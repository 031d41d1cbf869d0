"""Callers and agents at scale 1 on a running system, until told to stop."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from sim import agents, apis, centre
from sim.callers import Callers
from sim.main import Apis, apis_of, furnish, token_of
from sim.pace import Time
from sim.planned import PlannedCall
from sim.settings import Settings
from tests.support.local_run import Place
from tests.support.wait import until

PATIENCE_S = 600.0
OVER_LIMIT_S = 180.0


@dataclass
class Load:
    """So many agents, so many calls a second, each with a short talk."""

    place: Place
    crew: int = 24
    calls_per_s: float = 3.0
    seed: int = 1
    placed: int = 0
    callers: Callers | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _calls: set[asyncio.Task[None]] = field(default_factory=set)
    _shift: agents.Shift | None = None
    _placing: asyncio.Task[None] | None = None

    async def run(self, client: httpx.AsyncClient) -> None:
        """Sign the agents in and begin to place calls."""
        settings = self.settings
        to = apis_of(settings, client)
        staff = await furnish(to, settings)
        await self._shorten_wrap_up(to, settings)
        time = Time(await apis.pace(to.reporting))
        self.callers = Callers(to.front_door, time, f"load-{self.seed}", time.now())
        self._shift = agents.Shift(
            socket_url=settings.agent_state_url.replace("http", "ws", 1),
            token_of=token_of(settings.issuer_state),
            time=time,
            talks=self.callers.talks,
            seed=self.seed,
        )
        self._tasks.append(asyncio.create_task(agents.work(self._shift, list(staff))))
        self._placing = asyncio.create_task(self._place_calls(self.callers))

    async def _shorten_wrap_up(self, to: Apis, settings: Settings) -> None:
        documents = centre.agent_documents(settings.agents, settings.seed)
        for agent_id, document in documents.items():
            short = document | {"wrap_up_s": 1.0}
            await to.agent_state.put(f"/v1/agents/{agent_id}", short, match="*")

    async def _place_calls(self, callers: Callers) -> None:
        rnd = random.Random(self.seed)
        while True:
            plan = self._plan(rnd, self.placed)
            task = asyncio.create_task(callers.call(plan))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
            self.placed += 1
            await asyncio.sleep(rnd.expovariate(self.calls_per_s))

    def _plan(self, rnd: random.Random, number: int) -> PlannedCall:
        project = rnd.choice(centre.PROJECTS)
        return PlannedCall(
            number=number,
            at_s=0.0,
            ani=f"+7495{rnd.randint(2_000_000, 9_999_999)}",
            dnis=project.dnis,
            entry_site=rnd.choice(centre.SITES).site_id,
            digit=rnd.choice(project.choices).digit,
            think_s=rnd.uniform(0.1, 0.5),
            patience_s=PATIENCE_S,
            handle_s=rnd.uniform(0.5, 3.0),
            agent_ends=rnd.random() < 0.3,
        )

    @property
    def settings(self) -> Settings:
        """Return what the simulator is told of the place."""
        said = self.place.settings
        return Settings(
            ivr_url=said.url("ivr"),
            router_url=said.url("router"),
            agent_state_url=said.url("agent-state"),
            reporting_url=said.url("reporting"),
            issuer_state=self.place.state.keys,
            seed=self.seed,
            agents=self.crew,
        )

    @contextmanager
    def rush(self, times: float) -> Iterator[None]:
        """Place so many times the calls for a while."""
        usual, self.calls_per_s = self.calls_per_s, self.calls_per_s * times
        try:
            yield
        finally:
            self.calls_per_s = usual

    @property
    def over(self) -> int:
        """Return how many calls are over."""
        assert self.callers is not None
        return self.callers.fates.total()

    async def until_more_are_over(self, calls: int, *, limit_s: float = 90.0) -> None:
        """Wait until so many more calls are over than now."""
        wanted = self.over + calls
        await until(f"{wanted} calls over", lambda: self.over >= wanted, limit_s=limit_s)

    async def end(self) -> None:
        """Place no more calls, let those there are end, and send the agents home."""
        if self._placing is not None:
            self._placing.cancel()
        await until("the end of the last calls", lambda: not self._calls, limit_s=OVER_LIMIT_S)
        if self._shift is not None:
            self._shift.over.set()
        await asyncio.wait_for(asyncio.gather(*self._tasks), OVER_LIMIT_S)

    def abort(self) -> None:
        """End at once, whatever is under way."""
        for task in (self._placing, *self._tasks, *self._calls):
            if task is not None:
                task.cancel()
