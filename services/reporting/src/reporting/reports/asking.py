"""What may be asked of a report: one model a report, which tells every fault at once."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    field_validator,
)
from pydantic_core import PydanticCustomError

from reporting.domain.periods import Interval, Span, is_empty, moment_of
from reporting.reports.kinds import Kind, is_folded
from reporting.reports.moments import AS_OF

PAGE = 1_000
LONGEST_DAYS = 3_700
"""Of a period: ten years and a little."""

_ZONES = frozenset(available_timezones())
_UTC = ZoneInfo("UTC")
_EARLIEST, _LATEST = date(1970, 1, 2), date(2200, 1, 1)
Format = Literal["json", "csv", "xlsx"]
CODES = {
    "day_or_moment": "Neither a day nor a moment: `2026-03-02` or `2026-03-02T09:00:00+03:00`.",
    "empty_span": "The span ends before it begins.",
    "not_in_force": "No revision of the definition counts on some day that was asked for.",
    "out_of_range": "No day that reports know.",
    "span_too_long": "The span is longer than ten years.",
    "threshold": "Intervals do not hold the counts for this threshold.",
    "time_zone": "No name of the IANA time zone database.",
    "timezone_aware": "A moment without its zone.",
}
"""The codes of faults that reports tell, with their meaning."""

Named = Annotated[str, StringConstraints(max_length=128)]


def _zone(name: str) -> str:
    if name not in _ZONES:
        raise PydanticCustomError("time_zone", "no such time zone in the IANA database")
    return name


def _bound(given: Any) -> date | datetime:
    text = str(given)
    is_day = len(text) == len("2026-03-02")
    try:
        bound = date.fromisoformat(text) if is_day else datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("day_or_moment", f"must be {_SAID}") from None
    if isinstance(bound, datetime) and bound.tzinfo is None:
        raise PydanticCustomError("timezone_aware", "a moment needs its zone, such as +03:00")
    day = bound.date() if isinstance(bound, datetime) else bound
    if not _EARLIEST <= day < _LATEST:
        raise PydanticCustomError("out_of_range", "must lie between 1970-01-02 and 2200-01-01")
    return bound


def _other(given: Any) -> date | datetime | str:
    return "previous" if given == "previous" else _bound(given)


_SAID = "a local day (its midnight), or ISO 8601 with a zone"
_DAY = {"type": "string", "format": "date"}
_MOMENT = {"type": "string", "format": "date-time"}
_PREVIOUS = {"type": "string", "const": "previous"}
BoundField = Annotated[
    date | datetime, PlainValidator(_bound), WithJsonSchema({"anyOf": [_DAY, _MOMENT]})
]
OtherField = Annotated[
    date | datetime | Literal["previous"],
    PlainValidator(_other),
    WithJsonSchema({"anyOf": [_PREVIOUS, _DAY, _MOMENT]}),
]


class Asked(BaseModel):
    """What every report may be asked."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    start: BoundField = Field(
        alias="from", description=f"inclusive; {_SAID}", examples=["2026-03-02"]
    )
    end: BoundField = Field(alias="to", description=f"exclusive; {_SAID}", examples=["2026-03-09"])
    time_zone: Annotated[Named, AfterValidator(_zone)] | None = Field(
        default=None,
        description="where days begin; without it, at each row's site, else at the centre",
        examples=["Asia/Krasnoyarsk"],
    )
    interval: Interval = Field(
        default="whole", description="how the span is cut; `whole` is not cut"
    )
    compare_to: OtherField | None = Field(
        default=None,
        description="also show another period of the same length: the one before, or the one that "
        "begins then",
        examples=["previous"],
    )
    as_of: Annotated[str, StringConstraints(max_length=20_000)] | None = Field(
        default=None, description=AS_OF, examples=["2026-03-09T00:00:00+03:00"]
    )
    definition: Named = Field(
        default="standard",
        description="which definition the measures follow: a name; on each day, the revision that "
        "is in force",
    )
    definition_version: int | None = Field(
        default=None,
        ge=1,
        le=2**31,
        description="this revision of the definition, whatever days it counts from",
    )
    threshold_s: int | None = Field(
        default=None, description="instead of the definition's T; one that intervals hold"
    )
    short_abandon_s: int | None = Field(default=None, description="instead of the definition's S")
    repeat_within_days: int | None = Field(
        default=None, ge=1, le=366, description="instead of the definition's N"
    )
    agent_hour_cost: float | None = Field(
        default=None, ge=0, le=1e9, allow_inf_nan=False, description="for the measures in money"
    )
    format: Format = Field(default="json", description="csv and xlsx have all rows, and no pages")
    after: Annotated[str, StringConstraints(max_length=2_000)] | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: int = Field(default=100, ge=1, le=PAGE, description="rows of a page")

    @field_validator("threshold_s", "short_abandon_s")
    @classmethod
    def _held(cls, given: int | None) -> int | None:
        if given is not None and not is_folded(given):
            raise PydanticCustomError("threshold", THRESHOLD_DETAIL)
        return given

    @field_validator("end")
    @classmethod
    def _later(cls, end: date, known: ValidationInfo) -> date:
        start = known.data.get("start")
        if start is not None:
            if is_empty(Span(start, end), _UTC):
                raise PydanticCustomError("empty_span", "must be later than `from`")
            if (moment_of(end, _UTC) - moment_of(start, _UTC)).days > LONGEST_DAYS:
                raise PydanticCustomError("span_too_long", "at most ten years after `from`")
        return end

    @property
    def span(self) -> Span:
        """Return the span that was asked for."""
        return Span(self.start, self.end)


THRESHOLD_DETAIL = "intervals hold the counts for 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300 s"


def _once(given: list[str] | None) -> list[str] | None:
    return list(dict.fromkeys(given)) if given else None


def model_of(kind: Kind) -> type[Asked]:
    """Return what this report may be asked: also its groups, its measures and its filters."""
    filters: dict[str, Any] = {
        group: (
            Annotated[list[Named], Field(max_length=100)] | None,
            Field(default=None, description="of these only; empty: of none"),
        )
        for group in kind.groups
    }
    return create_model(
        "Asked" + kind.name.title().replace("-", ""),
        __base__=Asked,
        group_by=_choices(kind.groups, f"without it: {', '.join(kind.by)}"),
        measures=_choices(kind.measures, f"without it: {', '.join(kind.shown)}"),
        **filters,
    )


def _choices(names: tuple[str, ...], said: str) -> Any:
    one: Any = Literal[names]
    many: Any = Annotated[list[one], AfterValidator(_once)]
    return (many | None, Field(default=None, description=said, max_length=len(names) * 2))
