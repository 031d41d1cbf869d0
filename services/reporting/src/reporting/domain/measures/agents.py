"""Measures of agents' time, and what it costs."""

from typing import Final

from contact_events.agents import AgentChanged
from contact_events.calls import CallConnected, CallDisconnected, Text
from contact_events.registry import Event
from contact_events.wrapping import CallReleased, CallWrappedUp
from reporting.domain.measures.formula import Formula
from reporting.domain.measures.measure import Measure, Unit
from reporting.domain.measures.service_levels import NO_CALLS, WFM_LABS
from reporting.domain.measures.waits import HOUSE

BUSY: Final = ("in_reserved_ms", "in_talking_ms", "in_hold_ms", "in_wrap_up_ms")
SIGNED_IN: Final = (*BUSY, "in_ready_ms", "in_not_ready_ms")

_SPELLS: Final = Text(
    ru="Время в состоянии относится к четвертям часа, в которых оно прошло; состояние, которое "
    "ещё длится, не вошло.",
    en="Time in a state belongs to the quarters in which it passed; a state that still lasts is "
    "not in it yet.",
)
_RINGING: Final = Text(
    ru="Звонок у агента (Reserved) — занятость: другого он взять не может. Так же считает "
    "маршрутизатор.",
    en="Ringing (Reserved) is busy: the agent can take nothing else. The router counts it so too.",
)


def _time(
    name: str, title: Text, meaning: Text, formula: Formula, source: str, *edges: Text
) -> Measure:
    unit: Unit = "share" if formula.under else "h"
    return Measure(
        name=name,
        title=title,
        meaning=meaning,
        unit=unit,
        formula=formula,
        source=source,
        events=(AgentChanged,),
        counted="passed",
        edges=(*([NO_CALLS] if formula.under else []), _SPELLS, *edges),
    )


_TIMES: Final = (
    _time(
        "signed_in_hours",
        Text(ru="Часы в системе", en="Hours signed in"),
        Text(ru="Время во всех состояниях, кроме Offline.", en="Time in any state but Offline."),
        Formula(over=SIGNED_IN, scale="hours"),
        HOUSE,
    ),
    _time(
        "occupancy",
        Text(ru="Занятость", en="Occupancy"),
        Text(
            ru="Время с контактами среди времени с контактами и в готовности.",
            en="Time with contacts of time with contacts or ready for them.",
        ),
        Formula(over=BUSY, under=(*BUSY, "in_ready_ms")),
        f"{WFM_LABS}, Occupancy",
        _RINGING,
    ),
    _time(
        "utilisation",
        Text(ru="Использование", en="Utilisation"),
        Text(
            ru="Время с контактами среди всего времени в системе.",
            en="Time with contacts of all time signed in.",
        ),
        Formula(over=BUSY, under=SIGNED_IN),
        f"{WFM_LABS}, Utilization",
        _RINGING,
    ),
)


def _cost(name: str, title: Text, meaning: Text, formula: Formula, *events: type[Event]) -> Measure:
    return Measure(
        name=name,
        title=title,
        meaning=meaning,
        unit="money",
        formula=formula,
        source=f"{WFM_LABS}, Cost per Contact",
        events=events,
        edges=(
            NO_CALLS,
            Text(
                ru="Нужна цена часа агента: в определении или в запросе (`agent_hour_cost`); без "
                "неё значения нет.",
                en="Needs the cost of an agent's hour: in the definition or the request "
                "(`agent_hour_cost`); no value without it.",
            ),
        ),
    )


_HANDLED: Final = (CallConnected, CallDisconnected, CallReleased, CallWrappedUp)

_COSTS: Final = (
    _cost(
        "staff_cost",
        Text(ru="Цена времени агентов", en="Cost of agents' time"),
        Text(
            ru="Часы в системе по цене часа агента.",
            en="Hours signed in at the cost of an agent's hour.",
        ),
        Formula(over=SIGNED_IN, scale="cost"),
        AgentChanged,
    ),
    _cost(
        "staff_cost_per_answered",
        Text(ru="Цена времени на отвеченный", en="Cost of agents' time an answered contact"),
        Text(
            ru="Часы в системе по цене часа агента, на отвеченный контакт.",
            en="Hours signed in at the cost of an agent's hour, an answered contact.",
        ),
        Formula(over=SIGNED_IN, under=("answered",), scale="cost"),
        AgentChanged,
        CallConnected,
    ),
    _cost(
        "handling_cost",
        Text(ru="Цена обработки", en="Cost of handling"),
        Text(
            ru="Разговор и работа после него по цене часа агента.",
            en="Talk and wrap-up at the cost of an agent's hour.",
        ),
        Formula(over=("talk_ms", "wrap_up_ms"), scale="cost"),
        *_HANDLED,
    ),
    _cost(
        "cost_per_answered",
        Text(ru="Цена отвеченного", en="Cost an answered contact"),
        Text(
            ru="Цена обработки на отвеченный контакт: без простоя и перерывов.",
            en="The cost of handling an answered contact: without idle time and breaks.",
        ),
        Formula(over=("talk_ms", "wrap_up_ms"), under=("answered",), scale="cost"),
        *_HANDLED,
    ),
)

AGENTS: Final = (*_TIMES, *_COSTS)
