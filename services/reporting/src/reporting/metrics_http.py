"""The catalogue of measures over HTTP: what each figure is made of."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from contact_events.calls import Text
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id, View
from contact_runtime.http.problems import not_found
from reporting.domain.measures.catalogue import ATTRIBUTION, MEASURES
from reporting.domain.measures.measure import Measure

Reader = Annotated[Principal, Depends(require("reports:read"))]


class TextView(View):
    """The same in the two languages of the centre."""

    ru: str
    en: str


class MeasureView(View):
    """A measure: what it means, how it is computed, of what, by whose word, and what at the edges.

    In formulas T is the threshold of the report's definition and S its short abandonment; sums
    ending in `_ms` are milliseconds. A new formula is a new version.
    """

    name: str = Field(examples=["asa"])
    version: int = Field(examples=[1])
    title: TextView
    meaning: TextView
    unit: str = Field(description="contacts, offers, share (0 to 1), s, h, money", examples=["s"])
    formula: str = Field(examples=["wait_to_answer_ms / 1000 / answered"])
    formulas: dict[str, str] = Field(
        description="by the definition's service level, where that chooses; empty elsewhere"
    )
    counted: TextView = Field(description="in which interval")
    events: list[str] = Field(examples=[["call.queued", "call.connected"]])
    source: str
    edge_cases: list[TextView]


class MetricsView(View):
    """All measures."""

    metrics: list[MeasureView]


routes = APIRouter(prefix="/v1/metrics", tags=["metrics"])


@routes.get("")
async def read_metrics(_: Reader) -> MetricsView:
    """Return the catalogue: every measure that reports, boards and invoices compute with."""
    return MetricsView(metrics=[_shown(each) for each in MEASURES.values()])


@routes.get("/{name}")
async def read_metric(name: Id, _: Reader) -> MeasureView:
    """Return one measure of the catalogue."""
    if name not in MEASURES:
        raise not_found("the measure")
    return _shown(MEASURES[name])


def _shown(each: Measure) -> MeasureView:
    return MeasureView(
        name=each.name,
        version=each.version,
        title=_text(each.title),
        meaning=_text(each.meaning),
        unit=each.unit,
        formula=each.formula.text(),
        formulas={variant: formula.text() for variant, formula in each.chosen.items()},
        counted=_text(ATTRIBUTION[each.counted]),
        events=each.event_names,
        source=each.source,
        edge_cases=[_text(edge) for edge in each.edges],
    )


def _text(said: Text) -> TextView:
    return TextView(ru=said.ru, en=said.en)
