"""The protocol's world: ivr, agent-state and two routers of production, and a log between them.

A history is a list of actions; each is a tuple of its name and arguments, so that it can be
printed, shortened and played again. `World.do` carries one out, or tells that it is not possible.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, cast

import ivr.tables
from agent_state.domain.agent import Profile
from agent_state.domain.commands import SetProfile
from contact_events.calls import Text
from contact_events.config import QueueChanged, SiteChanged
from contact_events.envelope import Envelope
from contact_events.locations import CallerLocated
from contact_events.registry import Event
from contact_events.topics import CALLER_LOCATED, ROUTED, ROUTING_CONFIG
from contact_runtime.clock import StoppedClock
from contact_runtime.rows import Unit
from ivr.domain.call import Known
from tests.support.protocol_hosts import Agents, Host, Ivr
from tests.support.protocol_log import Log
from tests.support.protocol_people import PEOPLE, SHOP, WORDS
from tests.support.protocol_router import POOL, Router

Action: TypeAlias = tuple[Any, ...]
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
TICK_S = 5.0
REGIONS = {"minsk": "BY-HM", "moscow": "RU-MOW"}
SITES = tuple(REGIONS)


@dataclass(frozen=True)
class Worker:
    """An agent of the world."""

    site: str = "moscow"
    skills: tuple[str, ...] = ("q1",)
    telephone: bool = False
    slots: int = 1


@dataclass(frozen=True)
class Setting:
    """What a history begins with.

    `max_wait_s` is that of queue q2, which overflows to q1; `returns_s` is how long q1 and q2 keep
    what an agent sent there.
    """

    workers: dict[str, Worker]
    stride: int = 1
    max_wait_s: float | None = None
    returns_s: float | None = None


@dataclass
class World:
    """Everything, as far as it has come."""

    setting: Setting
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(START))
    wire: list[list[Envelope]] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    arrived: int = 0
    consults: int = 0
    started: int = 2
    revisions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = Log(self.setting.stride)
        self.ivr = Ivr(self.log, self.clock)
        self.agents = Agents(self.log, self.clock)
        self.routers = [Router(self.log, self.clock, name) for name in ("x1", "y1")]
        self.hosts: dict[str, Host] = {"ivr": self.ivr, "as": self.agents}

    def begin(self) -> "World":
        """Order sites and queues, give the client its project, and let the agents be known."""
        for site in SITES:
            self._order_site(site, "open")
        self._order_queue("q1", False)
        self._order_queue("q2", False, self.setting.max_wait_s, "q1")
        self.ivr.transact(_keep_project)
        for agent_id, worker in self.setting.workers.items():
            profile = Profile(
                name=Text(ru=agent_id, en=agent_id),
                site_id=worker.site,
                skills=dict.fromkeys(worker.skills, 1),
                wrap_up_s=3 * TICK_S,
                telephone=worker.telephone,
                channels={"voice": worker.slots},
            )
            self.agents.order(agent_id, SetProfile(profile=profile))
        return self

    def copy(self) -> "World":
        """Return a world that goes its own way from here."""
        other = World(self.setting, StoppedClock(self.clock.now()))
        other.log = self.log.copy()
        for name, host in self.hosts.items():
            other.hosts[name] = host.copy(other.log, other.clock)
        ivr_, agents = other.hosts["ivr"], other.hosts["as"]
        assert isinstance(ivr_, Ivr) and isinstance(agents, Agents)
        other.ivr, other.agents = ivr_, agents
        other.routers = [router.copy(other.log, other.clock) for router in self.routers]
        other.wire, other.bad = list(self.wire), list(self.bad)
        other.arrived, other.started = self.arrived, self.started
        other.consults = self.consults
        other.revisions = dict(self.revisions)
        return other

    def wrong(self, what: str) -> None:
        """Note that a law is broken."""
        if len(self.bad) < 20 and what not in self.bad:
            self.bad.append(what)

    def do(self, action: Action) -> bool:
        """Carry out an action; False if it is not possible now. What breaks is noted."""
        try:
            return ACTIONS[action[0]](self, *action[1:])
        except AssertionError as broken:
            self.wrong(f"broken: {broken}")
        except Exception as crash:
            self.wrong(f"crash: {type(crash).__name__}: {crash}")
        return True

    # the services and the log

    def _publish(self, host: str, stream: str) -> bool:
        return self.hosts[host].publish(stream)

    def _repeat(self, host: str, stream: str, index: int, to_the_end: int) -> bool:
        return self.hosts[host].repeat(stream, index, bool(to_the_end))

    def _read(self, host: str, *topics: str) -> bool:
        reader = self.hosts[host]
        if not any(reader.unread(topic) for topic in topics):
            return False
        reader.read(topics)
        return True

    def _timer(self, host: str) -> bool:
        return self.hosts[host].run_timer()

    def _tick(self) -> bool:
        self.clock.advance(TICK_S)
        return True

    def _again(self, topic: str, back: int) -> bool:
        """A record lands twice: a producer tried again, or a zombie's order came late."""
        count = len(self.log.records[topic])
        if back >= count or topic not in (ROUTED.name, ROUTING_CONFIG.name):
            return False
        self.log.again(topic, count - 1 - back)
        return True

    # the routers

    def _router_read(self, index: int, topic: str) -> bool:
        router = self.routers[index]
        moved = router.read(topic)
        self._strand(router)
        return moved

    def _turn(self, index: int, alive: int = 0) -> bool:
        return self.routers[index].turn(bool(alive))

    def _send(self, index: int) -> bool:
        return self.routers[index].send()

    def _claim(self, index: int) -> bool:
        claim = self.routers[index].claim()
        if claim:
            self.wire.append(claim)
        return bool(claim)

    def _fail(self, index: int) -> bool:
        """The leader has an error or a time-out while sending, and claims the next epoch."""
        router = self.routers[index]
        if not router.fail():
            return False
        self._strand(router)
        return self._claim(index)

    def _kill(self, index: int) -> bool:
        """A process dies and another starts from nothing."""
        router = self.routers[index]
        router.fail()
        self._strand(router)
        self.started += 1
        self.routers[index] = Router(self.log, self.clock, f"{'xy'[index]}{self.started}")
        return True

    def _strand(self, router: Router) -> None:
        late = router.stranded()
        if late:
            self.wire.append(late)

    def _land(self, index: int) -> bool:
        if not self.wire:
            return False
        self.log.write_all(self.wire.pop(index % len(self.wire)))
        return True

    def _order_site(self, site: str, status: str) -> bool:
        changed = {"site_id": site, "name": WORDS, "status": status, "regions": (REGIONS[site],)}
        return self._order(SiteChanged, f"site:{site}", **changed)

    def _delete_queue(self, queue: str) -> bool:
        return self._order_queue(queue, True)

    def _order_queue(
        self, queue: str, deleted: bool, max_wait_s: float | None = None, to: str | None = None
    ) -> bool:
        changed = {
            "queue_id": queue,
            "name": WORDS,
            "skills": {queue: 1},
            "deleted": deleted,
            "return_transfers_s": self.setting.returns_s,
            "max_wait_s": max_wait_s,
            "overflow_to": to,
        }
        return self._order(QueueChanged, f"queue:{queue}", **changed)

    def _order(self, kind: Callable[..., Event], document_id: str, **changed: Any) -> bool:
        revision = self.revisions[document_id] = self.revisions.get(document_id, 0) + 1
        event = kind(document_id=document_id, revision=revision, changed_by="test", **changed)
        self._write("router", document_id, revision, event)
        return True

    def _locate(self, call_id: str, site: str) -> bool:
        """Geo says, sooner or later, or twice, that the caller is at home at the site."""
        if not isinstance(self.ivr.call(call_id), Known):
            return False
        region = REGIONS[site]
        located = CallerLocated(call_id=call_id, precision="region", source="test", region=region)
        for received in self.log.records[CALLER_LOCATED.name]:
            if received.envelope.stream == call_id:
                located = cast("CallerLocated", received.envelope.data)
        self._write("geo", call_id, 1, located)
        return True

    def _write(self, service: str, stream: str, number: int, event: Event) -> None:
        self.log.write(
            Envelope(
                id=f"{service}/{stream}#{number}",
                source=f"/polycentre/{service}",
                subject=stream,
                time=self.clock.now(),
                pool=POOL,
                stream=stream,
                sequence=number,
                data=event,
            )
        )


async def _keep_project(unit: Unit) -> None:
    await unit.load(ivr.tables.PROJECT, SHOP.project_id)
    unit.put(ivr.tables.PROJECT, SHOP.project_id, SHOP)


def later(world: World, at: datetime) -> None:
    """Let business time pass until `at`."""
    world.clock.advance(max(timedelta(), at - world.clock.now()).total_seconds())


ACTIONS: dict[str, Callable[..., bool]] = {
    "publish": World._publish,
    "repeat": World._repeat,
    "read": World._read,
    "timer": World._timer,
    "tick": World._tick,
    "again": World._again,
    "follow": World._router_read,
    "turn": World._turn,
    "send": World._send,
    "claim": World._claim,
    "fail": World._fail,
    "kill": World._kill,
    "land": World._land,
    "site": World._order_site,
    "delete": World._delete_queue,
    "locate": World._locate,
    **PEOPLE,
}
