"""Random steps in the protocol's world: what is tried, and how often."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from agent_state.domain.agent import Consult, Filling, Free, Hold, Ready, Reserved, Talking, WrapUp
from contact_events.topics import ROUTED, ROUTING_CONFIG
from tests.support.protocol_hosts import Agents, Ivr
from tests.support.protocol_people import QUEUES, legs
from tests.support.protocol_router import READS
from tests.support.protocol_world import SITES, Action, Setting, Worker, World

LEVELS = (0.03, 0.2, 1, 1, 1, 4)
SLOW = ("publish ivr", "publish as", "read ivr", "read as", "follow", "send", None)

LINKS = (
    *(f"ivr:{topic}" for topic in Ivr.reads),
    *(f"as:{topic}" for topic in Agents.reads),
    *(f"router:{topic}" for topic in (*READS, "turn")),
    *("tell ivr", "tell as", "tell as:a1", "tell as:a2"),
)
"""What may lag: see `protocol_rest.deliver`."""


def setting_of(rnd: random.Random) -> Setting:
    """Return a small centre."""
    workers = {}
    for number in range(1, rnd.randint(1, 4) + 1):
        kind = rnd.choice(["desk", "desk", "telephone", "chat"])
        workers[f"a{number}"] = Worker(
            site=rnd.choice(SITES),
            skills=rnd.choice([("q1",), QUEUES, QUEUES, QUEUES, ("q2",)]),
            telephone=kind == "telephone",
            slots=2 if kind == "chat" else 1,
        )
    returns_s = rnd.choice([None, 10.0])
    stride, max_wait_s = rnd.choice([1, 1, 256]), rnd.choice([None, None, None, 10.0])
    return Setting(workers, stride, max_wait_s, returns_s)


@dataclass
class Walk:
    """One random history: what was done, and the world it led to."""

    seed: int
    done: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        rnd = self.rnd = random.Random(self.seed)
        self.world = World(setting_of(rnd)).begin()
        self.callers = rnd.randint(1, 5)
        calm = rnd.random() < 0.3
        self.budget = {
            "repeat": rnd.choice([0, 0, 1, 3]),
            "again": rnd.choice([0, 0, 2]),
            "kill": rnd.choice([0, 0, 1, 3]),
            "site": rnd.choice([0, 0, 0, 2]),
            "delete": int(rnd.random() < 0.1),
            "locate": rnd.choice([0, 1, 3]),
            "lose_socket": 0 if calm else rnd.choice([1, 2, 5]),
            "leg": 0 if calm else rnd.choice([1, 2, 4]),
            "hang_up": rnd.choice([0, 1, 1, self.callers]),
        }
        self.smooth = rnd.random() < 0.5
        self.coarse = rnd.random() < 0.5
        self.slow: list[str] = []
        self.flow = rnd.choice([0, 0.3, 1, 3])
        self.tick = rnd.choice([0.01, 0.05, 0.2, 0.5])
        self.desk = rnd.choice([1, 3, 6])

    def go(self, steps: int) -> "Walk":
        """Take so many steps that are possible."""
        for agent_id in self.world.setting.workers:
            if self.rnd.random() < 0.85:
                self._do(("ready", agent_id))
        first: tuple[Action, ...] = (("claim", 0), ("land", 0), ("follow", 0, ROUTED.name))
        for action in first:
            self._do(action)
        kinds, weights = self._weights()
        taken = 0
        for _ in range(20 * steps):
            if taken >= steps or self.world.bad:
                break
            if self.rnd.random() < (0.1 if self.coarse else 0.02):
                kinds, weights = self._weights()
            kind = self.rnd.choices(kinds, weights)[0]
            if kind == "flow":
                self._flow()
                continue
            tried = self._action(kind)
            taken += tried is not None and self._do(tried)
        return self

    def _flow(self) -> None:
        """Let everything flow at once, but for some links that lag."""
        if self.coarse:
            self._do(("deliver", *self.slow))
            return
        lag = self.rnd.choice([0.0, 0.1, 0.3])
        index = self._router()
        links: list[Callable[[], object]] = [
            *(partial(self._publish_all, name, lag) for name in self.world.hosts),
            partial(self._follow_all, index, lag),
            *(partial(self._do, step) for step in (("turn", index, 0), ("send", index))),
            *(partial(self._read_all, name, lag) for name in self.world.hosts),
        ]
        for link in links:
            if self.rnd.random() >= lag:
                link()

    def _publish_all(self, name: str, lag: float) -> None:
        host = self.world.hosts[name]
        for stream in [stream for stream in host.streams if self.rnd.random() >= lag]:
            for _ in range(host.unpublished(stream)):
                self._do(("publish", name, stream))

    def _follow_all(self, index: int, lag: float) -> None:
        for topic in READS:
            if self.rnd.random() >= lag:
                for _ in range(self.world.routers[index].unread(topic)):
                    self._do(("follow", index, topic))

    def _read_all(self, name: str, lag: float) -> None:
        host = self.world.hosts[name]
        for topic in host.reads:
            if self.rnd.random() >= lag:
                for _ in range(host.unread(topic)):
                    self._do(("read", name, topic))

    def _do(self, action: Action) -> bool:
        done = not self.world.bad and self.world.do(action)
        if done:
            self.done.append(action)
        return done

    def _weights(self) -> tuple[list[str], list[float]]:
        """Return how often each kind of step is tried; in a smooth world only one lags."""
        slow = self.rnd.choice(SLOW)
        weights: dict[str, float] = {
            kind: 4.0 if self.smooth and kind != slow else self.rnd.choice(LEVELS)
            for kind in (*SLOW[:-1], "turn", "timer", "land", "tick", "agent", "caller")
            if kind is not None
        }
        weights["follow"] *= 4
        weights["read as"] *= 2
        weights["read ivr"] *= 2
        weights["agent"] = self.desk if self.smooth else weights["agent"] * self.desk
        weights["caller"] = 0.5 if self.smooth else weights["caller"] * 0.5
        weights["tick"] = self.tick if self.smooth else weights["tick"] * self.tick
        if self.coarse:
            weights = dict.fromkeys(weights, 0.05) | {"agent": 3.0, "caller": 1.0, "timer": 0.5}
            weights["tick"] = self.rnd.choice([0.1, 0.5, 1.0])
            self.slow = self.rnd.choices(LINKS, k=self.rnd.choice([0, 1, 1, 2]))
            self.slow += self.rnd.choice([[], ["backwards"]])
        weights["odd"] = 0.3
        weights["flow"] = 3.0 if self.coarse else self.flow
        return list(weights), list(weights.values())

    def _action(self, kind: str) -> Action | None:
        choices: dict[str, Callable[[], Action | None]] = {
            "publish ivr": lambda: self._publish("ivr"),
            "publish as": lambda: self._publish("as"),
            "read ivr": lambda: self._read("ivr"),
            "read as": lambda: self._read("as"),
            "follow": lambda: ("follow", self._router(), self.rnd.choice(READS)),
            "turn": lambda: ("turn", self._router(), int(self.rnd.random() < 0.1)),
            "send": lambda: ("send", self._router()),
            "timer": lambda: ("timer", self.rnd.choice(["ivr", "as"])),
            "land": lambda: ("land", self.rnd.randrange(3)),
            "agent": self._agent,
            "caller": self._caller,
            "odd": self._odd,
            "tick": lambda: ("tick",),
        }
        return choices[kind]()

    def _router(self) -> int:
        leads = [index for index, router in enumerate(self.world.routers) if router.leader]
        return (
            self.rnd.choice(leads) if leads and self.rnd.random() < 0.7 else self.rnd.randrange(2)
        )

    def _publish(self, host: str) -> Action | None:
        service = self.world.hosts[host]
        waiting = [stream for stream in service.streams if service.unpublished(stream)]
        return ("publish", host, self.rnd.choice(waiting)) if waiting else None

    def _read(self, host: str) -> Action | None:
        """Read one record, or a batch over several topics."""
        reads = self.world.hosts[host].reads
        count = self.rnd.choice([1, 1, 1, 2, 5])
        return ("read", host, *(self.rnd.choice(reads) for _ in range(count)))

    def _agent(self) -> Action | None:
        agent_id = self.rnd.choice(list(self.world.setting.workers))
        agent = self.world.agents.agent(agent_id)
        number = self.rnd.randrange(len(agent.slots))
        if isinstance(agent.slots[number].filling, Free):
            number = len(agent.slots) - 1 - number
        what = self.rnd.random()
        if not isinstance(agent.presence, Ready) and what < 0.5:
            return ("ready", agent_id)
        if isinstance(agent.presence, Ready) and what < 0.04:
            return (self.rnd.choice(["not_ready", "sign_out"]), agent_id)
        filling = agent.slots[number].filling
        joining = isinstance(filling, Talking) and not filling.connected
        if what < (0.25 if joining else 0.1) and self._may("lose_socket"):
            return ("lose_socket", agent_id)
        return self._at_desk(agent_id, number, filling)

    def _at_desk(self, agent_id: str, number: int, filling: Filling) -> Action | None:
        match filling:
            case Talking(consult=Consult() as consult) | Hold(consult=Consult() as consult):
                if self.rnd.random() < (0.6 if consult.connected else 0.15):
                    return (self.rnd.choice(["complete", "complete", "leave"]), agent_id, number)
                return self._talk(agent_id, number) if self.rnd.random() < 0.2 else None
            case Reserved():
                if legs(self.world, agent_id) and self.rnd.random() < 0.6:
                    return ("pick_up", agent_id)
                return ("accept" if self.rnd.random() < 0.85 else "reject", agent_id, number)
            case Talking() | Hold():
                return self._talk(agent_id, number)
            case WrapUp():
                return ("wrap_up", agent_id, number)
            case _:
                return ("pick_up", agent_id)

    def _talk(self, agent_id: str, number: int) -> Action | None:
        what = self.rnd.random()
        if what < 0.2:
            return ("release", agent_id, number)
        if what < 0.35:
            return ("to_queue", agent_id, number, self.rnd.choice(QUEUES))
        if what < 0.45:
            to = self.rnd.choice(list(self.world.setting.workers))
            return ("to_agent", agent_id, number, to)
        if what < 0.55:
            return (self.rnd.choice(["hold", "resume"]), agent_id, number)
        if what < 0.8:
            return ("consult_queue", agent_id, number, self.rnd.choice(QUEUES))
        if what < 0.88:
            to = self.rnd.choice(list(self.world.setting.workers))
            return ("consult_agent", agent_id, number, to)
        return None

    def _caller(self) -> Action | None:
        arrived = self.world.arrived
        if arrived < self.callers and self.rnd.random() < 0.6:
            return ("arrive", self.rnd.choice(QUEUES))
        if arrived and self.rnd.random() < 0.25 and self._may("hang_up"):
            return ("hang_up", f"K{self.rnd.randint(1, arrived)}")
        return None

    def _odd(self) -> Action | None:
        rnd = self.rnd
        odd: dict[str, Callable[[], Action | None]] = {
            "repeat": self._repeat,
            "kill": lambda: ("kill", rnd.randrange(2)),
            "site": self._site,
            "delete": lambda: ("delete", "q2"),
            "leg": self._leg,
            "again": self._again,
            "locate": self._locate,
        }
        kind = rnd.choice([*odd, "kill", "leg", "claim", "fail"])
        if kind == "claim":
            return ("claim", rnd.randrange(2))
        if kind == "fail":
            return ("fail", self._router()) if rnd.random() < 0.5 else None
        return odd[kind]() if self._may(kind) else None

    def _site(self) -> Action:
        status = self.rnd.choice(["closed", "closed", "draining", "open"])
        last = self.budget["site"] == 0
        return ("site", self.rnd.choice(SITES), "open" if last else status)

    def _locate(self) -> Action:
        """Geo reads calls by itself, so it may be ahead of everybody."""
        call_id = f"K{self.rnd.randint(1, max(1, self.world.arrived))}"
        return ("locate", call_id, self.rnd.choice(SITES))

    def _again(self) -> Action:
        topic = self.rnd.choice([ROUTED.name, ROUTED.name, ROUTING_CONFIG.name])
        return ("again", topic, self.rnd.randrange(3))

    def _repeat(self) -> Action | None:
        host = self.rnd.choice(list(self.world.hosts))
        published = {s: n for s, n in self.world.hosts[host].published.items() if n}
        if not published:
            return None
        stream = self.rnd.choice(list(published))
        index = self.rnd.randrange(published[stream])
        return ("repeat", host, stream, index, self.rnd.randrange(2))

    def _leg(self) -> Action | None:
        with_legs = [a for a in self.world.setting.workers if legs(self.world, a)]
        if not with_legs:
            self.budget["leg"] += 1
            return None
        return (self.rnd.choice(["lose_leg", "bye"]), self.rnd.choice(with_legs))

    def _may(self, kind: str) -> bool:
        self.budget[kind] -= 1
        return self.budget[kind] >= 0
