"""What a person may say to `make run`, and what each process is told then."""

import json
from pathlib import Path

import pytest

from deploy.local.announcement import place_a_call
from deploy.local.plan import Plan
from deploy.local.settings import PROCESSES, SERVICES, database_of, processes_of, read_settings
from deploy.local.state import StateFolder


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("postgresql://me@db:5432", "postgresql://me@db:5432/agent_state"),
        ("postgresql://me@db:5432/postgres", "postgresql://me@db:5432/agent_state"),
        ("postgresql://me:p%40ss@db/x?ssl=true", "postgresql://me:p%40ss@db/agent_state?ssl=true"),
        (
            "postgresql:///postgres?host=/run/pg&user=postgres",
            "postgresql:///agent_state?host=/run/pg&user=postgres",
        ),
    ],
)
def test_each_service_has_a_database_of_its_own_on_the_server_that_was_named(
    base: str, expected: str
) -> None:
    assert database_of(base, "agent-state") == expected


def test_an_empty_setting_counts_as_not_given() -> None:
    read = read_settings({"SCALE": "", "KAFKA_BOOTSTRAP": "", "FRESH": ""})
    assert read.scale == 60
    assert read.kafka_bootstrap is None
    assert not read.fresh


def test_no_two_parts_listen_on_one_port() -> None:
    ports = [need.port for need in read_settings({}).needs()]
    assert len(set(ports)) == len(ports) == 17


def test_the_first_router_has_the_port_of_the_service() -> None:
    read = read_settings({})
    assert read.url("router") == read.url("router-1") == "http://127.0.0.1:8102"
    assert read.ops_url("router-2") == "http://127.0.0.1:9106"


def test_a_cluster_that_is_there_already_needs_no_ports_here() -> None:
    read = read_settings({"KAFKA_BOOTSTRAP": "kafka:9092", "DATABASE_URL": "postgresql://db"})
    names = {name for process in PROCESSES for name in processes_of(process)}
    assert {need.part for need in read.needs()} == names | {f"{name} ops" for name in names}
    assert names == {*SERVICES, "explain"} - {"router"} | {"router-1", "router-2"}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    calls = tmp_path / "calls.csv"
    calls.touch()
    said = read_settings({"CALLS": str(calls), "DAY": "1999-02-15", "SCALE": "30"})
    return Plan(said, StateFolder(tmp_path))


def test_the_simulator_is_told_only_public_addresses(plan: Plan) -> None:
    told = plan.sim().environment
    assert told["IVR_URL"] == "http://127.0.0.1:8101"
    assert told["GEO_URL"] == "http://127.0.0.1:8105"
    assert told["DAY"] == "1999-02-15"
    assert told["SCALE"] == "30.0"
    assert "KAFKA_BOOTSTRAP" not in told
    assert "DATABASE_URL" not in told


def test_each_service_has_a_database_and_the_routers_is_for_explaining(plan: Plan) -> None:
    migrated = json.loads(plan.migrations().environment["DATABASES"])
    assert migrated.keys() == {"ivr", "agent_state", "reporting", "geo", "router"}
    told = {each.name: each.environment.get("DATABASE_URL") for each in plan.services()}
    assert (told.pop("router-1"), told.pop("router-2")) == (None, None)
    assert told.pop("explain") == migrated.pop("router")
    assert {name.replace("-", "_"): url for name, url in told.items()} == migrated


def test_explaining_is_the_routers_code_with_a_word(plan: Plan) -> None:
    (explain,) = [each for each in plan.services() if each.name == "explain"]
    assert explain.command[-3:] == ("-m", "router", "explain")
    assert explain.environment["HTTP_PORT"] == "8107"


def test_the_first_call_is_one_line_that_a_shell_understands() -> None:
    line = place_a_call("http://127.0.0.1:8101", "abc.def")
    assert "\n" not in line
    assert line.startswith("curl -sS http://127.0.0.1:8101/v1/calls")
    assert "'Authorization: Bearer abc.def'" in line
