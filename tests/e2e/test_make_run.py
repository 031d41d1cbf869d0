"""`make run` as a stranger meets it."""

import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from contact_runtime.issuer import mint
from sim.centre import PROJECTS
from tests.support.local_run import Place, Run, new_place
from tests.support.receiver import Receiver, receiver
from tests.support.wait import until

UP_LIMIT_S = 240.0
PROCESSES = (
    *("kafka", "postgres", "clock", "ivr", "router-1", "router-2", "agent-state", "reporting"),
    "geo",
    "explain",
)

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    one = new_place(tmp_path)
    yield one
    await one.end()


async def up(place: Place) -> Run:
    run = await place.run(SIM="0", SCALE="1", WEBHOOK_NETWORKS="127.0.0.0/8")
    await run.until_said("Place a call", limit_s=UP_LIMIT_S)
    return run


async def place_the_call_that_was_printed(run: Run) -> dict[str, Any]:
    """Do what the printed command says, as curl would: the machine may have no curl."""
    (line,) = [line for line in run.printed.splitlines() if line.strip().startswith("curl ")]
    words = shlex.split(line)
    headers = [words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H"]
    (url,) = [word for word in words if word.startswith("http://")]
    body = words[words.index("-d") + 1]
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.post(url, content=body, headers=dict(headers))
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def call_of(place: Place, call_id: str) -> httpx.Response:
    token = mint(place.state.keys, "integrator")
    async with httpx.AsyncClient(timeout=30) as client:
        return await client.get(
            f"{place.settings.url('ivr')}/v1/calls/{call_id}",
            headers={"Authorization": f"Bearer {token}"},
        )


async def describe_projects(place: Place) -> None:
    token = mint(place.state.keys, "administrator")
    async with httpx.AsyncClient(timeout=30) as client:
        for project in PROJECTS:
            answer = await client.put(
                f"{place.settings.url('ivr')}/v1/projects/{project.project_id}",
                json=project.document(),
                headers={"Authorization": f"Bearer {token}"},
            )
            answer.raise_for_status()


def reporting(place: Place) -> httpx.AsyncClient:
    """Return who administers reporting."""
    headers = {"Authorization": f"Bearer {mint(place.state.keys, 'administrator')}"}
    return httpx.AsyncClient(base_url=place.settings.url("reporting"), headers=headers, timeout=30)


async def alert_while_nobody_works(place: Place, pager: Receiver) -> str:
    """Have the pager told while no agent is signed in; return the secret of what it is told."""
    said = {"measure": "agents_signed_in", "raised_when": "below", "threshold": 1, "clear_at": 1}
    rule = {"name": {"ru": "Никого", "en": "Nobody"}, **said}
    hook = {"url": pager.url, "types": ["alert.raised", "alert.cleared"]}
    async with reporting(place) as administrator:
        made = (await administrator.post("/v1/webhooks", json=hook)).raise_for_status().json()
        answer = await administrator.put("/v1/alert-rules/nobody", json=rule)
        answer.raise_for_status()
    return str(made["secret"])


async def alert_no_more(place: Place) -> None:
    async with reporting(place) as administrator:
        seen = {"If-Match": '"1"'}
        answer = await administrator.delete("/v1/alert-rules/nobody", headers=seen)
        answer.raise_for_status()


@pytest.fixture
async def pager() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def test_a_run_comes_up_survives_a_kill_goes_on_tomorrow_and_leaves_nothing(
    place: Place, pager: Receiver
) -> None:
    run = await up(place)
    assert all(place.pid_of(name) for name in PROCESSES)
    await describe_projects(place)
    call = await place_the_call_that_was_printed(run)
    assert call["state"] == "in_flow"

    secret = await alert_while_nobody_works(place, pager)
    await until("the alert", lambda: pager.messages, limit_s=60)

    killed = place.kill("ivr")
    await run.until_said("ivr is back", limit_s=UP_LIMIT_S)
    assert place.pid_of("ivr") not in (0, killed)
    assert (await call_of(place, call["call_id"])).status_code == 200

    pids = [place.pid_of(name) for name in PROCESSES]
    assert await run.stop() == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)

    await up(place)
    found = await call_of(place, call["call_id"])
    assert found.json()["call_id"] == call["call_id"], "the log and the tables went on"
    await alert_no_more(place)
    await until("the end of the alert", lambda: len(pager.messages) > 1, limit_s=60)
    told = [message.verified(secret)["type"] for message in pager.messages]
    assert told == ["alert.raised", "alert.cleared"], "each once, and nothing anew at the start"

    pids = [place.pid_of(name) for name in PROCESSES]
    place.runs[-1].process.kill()
    await until(
        "the end of what a killed supervisor left",
        lambda: not any(psutil.pid_exists(pid) for pid in pids),
        limit_s=60,
    )
