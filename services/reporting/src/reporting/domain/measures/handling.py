"""Measures of lengths and offers: speed of answer, handling and its parts, RONA."""

from typing import Final

from contact_events.answering import CallAnswered, CallHeld, CallRangOut, CallRejected, CallResumed
from contact_events.calls import (
    CallAbandoned,
    CallConnected,
    CallDisconnected,
    CallQueued,
    CallRecovered,
    Text,
)
from contact_events.registry import Event
from contact_events.wrapping import CallReleased, CallWrappedUp
from reporting.domain.measures.formula import Formula
from reporting.domain.measures.measure import Measure
from reporting.domain.measures.service_levels import NO_CALLS, WFM_LABS
from reporting.domain.measures.waits import HOUSE

_TALK: Final = (CallConnected, CallDisconnected, CallRecovered, CallQueued)
_HOLD: Final = (CallHeld, CallResumed, CallReleased)
_WRAP: Final = (CallReleased, CallWrappedUp)
_LATE: Final = Text(
    ru="Работа после ответа относится к интервалу ответа, когда бы она ни закончилась: до её "
    "конца показатель ещё растёт.",
    en="Work after the answer belongs to the interval of the answer, whenever it ends: until then "
    "the figure still grows.",
)


def _mean(
    name: str,
    title: Text,
    meaning: Text,
    over: tuple[str, ...],
    events: tuple[type[Event], ...],
    under: str = "answered",
    *edges: Text,
) -> Measure:
    return Measure(
        name=name,
        title=title,
        meaning=meaning,
        unit="s",
        formula=Formula(over=over, under=(under,), scale="seconds"),
        source=WFM_LABS,
        events=events,
        edges=(NO_CALLS, *edges),
    )


MEANS: Final = (
    _mean(
        "asa",
        Text(ru="Средняя скорость ответа (ASA)", en="Average speed of answer (ASA)"),
        Text(
            ru="Среднее ожидание отвеченных: от входа в очередь до соединения, звонок у агента "
            "включён.",
            en="The mean wait of the answered: from the queue to the connection, ringing included.",
        ),
        ("wait_to_answer_ms",),
        (CallQueued, CallRecovered, CallConnected),
    ),
    _mean(
        "time_to_abandon",
        Text(ru="Среднее время до ухода", en="Average time to abandon"),
        Text(ru="Среднее ожидание потерянных.", en="The mean wait of the abandoned."),
        ("wait_to_abandon_ms",),
        (CallQueued, CallAbandoned),
        "abandoned",
    ),
    _mean(
        "aht",
        Text(ru="Среднее время обработки (AHT)", en="Average handle time (AHT)"),
        Text(
            ru="Разговор с удержанием и работа после него, на отвеченный.",
            en="Talk with its holds, and wrap-up, an answered contact.",
        ),
        ("talk_ms", "wrap_up_ms"),
        (*_TALK, *_WRAP),
        "answered",
        _LATE,
    ),
    _mean(
        "average_talk",
        Text(ru="Средний разговор", en="Average talk"),
        Text(
            ru="Разговор без удержаний, на отвеченный.", en="Talk without holds, an answered one."
        ),
        ("talk_ms", "-hold_ms"),
        (*_TALK, *_HOLD),
        "answered",
        _LATE,
    ),
    _mean(
        "average_hold",
        Text(ru="Среднее удержание", en="Average hold"),
        Text(ru="Удержания, на отвеченный.", en="Holds, an answered contact."),
        ("hold_ms",),
        _HOLD,
        "answered",
        _LATE,
    ),
    _mean(
        "average_wrap_up",
        Text(ru="Средняя работа после разговора", en="Average wrap-up"),
        Text(ru="Работа после разговора, на отвеченный.", en="Wrap-up, an answered contact."),
        ("wrap_up_ms",),
        _WRAP,
        "answered",
        _LATE,
    ),
)

_SETTLED: Final = (CallAnswered, CallRejected, CallRangOut)

OFFERS: Final = (
    Measure(
        name="rona",
        title=Text(ru="Не снято агентом (RONA)", en="Redirected on no answer (RONA)"),
        meaning=Text(
            ru="Предложений, которые агент не принял за время звонка, среди решённых предложений.",
            en="Offers that rang out at the agent, of all settled offers.",
        ),
        unit="share",
        formula=Formula(over=("rang_out",), under=("offers",)),
        source=WFM_LABS,
        events=_SETTLED,
        edges=(NO_CALLS,),
    ),
    Measure(
        name="rejection",
        title=Text(ru="Отклонено агентом", en="Rejected by agents"),
        meaning=Text(
            ru="Предложений, от которых агент отказался сам, среди решённых предложений.",
            en="Offers that agents did not want, of all settled offers.",
        ),
        unit="share",
        formula=Formula(over=("rejected",), under=("offers",)),
        source=HOUSE,
        events=_SETTLED,
        edges=(NO_CALLS,),
    ),
)

HANDLING: Final = (*MEANS, *OFFERS)
