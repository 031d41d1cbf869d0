"""Two devices, the clock, the caller, the router and a killed process all at once, for real.

agent-state runs as a process on real Kafka and PostgreSQL; this test is ivr, the router and the
desktops. Each offer has one outcome, and whoever was refused was told which.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.answering import OUTCOMES, CallAnswered, CallRangOut, CallRejected
from contact_events.calls import CallAbandoned, CallArrived, CallConnected, CallDisconnected
from contact_events.envelope import Envelope, encode, headers_of, key_of
from contact_events.identity import router_stream
from contact_events.partitions import partition_of
from contact_events.registry import Event, event_type_of
from contact_events.routing import CallRescinded, CallRouted, RouterEpochStarted, Why
from contact_events.topics import ANSWERED, CALL_ARRIVED
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, LogWriter, TopicPartition
from deploy.local.kafka import LocalKafka
from tests.support.agent_process import Service, agent_state_on
from tests.support.raw_log import envelopes
from tests.support.wait import until

PARTITIONS = 4
AGENTS = [f"a{number:02d}" for number in range(12)]
RING_S = 1.5
"""Short, so that the clock takes part in the race."""

Death = tuple[int, str] | str | None

RACES = ("two devices", "double click", "time", "caller", "router", "nobody")
DEATHS: tuple[Death, ...] = (None, "at random", (1, "before"), (3, "after"))
"""Of the process, one in each round: none, at any moment, and at the commit of this number."""

LIMIT_S = 60.0
SEED = 5


class Others:
    """ivr and the router, as far as agent-state hears of them."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._numbers: defaultdict[str, int] = defaultdict(int)
        self._decided = 0

    async def say(self, event: Event) -> None:
        """Write an event to its topic."""
        topic = event_type_of(type(event)).topic.name
        call_id = getattr(event, "call_id", None)
        routed = isinstance(event, RouterEpochStarted | CallRouted | CallRescinded)
        stream = router_stream("main", 1, "r1") if routed else str(call_id)
        self._numbers[stream] += 1
        envelope = Envelope(
            id=f"{stream}/{self._numbers[stream]}",
            source="/polycentre/test",
            subject="",
            time=datetime.now(UTC),
            pool="main",
            stream=stream,
            sequence=self._numbers[stream],
            data=event,
        )
        entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
        await self._writer.append(TopicPartition(topic, partition_of("main", PARTITIONS)), [entry])

    def decision(self) -> dict[str, Any]:
        """Return what every decision carries."""
        self._decided += 1
        return {
            "pool": "main",
            "epoch": 1,
            "owner": "r1",
            "number": self._decided,
            "decided_at": datetime.now(UTC),
            "positions": {CALL_ARRIVED.name: 0},
        }

    async def offer(self, call_id: str, agent_id: str) -> CallRouted:
        """Let a caller arrive and be offered to the agent."""
        await self.say(
            CallArrived(
                call_id=call_id,
                channel="voice",
                direction="inbound",
                dnis="+74950000001",
                entry_site_id="moscow",
            )
        )
        offer = CallRouted(
            **self.decision(),
            call_id=call_id,
            attempt=1,
            reservation_id=f"R-{call_id}",
            agent_id=agent_id,
            slot=0,
            site_id="moscow",
            queue_id="sales",
            expires_at=datetime.now(UTC) + timedelta(seconds=RING_S),
            why=Why(step="anyone", eligible=1),
        )
        await self.say(offer)
        return offer

    async def rescind(self, offer: CallRouted) -> None:
        """Ask for the offer back."""
        await self.say(
            CallRescinded(
                **self.decision(),
                call_id=offer.call_id,
                attempt=1,
                reservation_id=offer.reservation_id,
                agent_id=offer.agent_id,
                slot=0,
                reason="expired",
            )
        )


class Device:
    """Asks over HTTP until it is answered, with the same command id, whoever dies meanwhile."""

    def __init__(self, service: Service) -> None:
        headers = {"Authorization": f"Bearer {service.token}"}
        url = f"http://127.0.0.1:{service.port}"
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=10.0)

    async def ask(self, agent_id: str, command_id: str, command: str, **fields: str) -> Any:
        """Return the answer's status and body."""
        body = {"command_id": command_id, "command": command, **fields}
        async with asyncio.timeout(LIMIT_S):
            while True:
                with suppress(httpx.TransportError):
                    answer = await self._client.post(f"/v1/agents/{agent_id}/commands", json=body)
                    if answer.status_code < 500:
                        return answer.status_code, answer.json()
                await asyncio.sleep(0.05)

    async def state_of(self, agent_id: str) -> Any:
        """Return what the agent is."""
        return (await self._client.get(f"/v1/agents/{agent_id}")).json()["state"]

    async def close(self) -> None:
        """Ask no more."""
        await self._client.aclose()


@pytest.fixture
async def service(
    empty_kafka: LocalKafka, postgres_url: str, tmp_path: Path
) -> AsyncIterator[Service]:
    async with agent_state_on(tmp_path, postgres_url, empty_kafka.bootstrap) as made:
        yield made


