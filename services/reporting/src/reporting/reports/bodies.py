"""What a report answers: its rows, and everything needed to have them again."""

from datetime import date

from pydantic import AwareDatetime, Field

from contact_runtime.http.bodies import View


class DefinitionView(View):
    """What the measures followed; what the request asked for instead is already in it."""

    name: str = Field(examples=["standard"])
    version: int
    service_level: str = Field(examples=["negative"])
    threshold_s: int = Field(examples=[20])
    short_abandon_s: int = Field(examples=[5])
    target: float = Field(examples=[0.8])
    repeat_within_days: int = Field(examples=[7])
    agent_hour_cost: float | None
    valid_from: date | None = Field(
        description="the day from which this revision is in force; null: always",
        examples=["2026-03-01"],
    )
    changed: list[str] = Field(
        description="what the request asked for instead of the definition's own"
    )


class MeasureUsed(View):
    """A measure of the report: `GET /v1/metrics/{name}` says how it is computed."""

    name: str = Field(examples=["asa"])
    version: int
    unit: str = Field(examples=["s"])


class RowView(View):
    """One row: where, when, how much; null where a figure has no meaning, such as of no calls."""

    interval_start: AwareDatetime | None = Field(
        description="where its days begin; null: the whole span",
        examples=["2026-03-02T00:00:00+03:00"],
    )
    group: dict[str, str | None] = Field(examples=[{"queue_id": "cards"}])
    values: dict[str, int | float | None] = Field(
        examples=[{"offered": 120, "service_level": 0.81}]
    )
    compared: dict[str, int | float | None] | None = Field(
        description="the same of the period it is compared with; null: with none",
        examples=[{"offered": 110, "service_level": 0.84}],
    )


class ReportView(View):
    """A report: its rows in the order of their keys, and what makes it be had again."""

    report: str = Field(examples=["queues"])
    start: AwareDatetime | date = Field(serialization_alias="from", examples=["2026-03-02"])
    end: AwareDatetime | date = Field(serialization_alias="to", examples=["2026-03-09"])
    time_zone: str | None = Field(
        description="where days begin; null: at each row's site", examples=["Europe/Moscow"]
    )
    interval: str = Field(examples=["day"])
    definition: DefinitionView = Field(description="the one in force at the end of the report")
    earlier_definitions: list[DefinitionView] = Field(
        description="those in force before, in order; each counts what happened in its days"
    )
    measures: list[MeasureUsed]
    position: dict[str, int] = Field(
        description="how far the log was folded: the next offset of each partition",
        examples=[{"answered/0": 17}],
    )
    rows: list[RowView]
    next: str | None = Field(description="cursor of the next page; null at the end")
