"""Measures of the waits that callers were told, against those that came."""

from typing import Final

from contact_events.calls import CallConnected, CallQueued, Text
from reporting.domain.measures.formula import Formula
from reporting.domain.measures.measure import Measure
from reporting.domain.measures.service_levels import NO_CALLS

_SOURCE: Final = (
    "R. Ibrahim, W. Whitt, Real-Time Delay Estimation Based on Delay History (2009); the estimate "
    "is the router's (docs/policy.md)"
)
_TOLD: Final = Text(
    ru="Сказанное стоит в `call.queued`. Не считаются ожидания, в начале которых роутер об очереди "
    "ещё ничего не сказал, начавшиеся с потери агента, и те, чей звонящий ушёл сам.",
    en="What was told stands in `call.queued`. Waits do not count at whose beginning the router "
    "had said nothing of the queue, nor those that began with the loss of an agent, nor those "
    "that the caller ended.",
)


def _of_what_was_told(name: str, title: Text, meaning: Text, sum_ms: str) -> Measure:
    return Measure(
        name=name,
        title=title,
        meaning=meaning,
        unit="s",
        formula=Formula(over=(sum_ms,), under=("expected_answered",), scale="seconds"),
        source=_SOURCE,
        events=(CallQueued, CallConnected),
        edges=(NO_CALLS, _TOLD),
    )


EXPECTED: Final = (
    _of_what_was_told(
        "expected_wait_error",
        Text(ru="Ошибка обещанного ожидания", en="Expected-wait accuracy"),
        Text(
            ru="Средняя разница между обещанным и бывшим ожиданием отвеченных, без знака.",
            en="The mean difference of the wait that was told and the wait that was, of answered, "
            "unsigned.",
        ),
        "expected_wait_error_ms",
    ),
    _of_what_was_told(
        "expected_wait_bias",
        Text(ru="Перекос обещанного ожидания", en="Expected-wait bias"),
        Text(
            ru="На сколько отвеченные в среднем ждали дольше обещанного; ниже нуля — меньше.",
            en="How much longer than told the answered waited in the mean; below zero: shorter.",
        ),
        "expected_wait_bias_ms",
    ),
)