async def outcomes(service: Service) -> dict[str, list[str]]:
    """Return every outcome on Kafka, by reservation; a repetition of one record counts once."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    async for envelope in envelopes(service.kafka, [ANSWERED.name]):
        event = envelope.data
        if isinstance(event, OUTCOMES):
            reservation = str(getattr(event, "reservation_id", ""))
            found[reservation][envelope.id] = outcome_of(event)
    return {reservation: list(by_id.values()) for reservation, by_id in found.items()}


def outcome_of(event: Event) -> str:
    match event:
        case CallAnswered():
            return "answered"
        case CallRangOut():
            return "rang_out"
        case CallRejected(reason=reason):
            return reason
    raise AssertionError(event)


async def race(
    kind: str, others: Others, device: Device, offer: CallRouted, rnd: random.Random
) -> list[Any]:
    """Let two taps meet what the race is with; return what they were answered."""
    moment = rnd.uniform(0.2, RING_S - 0.2)
    if kind == "time":
        moment = rnd.uniform(RING_S - 0.1, RING_S + 0.1)

    async def tap(name: str) -> Any:
        await asyncio.sleep(moment + rnd.uniform(-0.02, 0.02))
        command_id = f"{offer.reservation_id}.{name}"
        about = offer.reservation_id
        return await device.ask(offer.agent_id, command_id, "accept", reservation_id=about)

    async def meanwhile() -> None:
        await asyncio.sleep(moment)
        if kind == "caller":
            await others.say(CallAbandoned(call_id=offer.call_id, attempt=1))
        elif kind == "router":
            await others.rescind(offer)

    taps: tuple[str, ...] = {"nobody": (), "double click": ("a", "a")}.get(kind, ("a", "b"))
    answered = await asyncio.gather(*(tap(name) for name in taps), meanwhile())
    return list(answered[: len(taps)])


async def test_every_race_has_one_winner_also_when_the_process_is_killed_in_it(
    service: Service,
) -> None:
    rnd = random.Random(SEED)
    await service.describe(AGENTS, wrap_up_s=0)
    writer = await KafkaLog(service.kafka).writer()
    others, device = Others(writer), Device(service)
    await others.say(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
    answers: dict[str, list[Any]] = {}
    for turn, death in enumerate(DEATHS):
        for agent_id in AGENTS:
            status, said = await device.ask(agent_id, f"ready-{turn}", "ready")
            assert status == 200, said
        if isinstance(death, tuple):
            await service.kill()
            await service.start(dies_at=death)
        offers = {
            agent_id: await others.offer(f"k{turn}-{agent_id}", agent_id) for agent_id in AGENTS
        }
        racing = [
            asyncio.create_task(race(RACES[n % len(RACES)], others, device, offer, rnd))
            for n, offer in enumerate(offers.values())
        ]
        await dies(service, death, rnd)
        for offer, answered in zip(offers.values(), await asyncio.gather(*racing), strict=True):
            answers[offer.reservation_id] = answered

        async def all_settled(offers: dict[str, CallRouted] = offers) -> bool:
            found = await outcomes(service)
            return all(offer.reservation_id in found for offer in offers.values())

        await until("an outcome of every offer", all_settled, limit_s=LIMIT_S)
        await freed(service, others, device, offers)
    await writer.close()
    await device.close()
    check(await outcomes(service), answers)


async def dies(service: Service, death: Death, rnd: random.Random) -> None:
    """Let the process die as it shall, and another one start."""
    if death is None:
        return
    if death == "at random":
        await asyncio.sleep(rnd.uniform(0.3, RING_S))
        await service.kill()
    else:
        async with asyncio.timeout(LIMIT_S):
            await service.death()
    await service.start()


async def freed(
    service: Service, others: Others, device: Device, offers: dict[str, CallRouted]
) -> None:
    """Join and end the calls that were taken, and wait until every agent is free again."""
    found = await outcomes(service)
    for offer in offers.values():
        if found[offer.reservation_id] == ["answered"]:
            call_id, about = offer.call_id, offer.reservation_id
            await others.say(
                CallConnected(
                    call_id=call_id, attempt=1, reservation_id=about, agent_id=offer.agent_id
                )
            )
            await others.say(CallDisconnected(call_id=call_id, attempt=1, by="caller"))

    async def all_free() -> bool:
        states = [await device.state_of(agent_id) for agent_id in offers]
        return all(state["slots"][0]["state"] == "free" for state in states)

    await until("every agent to be free again", all_free, limit_s=LIMIT_S)


def check(found: dict[str, list[str]], answers: dict[str, list[Any]]) -> None:
    """One outcome each; who won was told so, and who lost was told what is true."""
    for reservation, answered in answers.items():
        assert len(found[reservation]) == 1, (reservation, found[reservation])
        [outcome] = found[reservation]
        won = [said for status, said in answered if status == 200]
        lost = [said for status, said in answered if status != 200]
        assert (outcome == "answered") == bool(won), (reservation, outcome, answered)
        for said in lost:
            assert said["code"] == "offer-gone", said
            # An offer that the reader has not read yet is not known, and answered so once for ever.
            assert said["outcome"] in (outcome, None), (reservation, outcome, said)
