"""The five service levels of the trade, and the one that the definition chooses."""

from typing import Final

from contact_events.calls import (
    CallAbandoned,
    CallConnected,
    CallQueued,
    CallRecovered,
    Text,
)
from reporting.domain.measures.definition import Variant
from reporting.domain.measures.formula import Formula
from reporting.domain.measures.measure import Measure

ICMI: Final = "ICMI, QueueTips: Service Level Calculations (2002), formula"
CISCO: Final = "Cisco Unified CCE, Service Level Type"
GENESYS: Final = "Genesys Cloud, Configure the service level calculation"
WFM_LABS: Final = "WFM Labs, Contact Center Metrics Glossary"

IN_TIME: Final = "answered_in_{threshold}"
GONE_IN_TIME: Final = "abandoned_in_{threshold}"

NO_CALLS: Final = Text(
    ru="Делить не на что: значения нет («нет вызовов» не равно «100 %»).",
    en='Nothing to divide by: no value ("no calls" is not "100 %").',
)
BORDERS: Final = Text(
    ru="Поступил в одном интервале, отвечен в следующем: доля интервала может быть выше 1; "
    "`carried_over` говорит, на сколько вызовов.",
    en="Offered in one interval and answered in the next: an interval's share may exceed 1; "
    "`carried_over` tells by how many contacts.",
)
THRESHOLD: Final = Text(
    ru="Ответ ровно на пороге T — вовремя; отказ ровно на пороге T — уже нет.",
    en="Answered at exactly T is in time; abandoned at exactly T is not within T.",
)
_EDGES: Final = (NO_CALLS, BORDERS, THRESHOLD)

FORMULAS: Final[dict[Variant, Formula]] = {
    "answered_only": Formula(over=(IN_TIME,), under=("answered",)),
    "positive": Formula(over=(IN_TIME, GONE_IN_TIME), under=("offered",)),
    "ignore": Formula(over=(IN_TIME,), under=("offered", f"-{GONE_IN_TIME}")),
    "short_abandons_excluded": Formula(over=(IN_TIME,), under=("offered", "-abandoned_in_{short}")),
    "negative": Formula(over=(IN_TIME,), under=("offered",)),
}

_MADE_OF: Final = (CallQueued, CallRecovered, CallConnected, CallAbandoned)


def _level(variant: Variant, title: Text, meaning: Text, source: str, *edges: Text) -> Measure:
    return Measure(
        name=f"service_level_{variant}",
        title=title,
        meaning=meaning,
        unit="share",
        formula=FORMULAS[variant],
        source=source,
        events=_MADE_OF,
        edges=(*_EDGES, *edges),
    )


SERVICE_LEVELS: Final = (
    Measure(
        name="service_level",
        title=Text(ru="Уровень сервиса", en="Service level"),
        meaning=Text(
            ru="Один из пяти вариантов: тот, который названо определением отчёта.",
            en="One of the five variants: the one that the report's definition names.",
        ),
        unit="share",
        formula=FORMULAS["negative"],
        chosen=FORMULAS,
        source=f"{WFM_LABS}, Service Level (SL); the variants: {ICMI}s 1 to 4, {GENESYS}",
        events=_MADE_OF,
        edges=_EDGES,
    ),
    _level(
        "answered_only",
        Text(ru="Уровень сервиса: только отвеченные", en="Service level: answered only"),
        Text(
            ru="Отвечено за T среди отвеченных. Потерянные не учтены вовсе.",
            en="Answered within T of all answered. Who gave up does not count at all.",
        ),
        f"{ICMI} 2",
        Text(
            ru="Чем больше людей уходит, тем лучше показатель: сам по себе не годится для оплаты.",
            en="The more callers give up the better it looks: by itself not fit to be paid by.",
        ),
    ),
    _level(
        "positive",
        Text(ru="Уровень сервиса: потери в плюс", en="Service level: abandons count as answered"),
        Text(
            ru="Отвечено за T и ушло раньше T, среди поступивших.",
            en="Answered within T, and abandoned before T, of all offered.",
        ),
        f"{ICMI} 1; {CISCO}: Abandoned Calls have Positive Impact",
    ),
    _level(
        "ignore",
        Text(ru="Уровень сервиса: без ушедших до порога", en="Service level: abandons ignored"),
        Text(
            ru="Отвечено за T среди поступивших без тех, кто ушёл раньше T.",
            en="Answered within T of all offered without those who abandoned before T.",
        ),
        f"{ICMI} 4; {CISCO}: Ignore Abandoned Calls",
    ),
    _level(
        "short_abandons_excluded",
        Text(
            ru="Уровень сервиса: без коротких потерь",
            en="Service level: short abandons excluded",
        ),
        Text(
            ru="Отвечено за T среди поступивших без тех, кто ушёл раньше S.",
            en="Answered within T of all offered without those who abandoned before S.",
        ),
        f"{GENESYS}: without short abandons; {WFM_LABS}, Service Level (SL)",
        Text(
            ru="Не то же, что формула 5 ICMI: та прибавляет короткие потери к отвеченным.",
            en="Not ICMI's formula 5, which adds short abandons to the answered instead.",
        ),
    ),
    _level(
        "negative",
        Text(ru="Уровень сервиса: потери в минус", en="Service level: abandons count against"),
        Text(
            ru="Отвечено за T среди всех поступивших: уход звонящего показатель не улучшает.",
            en="Answered within T of all offered: giving up never improves the figure.",
        ),
        f"{WFM_LABS}, Service Level (SL); {ICMI} 3; {CISCO}: Negative Impact",
    ),
)
