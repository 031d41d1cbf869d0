"""The lines of an invoice equal a slow, obvious reimplementation, and conserve what they bill."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_events.billing import Rule, Takes, Terms
from contact_events.calls import Text
from reporting.domain.agreements import Agreement, Tariff
from reporting.domain.invoicing.lines import Rated, rated, total
from reporting.domain.invoicing.rating import billed
from reporting.domain.invoicing.spans import Days, NotAgreed, midnight
from reporting.domain.invoicing.work import AgentDay, Contact, Waited, Work

ZONE = ZoneInfo("Europe/Moscow")
MARCH = Days(date(2026, 3, 1), date(2026, 4, 1))
HALVES = (Days(date(2026, 3, 1), date(2026, 3, 14)), Days(date(2026, 3, 14), date(2026, 4, 1)))
BEGIN = midnight(MARCH.begins_on, ZONE)
SUMS = ("offered", "answered", "answered_in_20", "abandoned_in_5", "abandoned_in_20")
NAME = Text(ru="Имя", en="Name")

moments = st.integers(-3, 34 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
prices = st.integers(1, 99_999).map(lambda n: str(Decimal(n) / 1_000))
projects = st.sampled_from(["shop", "bank", None])
channels = st.sampled_from(["voice", "chat"])
queues = st.sampled_from(["cards", "loans", None])
takes = st.builds(
    Takes,
    project_ids=st.sampled_from([(), ("shop",), ("shop", "bank")]),
    channels=st.sampled_from([(), ("voice",)]),
    queue_ids=st.sampled_from([(), ("cards",)]),
)
contacts = st.builds(
    Contact,
    call_id=st.uuids().map(str),
    project_id=projects,
    channel=channels,
    direction=st.just("inbound"),
    queue_id=queues,
    outcome=st.sampled_from(["answered", "contained", "abandoned"]),
    ended_at=moments,
    talk_ms=st.integers(0, 700_000),
    hold_ms=st.integers(0, 90_000),
    wrap_up_ms=st.integers(0, 90_000),
    codes=st.sampled_from([(), ("sold",), ("lost", "sold"), ("lost",)]),
)
waits = st.builds(
    Waited,
    call_id=st.uuids().map(str),
    project_id=projects,
    channel=channels,
    direction=st.just("inbound"),
    queue_id=queues,
    interval_start=moments,
    sums=st.fixed_dictionaries({name: st.integers(0, 2) for name in SUMS}),
)
agent_days = st.builds(
    AgentDay,
    agent_id=st.sampled_from(["anna", "boris"]),
    team_id=st.sampled_from(["one", "two"]),
    status=st.sampled_from(["Ready", "Talking", "NotReady"]),
    on=st.dates(date(2026, 2, 27), date(2026, 4, 2)),
    length_ms=st.integers(1, 9_000_000),
)
works = st.builds(
    Work,
    contacts=st.lists(contacts, max_size=12, unique_by=lambda each: each.call_id).map(tuple),
    waits=st.lists(waits, max_size=8).map(tuple),
    agent_days=st.lists(agent_days, max_size=8).map(tuple),
)


@st.composite
def rules(draw: st.DrawFn, levels: bool = True) -> tuple[Rule, ...]:
    """Return rules of every kind, some twice, with names of their own."""
    kinds = draw(st.lists(st.integers(0, 4 if levels else 3), min_size=1, max_size=7))
    return tuple(_rule(draw, f"r{number}", kind) for number, kind in enumerate(kinds))


def _rule(draw: st.DrawFn, rule_id: str, kind: int) -> Rule:
    made: dict[int, dict[str, Any]] = {
        0: {
            "kind": "per_minute",
            "of": draw(st.sampled_from(["talk", "talk_and_hold", "handling"])),
            "round_up_s": draw(st.sampled_from([1, 6, 60])),
            "minimum_s": draw(st.sampled_from([0, 30])),
        },
        1: {"kind": "per_contact", "outcomes": draw(st.sampled_from([(), ("contained",)]))},
        2: {"kind": "per_result", "codes": draw(st.sampled_from([("sold",), ("sold", "lost")]))},
        3: {"kind": "per_agent_hour", "team_ids": ("one",)},
        4: {
            "kind": "service_level",
            "definition_id": draw(st.sampled_from(["standard", "ours"])),
            "bonus_from": "0.9",
            "bonus_percent": "5",
            "penalty_below": "0.8",
            "penalty_percent": "12.5",
        },
    }
    of_contacts: dict[str, Any] = {} if kind == 3 else {"takes": draw(takes)}
    priced: dict[str, Any] = {} if kind == 4 else {"price": draw(prices)}
    return Rule(rule_id=rule_id, **made[kind], **of_contacts, **priced)


def tariff_of(*terms: tuple[str, tuple[Rule, ...]], minimum: str = "0") -> Tariff:
    return Tariff(
        name=NAME,
        client_id="acme",
        currency="RUB",
        terms=tuple(Terms(valid_from=day, rules=rules) for day, rules in terms),
        minimum=minimum,
    )


def tariffs(levels: bool = True, minimum: bool = True) -> st.SearchStrategy[Tariff]:
    """Return tariffs whose terms may change within March."""
    return st.builds(
        lambda first, then, day, least: tariff_of(
            ("2026-01-01", first), (f"2026-03-{day:02}", then), minimum=least
        ),
        rules(levels),
        rules(levels),
        st.integers(1, 28),
        st.sampled_from(["0", "1000"] if minimum else ["0"]),
    )


OURS = {
    "ours": (
        (1, Agreement(name=NAME, service_level="ignore", threshold_s=20)),
        (2, Agreement(name=NAME, service_level="answered_only", valid_from="2026-03-20")),
    )
}


def hundredths(amount: Fraction) -> int:
    """Return the amount in hundredths, half up (away from zero)."""
    sign = -1 if amount < 0 else 1
    return sign * floor(abs(amount) * 100 + Fraction(1, 2))


def slowly(tariff: Tariff, days: Days, work: Work) -> list[tuple[str, str, int]]:
    """Return day of beginning, rule and hundredths of each line, by trying everything."""
    found: list[tuple[str, str, int]] = []
    starts = {date.fromisoformat(terms.valid_from) for terms in tariff.terms}
    starts |= {date(2026, 3, 20)}
    edges = sorted({days.begins_on, *(d for d in starts if days.begins_on < d < days.ends_on)})
    for start, end in zip(edges, [*edges[1:], days.ends_on], strict=True):
        held = [t for t in tariff.terms if date.fromisoformat(t.valid_from) <= start][-1].rules
        found += _slow_span(held, start, end, work)
    short = hundredths(Fraction(tariff.minimum)) - sum(line[2] for line in found)
    if short > 0:
        found.append((days.begins_on.isoformat(), "minimum", short))
    return found


def _slow_span(
    held: Sequence[Rule], start: date, end: date, work: Work
) -> list[tuple[str, str, int]]:
    def lies_in(at: datetime) -> bool:
        return start <= at.astimezone(ZONE).date() < end

    lines = {rule.rule_id: 0 for rule in held if rule.kind != "service_level"}
    for contact in work.contacts:
        if lies_in(contact.ended_at):
            _slow_contact(held, contact, lines)
    for rule in held:
        if rule.kind == "per_agent_hour":
            lines[rule.rule_id] += _slow_hours(rule, start, end, work)
    owed = sum(lines.values())
    for rule in held:
        if rule.kind == "service_level":
            counted = [w for w in work.waits if lies_in(w.interval_start) and _slow_fits(rule, w)]
            lines[rule.rule_id] = _slow_level(rule, start, owed, counted)
    return [(start.isoformat(), rule_id, amount) for rule_id, amount in lines.items()]


def _slow_contact(held: Sequence[Rule], contact: Contact, lines: dict[str, int]) -> None:
    billed_by: set[str] = set()
    for rule in held:
        if rule.kind not in billed_by and _slow_due(rule, contact):
            billed_by.add(rule.kind)
            lines[rule.rule_id] += _slow_amount(rule, contact)


def _slow_fits(rule: Rule, what: Contact | Waited) -> bool:
    return not (
        (rule.takes.project_ids and what.project_id not in rule.takes.project_ids)
        or (rule.takes.channels and what.channel not in rule.takes.channels)
        or (rule.takes.queue_ids and what.queue_id not in rule.takes.queue_ids)
    )


def _slow_due(rule: Rule, contact: Contact) -> bool:
    if not _slow_fits(rule, contact):
        return False
    match rule.kind:
        case "per_minute":
            return True
        case "per_contact":
            return contact.outcome in (rule.outcomes or [contact.outcome])
        case "per_result":
            return any(code in rule.codes for code in contact.codes)
    return False


def _slow_amount(rule: Rule, contact: Contact) -> int:
    if rule.kind != "per_minute":
        return hundredths(Fraction(rule.price))
    talk, hold, wrap = contact.talk_ms, contact.hold_ms, contact.wrap_up_ms
    length_ms = {"talk": max(0, talk - hold), "talk_and_hold": talk, "handling": talk + wrap}
    if length_ms[rule.of] == 0:
        return 0
    seconds = ceil(Fraction(length_ms[rule.of], 1_000 * rule.round_up_s)) * rule.round_up_s
    return hundredths(Fraction(max(seconds, rule.minimum_s)) * Fraction(rule.price) / 60)


def _slow_hours(rule: Rule, start: date, end: date, work: Work) -> int:
    paid = [
        each
        for each in work.agent_days
        if start <= each.on < end
        and each.team_id in rule.team_ids
        and each.status in ("Ready", "Reserved", "Talking", "Hold", "WrapUp")
    ]
    keys = {(each.on, each.agent_id) for each in paid}
    return sum(
        hundredths(
            Fraction(sum(each.length_ms for each in paid if (each.on, each.agent_id) == key))
            * Fraction(rule.price)
            / 3_600_000
        )
        for key in keys
    )


def _slow_level(rule: Rule, start: date, owed: int, counted: Sequence[Waited]) -> int:
    def of(name: str) -> int:
        return sum(wait.sums[name] for wait in counted)

    over, under = of("answered_in_20"), of("offered")
    if rule.definition_id == "ours":
        late = start >= date(2026, 3, 20)
        under = of("answered") if late else of("offered") - of("abandoned_in_20")
    if under <= 0:
        return 0
    level = Fraction(over, under)
    percent = Fraction(0)
    if level >= Fraction("0.9"):
        percent = Fraction(5)
    elif level < Fraction("0.8"):
        percent = Fraction("-12.5")
    return hundredths(Fraction(owed, 100) * percent / 100)


def said(lines: Sequence[Rated]) -> list[tuple[str, str, int]]:
    return [(e.line.begins_on, e.line.rule_id, int(e.line.amount * 100)) for e in lines]


@given(tariffs(), works)
def test_each_line_is_what_trying_everything_gives(tariff: Tariff, work: Work) -> None:
    assert said(rated(tariff, MARCH, OURS, work)) == slowly(tariff, MARCH, work)


@given(tariffs(levels=False), works)
def test_a_line_is_the_sum_of_its_items(tariff: Tariff, work: Work) -> None:
    for each in rated(tariff, MARCH, OURS, work):
        assert each.line.items == len(each.items)
        if each.line.kind != "minimum":
            assert each.line.amount == sum(item.amount for item in each.items)


@given(tariffs(), works)
def test_a_contact_is_billed_once_by_the_rules_of_one_kind(tariff: Tariff, work: Work) -> None:
    for kind in ("per_minute", "per_contact", "per_result"):
        subjects = [
            item.subject
            for each in rated(tariff, MARCH, OURS, work)
            if each.line.kind == kind
            for item in each.items
        ]
        assert len(subjects) == len(set(subjects))


@given(st.lists(contacts, max_size=20, unique_by=lambda each: each.call_id), prices)
def test_a_rule_for_every_contact_bills_each_that_ended_in_the_period_exactly_once(
    came: list[Contact], price: str
) -> None:
    tariff = tariff_of(("2026-01-01", (Rule(rule_id="all", kind="per_contact", price=price),)))
    [line] = rated(tariff, MARCH, {}, Work(contacts=tuple(came)))
    begin, end = MARCH.moments(ZONE)
    ended = {each.call_id for each in came if begin <= each.ended_at < end}
    assert {item.subject for item in line.items} == ended
    assert line.line.quantity == len(ended)


@given(tariffs(levels=False, minimum=False), works)
def test_two_halves_of_a_period_add_up_to_the_whole(tariff: Tariff, work: Work) -> None:
    halves = [total(rated(tariff, half, OURS, work)) for half in HALVES]
    assert sum(halves) == total(rated(tariff, MARCH, OURS, work))


@given(tariffs(), works, st.randoms())
def test_the_order_in_which_the_log_was_read_changes_no_line(
    tariff: Tariff, work: Work, rnd: Any
) -> None:
    mixed = msgspec.structs.replace(
        work,
        waits=tuple(rnd.sample(work.waits, len(work.waits))),
        agent_days=tuple(rnd.sample(work.agent_days, len(work.agent_days))),
    )
    found = rated(tariff, MARCH, OURS, work)
    assert [each.line for each in rated(tariff, MARCH, OURS, mixed)] == [e.line for e in found]


@pytest.mark.parametrize(
    ("measured_ms", "round_up_s", "minimum_s", "seconds"),
    [(1, 1, 0, 1), (1_000, 1, 0, 1), (1_001, 1, 0, 2), (61_000, 60, 0, 120), (1, 6, 30, 30)],
)
def test_seconds_are_rounded_up_to_the_unit_and_to_the_minimum(
    measured_ms: int, round_up_s: int, minimum_s: int, seconds: int
) -> None:
    assert billed(measured_ms, round_up_s, minimum_s) == seconds


def test_the_minimum_tops_up_what_is_short_of_it() -> None:
    rule = Rule(rule_id="all", kind="per_contact", price="3")
    lines = rated(tariff_of(("2026-01-01", (rule,)), minimum="50"), MARCH, {}, Work())
    assert [(e.line.kind, e.line.amount) for e in lines] == [
        ("per_contact", Decimal(0)),
        ("minimum", Decimal(50)),
    ]


def test_a_level_line_says_what_it_was_measured_by() -> None:
    rule = Rule(rule_id="level", kind="service_level", definition_id="ours")
    wait = Waited(
        call_id="c1",
        project_id="shop",
        channel="voice",
        direction="inbound",
        queue_id="cards",
        interval_start=datetime(2026, 3, 5, tzinfo=UTC),
        sums=dict.fromkeys(SUMS, 1) | {"offered": 4},
    )
    first, second = rated(tariff_of(("2026-01-01", (rule,))), MARCH, OURS, Work(waits=(wait,)))
    assert first.line.measured is not None and second.line.measured is not None
    assert (first.line.ends_on, second.line.begins_on) == ("2026-03-20", "2026-03-20")
    assert first.line.measured.value == Decimal("0.3333333333333333")
    assert first.line.measured.sums == {"answered_in_20": 1, "offered": 4, "abandoned_in_20": 1}
    versions = (first.line.measured.definition_version, second.line.measured.definition_version)
    assert versions == (1, 2)
    assert [item.subject for item in first.items] == ["c1"]


def test_days_for_which_nothing_was_agreed_are_refused() -> None:
    rule = Rule(rule_id="all", kind="per_contact", price="3")
    with pytest.raises(NotAgreed, match="no terms before 2026-03-02"):
        rated(tariff_of(("2026-03-02", (rule,))), MARCH, {}, Work())
    level = Rule(rule_id="level", kind="service_level", definition_id="nowhere")
    with pytest.raises(NotAgreed, match="no revision of the definition nowhere"):
        rated(tariff_of(("2026-01-01", (level,))), MARCH, {}, Work())
