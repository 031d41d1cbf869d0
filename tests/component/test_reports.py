"""Reports over a real database: what they say equals what a slow and plain count says."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from contact_events.calls import CallArrived
from contact_runtime.log import TopicPartition
from reporting.consumers import READS
from reporting.domain.counts import WaitCounts
from reporting.domain.folding import Folding
from reporting.reports.kinds import KINDS
from tests.support.random_days import SITES, SKILLS
from tests.support.reported import Reported, reported
from tests.support.slow_measures import Slow, Wait, resolution, waits_of
from tests.support.wait import until

pytestmark = pytest.mark.postgres

MEASURES = ("offered", "answered", "abandoned", "service_level", "asa", "aht", "carried_over")
ZONES = ("Europe/Berlin", "Asia/Omsk", "America/St_Johns")


@pytest.fixture
async def told(postgres_url: str, tmp_path: Path) -> AsyncIterator[Reported]:
    async with reported(postgres_url, tmp_path / "keys") as made:
        yield made


def all_waits(told: Reported, client: str | None = None) -> list[Wait]:
    return [
        wait
        for call_id, (owner, project) in told.teller.whose.items()
        for wait in waits_of(
            told.teller.calls[call_id], {"client_id": owner, "project_id": project}
        )
        if client in (None, owner)
    ]


def local_start(at: datetime, interval: str, zone: ZoneInfo) -> datetime:
    """Return where the quarter of an hour in which a moment lies is counted, plainly."""
    quarter = datetime.fromtimestamp(at.timestamp() // 900 * 900, UTC)
    local = quarter.astimezone(zone)
    if interval == "15m":
        return quarter
    if interval == "hour":
        return quarter - timedelta(minutes=local.minute)
    day = local.date()
    if interval == "week":
        day -= timedelta(days=day.weekday())
    if interval == "month":
        day = day.replace(day=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


@pytest.mark.parametrize("interval", ["15m", "hour", "day", "week", "month"])
@pytest.mark.parametrize("zone", ZONES)
async def test_each_interval_of_each_queue_is_what_a_plain_count_says(
    told: Reported, interval: str, zone: str
) -> None:
    where = ZoneInfo(zone)
    rows = await told.rows(
        "queues", interval=interval, time_zone=zone, measures=list(MEASURES), limit=7
    )
    assert len(rows) > 3
    for row in rows:
        start = datetime.fromisoformat(row["interval_start"])
        mine = [w for w in all_waits(told) if w.key["queue_id"] == row["group"]["queue_id"]]
        slow = Slow(mine, lambda at, s=start: local_start(at, interval, where) == s)  # type: ignore[misc]
        for name in MEASURES:
            assert row["values"][name] == pytest.approx(slow.value(name)), (row, name)
    offered = sum(row["values"]["offered"] for row in rows)
    assert offered == len(all_waits(told))


async def test_days_begin_at_the_midnight_of_each_site_unless_one_zone_is_asked_for(
    told: Reported,
) -> None:
    rows = await told.rows("sites", interval="day", measures=["answered", "home_share"])
    sites = {row["group"]["answering_site_id"] for row in rows}
    assert sites >= {*SITES}
    for row in rows:
        site = row["group"]["answering_site_id"]
        zone = ZoneInfo(SITES.get(site, "Europe/Moscow"))
        start = datetime.fromisoformat(row["interval_start"])
        assert start.astimezone(zone).time() == time()
        mine = [w for w in all_waits(told) if (w.key["answering_site_id"] or None) == site]
        slow = Slow(mine, lambda at, s=start, z=zone: local_start(at, "day", z) == s)  # type: ignore[misc]
        assert row["values"]["answered"] == slow.value("answered")
        assert row["values"]["home_share"] == pytest.approx(slow.value("home_share"))
    together = await told.report("sites", interval="day", time_zone="UTC")
    assert {row["interval_start"][11:19] for row in together["rows"]} == {"00:00:00"}


async def test_a_span_of_local_days_holds_what_happened_between_its_midnights(
    told: Reported,
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    span = {"from": "2026-03-29", "to": "2026-03-30", "time_zone": "Europe/Berlin"}
    (row,) = (await told.report("queues", **span, queue_id="cards", measures="offered"))["rows"]
    start, end = (datetime.combine(date(2026, 3, day), time(), berlin) for day in (29, 30))
    assert (end.astimezone(UTC) - start.astimezone(UTC)) == timedelta(hours=23)
    mine = [w for w in all_waits(told) if w.key["queue_id"] == "cards" and start <= w.began < end]
    assert row["values"]["offered"] == len(mine) > 0


async def test_any_groups_add_up_to_the_whole(told: Reported) -> None:
    whole = len(all_waits(told))
    for name in ("queues", "sites", "regions", "overflow"):
        for group in KINDS[name].groups:
            rows = await told.rows(name, group_by=group, measures="offered")
            assert sum(row["values"]["offered"] or 0 for row in rows) == whole, (name, group)


async def test_the_overflow_matrix_says_whose_callers_were_answered_where(told: Reported) -> None:
    rows = await told.rows("overflow", measures=["offered", "answered"])
    for row in rows:
        key = {name: value or "" for name, value in row["group"].items()}
        mine = [w for w in all_waits(told) if key.items() <= w.key.items()]
        assert row["values"]["offered"] == len(mine) > 0
        assert row["values"]["answered"] == len([w for w in mine if w.how == "answered"])


async def test_a_skill_has_the_waits_of_the_queues_that_ask_for_it(told: Reported) -> None:
    rows = await told.rows("skills", measures=["offered"])
    assert {row["group"]["skill_id"]: row["values"]["offered"] for row in rows} == {
        skill: len([w for w in all_waits(told) if skill in SKILLS[w.key["queue_id"]]])
        for skill in ("cards", "tv", "vip")
    }


@pytest.mark.parametrize("days", [1, 2, 5])
async def test_contacts_are_resolved_at_first_if_the_caller_does_not_come_again(
    told: Reported, days: int
) -> None:
    (row,) = (
        await told.report(
            "callers", group_by="client_id", client_id="acme", repeat_within_days=days
        )
    )["rows"]
    mine = [
        told.teller.calls[call_id]
        for call_id, (owner, _) in told.teller.whose.items()
        if owner == "acme"
    ]
    newest = max(seen.envelope.time for seen in told.teller.story.log)
    plain = resolution(mine, lambda _: True, days, newest)
    assert row["values"] == pytest.approx(plain)
    assert plain["repeated"]


async def test_another_definition_restates_the_same_intervals(told: Reported) -> None:
    variants = ("negative", "positive", "ignore", "answered_only", "short_abandons_excluded")
    for variant in variants:
        said = await told.report(
            "queues", definition=variant, threshold_s=30, measures="service_level"
        )
        assert said["definition"]["name"] == variant
        assert said["definition"]["version"] == 1
        assert said["definition"]["threshold_s"] == 30
        assert said["definition"]["changed"] == ["threshold_s"]
        for row in said["rows"]:
            mine = [w for w in all_waits(told) if w.key["queue_id"] == row["group"]["queue_id"]]
            slow = Slow(mine, lambda _: True, t_s=30)
            expected = slow.value(f"service_level_{variant}")
            assert row["values"]["service_level"] == pytest.approx(expected)


AGREED = {"name": {"ru": "Acme", "en": "Acme"}, "client_id": "acme"}
CHANGES_ON = date(2026, 3, 30)
"""The day from which another revision counts."""


async def agree(told: Reported, name: str, *revisions: dict[str, Any]) -> None:
    async with told.app.client("administrator") as admin:
        tag: dict[str, str] = {}
        for said in revisions:
            path = f"/v1/definitions/{name}"
            answer = await admin.put(path, json={**AGREED, **said}, headers=tag)
            assert answer.status_code in (200, 201), answer.text
            tag = {"If-Match": answer.headers["ETag"]}


async def test_on_each_day_a_report_follows_the_revision_that_is_in_force(told: Reported) -> None:
    later = {"threshold_s": 60, "service_level": "positive", "valid_from": f"{CHANGES_ON}"}
    await agree(told, "acme-sl", {"threshold_s": 20}, later)
    asked: dict[str, Any] = {
        "definition": "acme-sl",
        "client_id": "acme",
        "group_by": "client_id",
        "time_zone": "Europe/Berlin",
        "measures": ["service_level", "offered"],
    }
    said = await told.report("queues", **asked)
    (whole,) = said["rows"]
    assert (said["definition"]["version"], said["definition"]["valid_from"]) == (2, f"{CHANGES_ON}")
    assert [each["version"] for each in said["earlier_definitions"]] == [1]
    border = datetime.combine(CHANGES_ON, time(), ZoneInfo("Europe/Berlin"))
    mine = all_waits(told, "acme")
    before = Slow(mine, lambda at: at < border, t_s=20)
    after = Slow(mine, lambda at: at >= border, t_s=60)
    offered = [slow.value("offered") or 0 for slow in (before, after)]
    levels = [before.value("service_level"), after.value("service_level_positive")]
    in_time = sum(n * (level or 0) for n, level in zip(offered, levels, strict=True))
    assert all(offered)
    assert whole["values"]["service_level"] == pytest.approx(in_time / sum(offered))
    one = await told.report("queues", **asked, definition_version=1)
    assert one["rows"][0]["values"]["service_level"] == pytest.approx(
        Slow(mine, lambda _: True, t_s=20).value("service_level")
    )
    days = {"from": f"{CHANGES_ON}", "to": "2026-04-05"}
    alone = await told.report("queues", **asked, **days, compare_to="2026-03-24")
    assert (alone["definition"]["version"], len(alone["earlier_definitions"])) == (2, 1)
    row = alone["rows"][0]
    assert row["values"]["service_level"] == pytest.approx(levels[1])
    assert row["compared"]["service_level"] == pytest.approx(levels[0])


async def test_days_on_which_no_revision_counts_are_told_and_not_guessed(told: Reported) -> None:
    await agree(told, "acme-new", {"valid_from": f"{CHANGES_ON}"})
    refused = await told.ask("/v1/reports/queues", definition="acme-new")
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert (fault["parameter"], fault["code"]) == ("definition", "not_in_force")
    held = {"from": f"{CHANGES_ON}", "definition": "acme-new", "time_zone": "Europe/Moscow"}
    assert (await told.report("queues", **held))["definition"]["version"] == 1
    refused = await told.ask("/v1/reports/queues", definition="acme-new", definition_version=2)
    assert refused.json()["errors"][0]["code"] == "unknown_definition"


async def test_a_period_is_compared_with_the_one_before_it(told: Reported) -> None:
    span = {"from": "2026-03-30", "to": "2026-04-01", "time_zone": "Europe/Berlin"}
    before = {"from": "2026-03-28", "to": "2026-03-30", "time_zone": "Europe/Berlin"}
    asked: dict[str, Any] = {"interval": "day", "measures": ["offered", "asa"], "limit": 3}
    both = await told.rows("queues", **span, compare_to="previous", **asked)
    alone = {_key(row): row["values"] for row in await told.rows("queues", **span, **asked)}
    earlier = {_key(row, 2): row["values"] for row in await told.rows("queues", **before, **asked)}
    nothing = {"offered": 0, "asa": None}
    assert {_key(row): row["values"] for row in both} == {
        key: alone.get(key, nothing) for key in alone.keys() | earlier.keys()
    }
    assert {_key(row): row["compared"] for row in both} == {
        key: earlier.get(key, nothing) for key in alone.keys() | earlier.keys()
    }
    named = await told.rows("queues", **span, compare_to="2026-03-28", **asked)
    assert named == both


def _key(row: dict[str, Any], days: int = 0) -> tuple[str, str]:
    day = datetime.fromisoformat(row["interval_start"]).date() + timedelta(days=days)
    return row["group"]["queue_id"], day.isoformat()


async def test_a_report_states_its_definition_its_measures_and_the_log_position(
    told: Reported,
) -> None:
    said = await told.report("queues", measures=["asa", "offered"])
    assert said["position"] == {"call-arrived/0": 7}
    assert said["definition"]["name"] == "standard"
    assert said["measures"] == [
        {"name": "asa", "version": 1, "unit": "s"},
        {"name": "offered", "version": 1, "unit": "contacts"},
    ]
    assert (said["from"], said["to"]) == ("2026-03-25", "2026-04-05")


Parse = Callable[[bytes], list[list[Any]]]


def of_csv(body: bytes) -> list[list[Any]]:
    return list(csv.reader(io.StringIO(body.decode(), newline="")))


def of_xlsx(body: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
    return [
        ["" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)
    ]


FILES = pytest.mark.parametrize(("format_", "parsed"), [("csv", of_csv), ("xlsx", of_xlsx)])


@FILES
async def test_a_file_has_the_rows_of_all_pages(
    told: Reported, format_: str, parsed: Parse
) -> None:
    asked: dict[str, Any] = {"interval": "hour", "measures": ["offered", "answered"]}
    pages = await told.rows("queues", limit=5, **asked)
    answer = await told.ask("/v1/reports/queues", format=format_, **asked)
    header, *lines = parsed(answer.content)
    assert header == [
        "interval_start",
        "queue_id",
        "offered",
        "answered",
        "definition",
        "log_position",
    ]
    assert lines == [
        [
            row["interval_start"],
            row["group"]["queue_id"],
            str(row["values"]["offered"]),
            str(row["values"]["answered"]),
            "standard version 1",
            "call-arrived/0@7",
        ]
        for row in pages
    ]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("client", ["acme", "zeta"])
async def test_a_client_sees_its_own_projects_only_in_every_report_and_format(
    told: Reported, name: str, client: str
) -> None:
    path = f"/v1/reports/{name}"
    other = {"acme": "zeta", "zeta": "acme"}[client]
    if KINDS[name].operators_own:
        for format_ in ("json", "csv", "xlsx"):
            assert (await told.ask(path, client=client, format=format_)).status_code == 404
        return
    asked: dict[str, Any] = {"group_by": "client_id", "limit": 1000, "repeat_within_days": 1}
    theirs = [row for row in await told.rows(name, **asked) if row["group"]["client_id"] == client]
    answer = await told.ask(path, client=client, **asked)
    assert answer.json()["rows"] == theirs
    assert theirs
    for format_, parsed in (("csv", of_csv), ("xlsx", of_xlsx)):
        file = await told.ask(path, client=client, format=format_, **asked)
        assert {line[0] for line in parsed(file.content)[1:]} == {client}
    for format_ in ("json", "csv", "xlsx"):
        asked_for_other = await told.ask(path, client=client, client_id=other, format=format_)
        assert asked_for_other.status_code == 404


@pytest.mark.parametrize("client", ["acme", "zeta", None])
async def test_quarters_of_a_queue_are_made_of_the_contacts_that_the_asker_may_see(
    told: Reported, client: str | None
) -> None:
    ever = {"from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"}
    answer = await told.ask("/v1/queue-intervals", client=client, **ever)
    offered = sum(quarter["offered"] for quarter in answer.json()["queue_intervals"])
    assert offered == len(all_waits(told, client)) > 0


async def test_a_cursor_is_good_for_its_question_and_its_asker_only(told: Reported) -> None:
    asked: dict[str, Any] = {"group_by": ["client_id", "queue_id"], "limit": 1}
    first = await told.ask("/v1/reports/queues", client="acme", **asked)
    cursor = first.json()["next"]
    assert cursor is not None
    same = await told.ask("/v1/reports/queues", client="acme", after=cursor, **asked)
    assert same.status_code == 200
    assert same.json()["rows"] != first.json()["rows"]
    changed = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for wrong in (
        await told.ask("/v1/reports/queues", client="zeta", after=cursor, **asked),
        await told.ask("/v1/reports/queues", after=cursor, **asked),
        await told.ask("/v1/reports/queues", client="acme", after=cursor, interval="day", **asked),
        await told.ask("/v1/reports/queues", client="acme", after=changed, **asked),
        await told.ask("/v1/reports/regions", client="acme", after=cursor, group_by="client_id"),
    ):
        assert wrong.status_code == 422
        assert wrong.json()["code"] == "cursor-unreadable"


async def test_every_fault_of_a_question_is_told_at_once(told: Reported) -> None:
    answer = await told.ask(
        "/v1/reports/queues",
        **{"from": "2026-02-30", "to": "soon"},
        interval="fortnight",
        time_zone="Mars/Olympus",
        measures=["offered", "happiness"],
        group_by="mood",
        threshold_s=7,
        limit=0,
        format="pdf",
        nonsense="1",
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["code"] == "invalid-request"
    places = {fault["parameter"].partition(".")[0] for fault in said["errors"]}
    assert places == {
        "from",
        "to",
        "interval",
        "time_zone",
        "measures",
        "group_by",
        "threshold_s",
        "limit",
        "format",
        "nonsense",
    }


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"from": "2026-04-05", "to": "2026-04-05"}, "empty_span"),
        ({"from": "1999-01-01", "to": "2026-04-05"}, "span_too_long"),
        ({"definition": "nobody-knows"}, "unknown_definition"),
        ({"from": "2026-03-25T00:00:00"}, "timezone_aware"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    told: Reported, asked: dict[str, str], code: str
) -> None:
    answer = await told.ask("/v1/reports/queues", **asked)
    assert answer.status_code == 422
    assert code in {fault["code"] for fault in answer.json()["errors"]}, answer.text


async def test_the_catalogue_is_there_to_be_read(told: Reported) -> None:
    catalogue = (await told.ask("/v1/metrics", client="acme")).json()["metrics"]
    asa = (await told.ask("/v1/metrics/asa")).json()
    assert asa in catalogue
    assert asa["formula"] == "wait_to_answer_ms / 1000 / answered"
    assert (await told.ask("/v1/metrics/happiness")).status_code == 404


async def test_contact_records_come_in_signed_pages_and_whole_as_a_file(told: Reported) -> None:
    path, asked = "/v1/contact-records", {"from": "2026-03-01T00:00:00Z", "to": "2026-05-01T00:00Z"}
    records: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = await told.ask(path, client="acme", limit=7, **asked, **after)
        assert answer.status_code == 200, answer.text
        records += answer.json()["contact_records"]
        if answer.json()["next"] is None:
            break
        after = {"after": answer.json()["next"]}
    theirs = {call for call, (client, _) in told.teller.whose.items() if client == "acme"}
    assert [each["call_id"] for each in records] == sorted(
        theirs, key=lambda call: (told.teller.calls[call][0][0], call)
    )
    for format_, parsed in (("csv", of_csv), ("xlsx", of_xlsx)):
        file = await told.ask(path, client="acme", format=format_, **asked)
        header, *lines = parsed(file.content)
        assert [line[header.index("call_id")] for line in lines] == [
            each["call_id"] for each in records
        ]
    for wrong in (after["after"][:-2], "nonsense"):
        refused = await told.ask(path, client="acme", after=wrong, **asked)
        assert refused.json()["code"] == "cursor-unreadable"
    assert (await told.ask(path, client="zeta", after=after["after"], **asked)).status_code == 422
    async with told.app.client("client", client="zeta") as asker:
        assert (await asker.get(path, params={"client": "acme"})).status_code == 404


async def test_a_report_as_of_a_position_is_made_of_what_the_log_held_then(told: Reported) -> None:
    ends = {tp: at for tp, at in (await told.log.ends([t.name for t in READS])).items() if at}
    half = {tp: at // 2 for tp, at in ends.items()}
    then = " ".join(f"{tp.topic}/{tp.partition}@{at}" for tp, at in sorted(half.items()))
    asked: dict[str, Any] = {"measures": ["offered", "answered"], "group_by": "queue_id"}
    first = await told.ask("/v1/reports/queues", as_of=then, **asked)
    assert first.status_code == 202
    job = first.headers["Location"]
    assert (await told.ask(job)).json() == first.json()
    async with told.building():

        async def done() -> bool:
            return bool((await told.ask(job)).json()["state"] == "done")

        await until("the tables of then", done, limit_s=60)
        said = await told.report("queues", as_of=then, **asked)
        file = await told.ask("/v1/reports/queues", as_of=then, format="csv", **asked)
        records = await told.ask(
            "/v1/contact-records",
            as_of=then,
            limit=500,
            **{"from": "2026-03-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"},
        )
    held = [s for s in told.teller.story.log if s.place.offset < half[_at(s)]]
    folding = Folding()
    for seen in held:
        folding.take(seen.envelope)
    counts: dict[str, list[int]] = {}
    for key, change in folding.changes()["queue_intervals"].items():
        assert isinstance(change.counts, WaitCounts)
        sums = counts.setdefault(key.queue_id, [0, 0])
        sums[0] += change.counts.offered
        sums[1] += change.counts.answered
    assert {
        row["group"]["queue_id"]: [row["values"]["offered"], row["values"]["answered"]]
        for row in said["rows"]
    } == counts
    assert said["rows"] != (await told.report("queues", **asked))["rows"]
    assert {place: at for place, at in said["position"].items() if at} == {
        f"{tp.topic}/{tp.partition}": at for tp, at in half.items() if at
    }
    assert [line[0] for line in of_csv(file.content)[1:]] == sorted(counts)
    assert len(records.json()["contact_records"]) == len(
        [s for s in held if isinstance(s.envelope.data, CallArrived)]
    )


def _at(seen: Any) -> TopicPartition:
    return TopicPartition(seen.place.topic, 0)


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ("yesterday", "as-of-unreadable"),
        ("0001-01-01T00:00:00+14:00", "as-of-unreadable"),
        ("2199-01-01T00:00:00Z", "as-of-ahead"),
        ("call-arrived/0@999999", "as-of-ahead"),
    ],
)
async def test_a_moment_that_the_log_does_not_know_is_refused(
    told: Reported, then: str, code: str
) -> None:
    answer = await told.ask("/v1/reports/queues", as_of=then)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await told.ask("/v1/jobs/99")).status_code == 404
