"""What was published once is read for ever, and may change only as the rules allow."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contact_events import generate
from contact_events.compatibility import broken_rules
from contact_events.envelope import Decoded, decode, encode
from contact_events.registry import (
    DOWNCASTS,
    EVENTS,
    UPCASTS,
    Event,
    EventType,
    WronglyDeclared,
    event,
    upcast,
)
from contact_events.schemas import schema_of
from contact_events.topics import CALL_ARRIVED, TOPICS, WRAPPED_UP

EXAMPLES = sorted((generate.FOLDER / "examples").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_is_read_with_nothing_unknown_in_it(path: Path) -> None:
    decoded = decode(path.read_bytes())
    assert isinstance(decoded, Decoded)
    assert decoded.unknown_fields == ()
    assert decode(encode(decoded.envelope)) == decoded


def test_the_committed_documents_are_what_the_code_says() -> None:
    assert generate.main(["--check"]) == 0


def test_each_event_stands_on_a_topic_that_exists() -> None:
    assert {declared.topic for declared in EVENTS.values()} <= set(TOPICS)


SCHEMA: dict[str, Any] = schema_of(EVENTS["call.routed"])


def renamed(schema: dict[str, Any]) -> None:
    schema["properties"]["seat"] = schema["properties"].pop("slot")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda s: s["properties"].pop("queue_id"), "queue_id was removed"),
        (renamed, "slot was removed"),
        (lambda s: s["properties"]["attempt"].update(type="string"), "attempt changed its type"),
        (lambda s: s["required"].append("queue_id"), "queue_id was optional and is required"),
        (lambda s: s["required"].remove("slot"), "slot was required and is optional"),
        (
            lambda s: (s["properties"].update(x={"type": "string"}), s["required"].append("x")),
            "x is new and required",
        ),
        (lambda s: s["properties"]["why"]["properties"].pop("step"), "why.step was removed"),
        (lambda s: s.update({"x-topic": "answered"}), "topic changed"),
        (lambda s: s.update({"x-key": "agent_id"}), "key changed"),
    ],
)
def test_an_incompatible_change_names_the_rule_it_breaks(change: Any, rule: str) -> None:
    after = copy.deepcopy(SCHEMA)
    change(after)
    assert any(rule in said for said in broken_rules(SCHEMA, after))


def test_a_new_optional_field_and_new_prose_break_no_rule() -> None:
    after = copy.deepcopy(SCHEMA)
    after["properties"]["colour"] = {"type": "string", "default": "none"}
    after["description"] = "Better said."
    assert list(broken_rules(SCHEMA, after)) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the published documents."""
    for name in ("examples", "schemas"):
        shutil.copytree(generate.FOLDER / name, tmp_path / name)
    shutil.copy(generate.FOLDER / "asyncapi.json", tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ["examples", "schemas"])
def test_a_lost_version_turns_the_check_red(
    folder: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / kind / "call.held.v1.json").unlink()
    assert generate.main(["--check"], folder) == 1
    assert "call.held version 1 has no" in capsys.readouterr().err


def test_an_incompatible_schema_is_not_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "schemas" / "call.held.v1.json"
    published = json.loads(path.read_text())
    published["properties"]["music"] = {"type": "string"}
    path.write_text(json.dumps(published))
    assert generate.main([], folder) == 1
    assert "field music was removed; declare version 2 and an upcast" in capsys.readouterr().err
    assert json.loads(path.read_text()) == published


def test_a_document_changed_by_hand_turns_the_check_red(folder: Path) -> None:
    (folder / "asyncapi.json").write_text("{}\n")
    assert generate.main(["--check"], folder) == 1


@pytest.fixture
def _undeclared() -> Any:
    registries: tuple[dict[Any, Any], ...] = (EVENTS, UPCASTS, DOWNCASTS)
    before = [dict(registry) for registry in registries]
    yield
    for registry, kept in zip(registries, before, strict=True):
        registry.clear()
        registry.update(kept)


@pytest.mark.usefixtures("_undeclared")
def test_an_old_version_is_upcast_one_step_at_a_time() -> None:
    @event("test.rang", version=3, topic=WRAPPED_UP, key="call_id")
    class Rang(Event, frozen=True):
        call_id: str
        rang_for_s: float
        loud: bool

    upcast("test.rang", to=2)(lambda p: {"call_id": p["call_id"], "rang_for_s": p["ring_time"]})
    upcast("test.rang", to=3)(lambda p: {**p, "loud": False})
    wire = json.loads(EXAMPLES[0].read_bytes())
    wire.update(type="test.rang", dataschema="urn:polycentre:event:test.rang:1")
    wire["data"] = {"call_id": "c1", "ring_time": 4.5}
    decoded = decode(msgspec.json.encode(wire))
    assert isinstance(decoded, Decoded)
    assert decoded.envelope.data == Rang(call_id="c1", rang_for_s=4.5, loud=False)


@pytest.mark.usefixtures("_undeclared")
def test_a_release_writes_the_version_before_while_it_already_reads_the_next() -> None:
    @event("test.sang", version=2, writes=1, topic=WRAPPED_UP, key="call_id")
    class Sang(Event, frozen=True):
        call_id: str
        song: str

    DOWNCASTS["test.sang", 1] = lambda p: {"call_id": p["call_id"], "title": p["song"]}
    upcast("test.sang", to=2)(lambda p: {"call_id": p["call_id"], "song": p["title"]})
    example = decode(EXAMPLES[0].read_bytes())
    assert isinstance(example, Decoded)
    envelope = msgspec.structs.replace(example.envelope, data=Sang(call_id="c1", song="Kalinka"))
    value = encode(envelope)
    assert json.loads(value)["dataschema"].endswith("test.sang:1")
    assert json.loads(value)["data"] == {"call_id": "c1", "title": "Kalinka"}
    assert decode(value) == Decoded(envelope)
    next_version = json.loads(value) | {"dataschema": "urn:polycentre:event:test.sang:2"}
    next_version["data"] = {"call_id": "c1", "song": "Kalinka"}
    assert decode(json.dumps(next_version).encode()) == Decoded(envelope)


@pytest.mark.usefixtures("_undeclared")
@pytest.mark.parametrize(
    "wrong",
    [{"name": "call.held"}, {"key": "shoe_size"}, {"writes": 3}],
    ids=["taken name", "key that is no field", "version from the future"],
)
def test_a_wrong_declaration_is_refused(wrong: dict[str, Any]) -> None:
    words: dict[str, Any] = {"name": "test.new", "version": 1, "topic": CALL_ARRIVED}
    words |= {"key": "call_id"} | wrong
    with pytest.raises(WronglyDeclared):

        @event(words.pop("name"), **words)
        class New(Event, frozen=True):
            call_id: str


def test_each_event_type_knows_its_single_owner() -> None:
    owners: dict[str, set[str]] = {}
    for declared in EVENTS.values():
        assert isinstance(declared, EventType)
        owners.setdefault(declared.topic.name, set()).add(declared.topic.owner)
    assert all(len(names) == 1 for names in owners.values())
