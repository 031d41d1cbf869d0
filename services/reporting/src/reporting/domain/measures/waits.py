"""Measures of waits in queues: counts and shares."""

from typing import Final

from contact_events.calls import (
    CallAbandoned,
    CallConnected,
    CallDiverted,
    CallFailed,
    CallQueued,
    CallRecovered,
    Text,
)
from contact_events.registry import Event
from contact_events.routing import CallRouted
from reporting.domain.measures.formula import Formula
from reporting.domain.measures.measure import Measure, Moment
from reporting.domain.measures.service_levels import BORDERS, NO_CALLS, WFM_LABS

HOUSE: Final = "this project's records, docs/adr/0009"

_ENDS: Final = (CallAbandoned, CallDiverted, CallFailed)


def count_of(
    name: str, title: Text, meaning: Text, *events: type[Event], counted: Moment = "happened"
) -> Measure:
    """Return the measure that counts what is called `name` in the sums."""
    return Measure(
        name=name,
        title=title,
        meaning=meaning,
        unit="contacts",
        formula=Formula(over=(name,)),
        source=HOUSE,
        events=events,
        counted=counted,
    )


COUNTS: Final = (
    count_of(
        "offered",
        Text(ru="Поступило", en="Offered"),
        Text(
            ru="Ожиданий началось: вход в очередь, перевод или переполнение в неё.",
            en="Waits that began: into the queue by flow, transfer or overflow.",
        ),
        CallQueued,
        CallRecovered,
        counted="arrived",
    ),
    count_of(
        "answered",
        Text(ru="Отвечено", en="Answered"),
        Text(ru="Ожиданий, которые кончились соединением.", en="Waits that ended in a connection."),
        CallConnected,
    ),
    count_of(
        "abandoned",
        Text(ru="Потеряно", en="Abandoned"),
        Text(ru="Ожиданий, которые прервал звонящий.", en="Waits that the caller ended."),
        CallAbandoned,
    ),
    count_of(
        "overflowed",
        Text(ru="Ушло дальше", en="Overflowed"),
        Text(
            ru="Ожиданий, которые продолжились в другом месте без соединения.",
            en="Waits that went on elsewhere without a connection.",
        ),
        CallQueued,
        CallDiverted,
    ),
    count_of(
        "failed",
        Text(ru="Сорвалось", en="Failed"),
        Text(
            ru="Ожиданий, которые не смог продолжить сам центр.",
            en="Waits with which the centre itself could not go on.",
        ),
        CallFailed,
    ),
    count_of(
        "callbacks",
        Text(ru="Обратные звонки", en="Callbacks"),
        Text(
            ru="Ожиданий, которые кончились обещанием перезвонить.",
            en="Waits that ended in the promise to call back.",
        ),
        CallDiverted,
    ),
    count_of(
        "transfers_in",
        Text(ru="Переводы сюда", en="Transfers in"),
        Text(
            ru="Поступивших, которых прислал агент, а не меню.",
            en="Offered that an agent sent here, not a flow.",
        ),
        CallQueued,
        counted="arrived",
    ),
    count_of(
        "transfers_out",
        Text(ru="Переводы отсюда", en="Transfers out"),
        Text(
            ru="Отвеченных, которых агент отправил дальше.",
            en="Answered that the agent then sent on.",
        ),
        CallConnected,
        CallQueued,
    ),
    Measure(
        name="carried_over",
        title=Text(ru="Перешло через границу", en="Carried over"),
        meaning=Text(
            ru="На сколько больше ожиданий началось, чем кончилось: столько ждёт дольше интервала; "
            "ниже нуля — кончилось больше, чем началось.",
            en="How many more waits began than ended: so many wait beyond the interval; below zero "
            "more ended than began.",
        ),
        unit="contacts",
        formula=Formula(over=("offered", "-answered", "-abandoned", "-overflowed", "-failed")),
        source=HOUSE,
        events=(CallQueued, CallRecovered, CallConnected, *_ENDS),
    ),
)


def _share(
    name: str, title: Text, meaning: Text, formula: Formula, *events: type[Event]
) -> Measure:
    return Measure(
        name=name,
        title=title,
        meaning=meaning,
        unit="share",
        formula=formula,
        source=WFM_LABS,
        events=events,
        edges=(NO_CALLS, BORDERS),
    )


SHARES: Final = (
    _share(
        "abandonment",
        Text(ru="Доля потерянных", en="Abandonment"),
        Text(ru="Потеряно среди поступивших.", en="Abandoned of all offered."),
        Formula(over=("abandoned",), under=("offered",)),
        CallQueued,
        CallAbandoned,
    ),
    _share(
        "short_abandonment",
        Text(ru="Доля коротких потерь", en="Short abandonment"),
        Text(
            ru="Ушло раньше S секунд, среди поступивших.",
            en="Abandoned before S seconds, of all offered.",
        ),
        Formula(over=("abandoned_in_{short}",), under=("offered",)),
        CallQueued,
        CallAbandoned,
    ),
    _share(
        "abandonment_without_short",
        Text(ru="Доля потерь без коротких", en="Abandonment without short ones"),
        Text(
            ru="Потеряно через S секунд и позже, среди поступивших без коротких потерь.",
            en="Abandoned after S seconds or more, of offered without short abandons.",
        ),
        Formula(
            over=("abandoned", "-abandoned_in_{short}"), under=("offered", "-abandoned_in_{short}")
        ),
        CallQueued,
        CallAbandoned,
    ),
    _share(
        "callback_share",
        Text(ru="Доля обратных звонков", en="Callback share"),
        Text(ru="Обратных звонков среди поступивших.", en="Callbacks of all offered."),
        Formula(over=("callbacks",), under=("offered",)),
        CallQueued,
        CallDiverted,
    ),
    _share(
        "transfer_share",
        Text(ru="Доля переводов", en="Transfer share"),
        Text(ru="Переведено дальше среди отвеченных.", en="Transferred onwards of all answered."),
        Formula(over=("transfers_out",), under=("answered",)),
        CallConnected,
        CallQueued,
    ),
    _share(
        "home_share",
        Text(ru="Доля ответов дома", en="Home share"),
        Text(
            ru="Отвечено на своей площадке звонящего, среди отвеченных.",
            en="Answered at the caller's home site, of all answered.",
        ),
        Formula(over=("home_answered",), under=("answered",)),
        CallRouted,
        CallConnected,
    ),
)


WAITS: Final = (*COUNTS, *SHARES)
