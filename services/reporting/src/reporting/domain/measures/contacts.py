"""Measures of contacts as a whole: self-service, resolution at first, steps of the flow."""

from typing import Final

from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallContained,
    CallDisconnected,
    CallFlowStep,
    CallQueued,
    CallRefused,
    Text,
)
from reporting.domain.measures.formula import Formula
from reporting.domain.measures.measure import Measure
from reporting.domain.measures.service_levels import BORDERS, NO_CALLS, WFM_LABS
from reporting.domain.measures.waits import HOUSE, count_of

_ARRIVALS: Final = (
    count_of(
        "arrived",
        Text(ru="Пришло", en="Arrived"),
        Text(ru="Контактов пришло, с отказами на входе.", en="Contacts that came, refused or not."),
        CallArrived,
        counted="arrived",
    ),
    count_of(
        "contained",
        Text(ru="Решено самообслуживанием", en="Contained"),
        Text(
            ru="Контактов, которым хватило самообслуживания.",
            en="Contacts for which self-service was enough.",
        ),
        CallContained,
    ),
    count_of(
        "refused",
        Text(ru="Отказано на входе", en="Refused"),
        Text(ru="Контактов, которых не впустили.", en="Contacts that were not let in."),
        CallRefused,
    ),
    count_of(
        "abandoned_in_flow",
        Text(ru="Ушло из меню", en="Abandoned in the flow"),
        Text(
            ru="Контактов, прерванных звонящим до очереди.",
            en="Contacts that the caller ended before any queue.",
        ),
        CallAbandoned,
    ),
    Measure(
        name="contained_share",
        title=Text(ru="Доля самообслуживания", en="Contained share"),
        meaning=Text(
            ru="Решено самообслуживанием среди пришедших без отказов на входе.",
            en="Contained of all who arrived and were not refused.",
        ),
        unit="share",
        formula=Formula(over=("contained",), under=("arrived", "-refused")),
        source=WFM_LABS,
        events=(CallArrived, CallContained, CallRefused),
        edges=(NO_CALLS, BORDERS),
    ),
    Measure(
        name="average_self_service",
        title=Text(ru="Среднее самообслуживание", en="Average self-service"),
        meaning=Text(
            ru="От прихода до очереди или конца, на пришедший контакт.",
            en="From arrival to the queue or the end, a contact that arrived.",
        ),
        unit="s",
        formula=Formula(over=("self_service_ms",), under=("arrived",), scale="seconds"),
        source=HOUSE,
        events=(CallArrived, CallQueued, CallContained),
        edges=(NO_CALLS,),
    ),
)

_RESOLUTION: Final = (
    count_of(
        "resolvable",
        Text(ru="Могли быть решены сразу", en="Resolvable at first"),
        Text(
            ru="Отвеченных или решённых самообслуживанием, чей звонящий узнаваем и чей срок N дней "
            "прошёл.",
            en="Answered or contained contacts whose caller is known and whose N days have passed.",
        ),
        CallArrived,
        CallConnected,
        CallContained,
        counted="arrived",
    ),
    count_of(
        "repeated",
        Text(ru="Повторились", en="Repeated"),
        Text(
            ru="Из них: за N дней после конца тот же звонящий пришёл к тому же клиенту снова.",
            en="Of those: within N days of the end the same caller came to the same client again.",
        ),
        CallArrived,
        CallDisconnected,
        counted="arrived",
    ),
    Measure(
        name="first_contact_resolution",
        title=Text(ru="Решено с первого раза (FCR)", en="First-contact resolution (FCR)"),
        meaning=Text(
            ru="Доля контактов, за которыми в течение N дней не последовал новый от того же "
            "звонящего.",
            en="The share of contacts that no other of the same caller followed within N days.",
        ),
        unit="share",
        formula=Formula(over=("resolvable", "-repeated"), under=("resolvable",)),
        source=f"{WFM_LABS}, First Contact Resolution (FCR), by repeat contacts",
        events=(CallArrived, CallConnected, CallContained, CallDisconnected),
        counted="arrived",
        edges=(
            NO_CALLS,
            Text(
                ru="Звонящие без номера узнать нельзя: они не входят ни в одну часть.",
                en="Callers without a number cannot be known again: they are in neither part.",
            ),
            Text(
                ru="Пока N дней после конца не прошли на журнале, контакт не входит: недавние дни "
                "не кажутся лучше.",
                en="Until N days after its end have passed on the log a contact is not counted: "
                "recent days do not look better than they are.",
            ),
            Text(
                ru="Один звонящий — одна ссылка ключа клиента: у двух клиентов это разные люди.",
                en="A caller is one reference under the client's key: with two clients it is two.",
            ),
        ),
    ),
)

_STEPS: Final = (
    count_of(
        "entered",
        Text(ru="Вошло в шаг", en="Entered the step"),
        Text(ru="Приходов на шаг меню.", en="Times that callers came to the step."),
        CallFlowStep,
        counted="arrived",
    ),
    count_of(
        "step_contained",
        Text(ru="Решено на шаге", en="Contained at the step"),
        Text(ru="Контактов, решённых на этом шаге.", en="Contacts that this step contained."),
        CallFlowStep,
        CallContained,
    ),
    count_of(
        "step_abandoned",
        Text(ru="Ушло с шага", en="Abandoned at the step"),
        Text(ru="Контактов, прерванных на этом шаге.", en="Contacts that ended at this step."),
        CallFlowStep,
        CallAbandoned,
    ),
    count_of(
        "step_queued",
        Text(ru="С шага в очередь", en="Queued from the step"),
        Text(ru="Контактов, ушедших с шага в очередь.", en="Contacts that went on to a queue."),
        CallFlowStep,
        CallQueued,
    ),
    Measure(
        name="step_abandonment",
        title=Text(ru="Доля ушедших с шага", en="Abandonment at the step"),
        meaning=Text(ru="Ушло с шага среди вошедших.", en="Abandoned at the step of all entered."),
        unit="share",
        formula=Formula(over=("step_abandoned",), under=("entered",)),
        source=HOUSE,
        events=(CallFlowStep, CallAbandoned),
        edges=(NO_CALLS, BORDERS),
    ),
)

CONTACTS: Final = (*_ARRIVALS, *_RESOLUTION, *_STEPS)
