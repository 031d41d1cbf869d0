"""A call's way in sentences: what happened to it, and what the router decided of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from contact_events.calls import Text as Words
from contact_events.registry import EVENTS
from contact_events.routing import Decision
from router.domain.evolve import own
from router.domain.sentences import Names, decision_sentence
from router.explain.queries import Told
from router.explain.views import StoryEntry, Text

_RANKS: Final = {"call-arrived": 0, "caller-located": 1, "routed": 2, "answered": 3}
"""Of moments at the same time: what leads to the others first."""

_TEMPLATES: Final = {
    "call.arrived": Words("Вызов поступил на площадку {site_ru}", "The call arrived at {site_en}"),
    "caller.located": Words("Регион звонящего: {region}", "The caller's region: {region}"),
    "call.queued": Words(
        "Ждёт: {goal_ru}, попытка {attempt}", "Waits for {goal_en}, attempt {attempt}"
    ),
    "call.recovered": Words(
        "Оператор потерян ({reason_ru}): снова ждёт первым, {goal_ru}, попытка {attempt}",
        "The agent was lost ({reason_en}): waits first again for {goal_en}, attempt {attempt}",
    ),
    "call.priority_changed": Words("Приоритет теперь {priority}", "The priority is now {priority}"),
    "call.connected": Words("Соединён с оператором {agent_id}", "Joined with agent {agent_id}"),
    "call.party_joined": Words("Присоединился оператор {agent_id}", "Agent {agent_id} joined"),
    "call.party_left": Words("Оператор {agent_id} отключился", "Agent {agent_id} left"),
    "call.contained": Words("Хватило самообслуживания", "Self-service was enough"),
    "call.refused": Words("Не принят ({reason_ru})", "Not let in ({reason_en})"),
    "call.abandoned": Words("Звонящий положил трубку", "The caller left"),
    "call.diverted": Words("Продолжается иначе ({to_ru})", "Goes on elsewhere ({to_en})"),
    "call.disconnected": Words("Разговор окончен ({by_ru})", "The talk is over ({by_en})"),
    "call.failed": Words("Прерван ({reason_ru})", "Could not go on ({reason_en})"),
    "call.answered": Words("Оператор {agent_id} принял вызов", "Agent {agent_id} took the offer"),
    "call.rejected": Words(
        "Предложение оператору {agent_id} отклонено ({reason_ru})",
        "The offer to {agent_id} was rejected ({reason_en})",
    ),
    "call.rang_out": Words(
        "Оператор {agent_id} не ответил за {rang_for_s:.0f} с",
        "Agent {agent_id} did not answer for {rang_for_s:.0f} s",
    ),
    "call.held": Words(
        "Оператор {agent_id} поставил на удержание", "Agent {agent_id} put it on hold"
    ),
    "call.resumed": Words(
        "Оператор {agent_id} снял с удержания", "Agent {agent_id} took it off hold"
    ),
    "call.release_requested": Words(
        "Оператор {agent_id} положил трубку", "Agent {agent_id} hung up"
    ),
    "call.supervise_requested": Words(
        "К разговору подключается {supervisor_id} ({mode})", "{supervisor_id} joins in ({mode})"
    ),
    "call.transfer_requested": Words(
        "Оператор {agent_id} попросил перевести вызов", "Agent {agent_id} asked for a transfer"
    ),
    "call.consult_requested": Words(
        "Оператор {agent_id} попросил консультацию", "Agent {agent_id} asked for a consultation"
    ),
}


_VALUES: Final = {
    ("by", "caller"): Words("звонящий положил трубку", "the caller hung up"),
    ("by", "agent"): Words("оператор положил трубку", "the agent hung up"),
    ("by", "system"): Words("завершила система", "ended by the system"),
    ("to", "callback"): Words("обратный звонок", "a call-back"),
    ("to", "voicemail"): Words("голосовое сообщение", "voicemail"),
    ("to", "outside"): Words("вне центра", "outside the centre"),
    ("to", "pool"): Words("другой пул", "another pool"),
    ("to", "parent"): Words("основной вызов", "the call that it was about"),
    ("reason", "leg_lost"): Words("линия оборвалась", "the line broke"),
    ("reason", "agent_offline"): Words("вышел из системы", "went offline"),
    ("reason", "not_joined"): Words("не удалось соединить", "could not be joined"),
    ("reason", "closed"): Words("закрыто", "closed"),
    ("reason", "blocked"): Words("номер заблокирован", "the number is blocked"),
    ("reason", "full"): Words("нет места", "full"),
    ("reason", "no_agent"): Words("нет оператора", "no agent"),
    ("reason", "gateway_lost"): Words("потерян шлюз", "the gateway was lost"),
    ("reason", "no_such_queue"): Words("такой очереди нет", "no such queue"),
    ("reason", "too_long"): Words("слишком долго", "too long"),
    ("reason", "agent"): Words("оператор отказался", "the agent declined"),
    ("reason", "not_ready"): Words("оператор уже не готов", "the agent was not ready any more"),
    ("reason", "caller_gone"): Words("звонящий уже ушёл", "the caller had gone"),
    ("reason", "rescinded"): Words("отозвано", "it was taken back"),
    ("reason", "already_taken"): Words("вызов уже принят", "the call was taken already"),
    ("reason", "superseded"): Words("вызов уже ждёт в другом месте", "the call waits elsewhere"),
    ("reason", "stale"): Words("предложение устарело", "the offer came too late"),
}
"""What values mean. One that is not here yet is shown as it stands."""


def entries(told: Sequence[Told], names: Names, call_id: str) -> list[StoryEntry]:
    """Return the moments in their order, each with its sentence.

    By business time; those of one topic keep the topic's order whatever their times say.
    """
    timed = sorted(_timed(told), key=lambda pair: (pair[0], _RANKS.get(pair[1].topic, 9)))
    return [
        StoryEntry(
            at=moment.at,
            kind=moment.kind,
            topic=moment.topic,
            offset=moment.offset,
            said=moment.said,
            sentence=Text.of(sentence(moment, names, call_id)),
            decision_id=moment.decision_id,
        )
        for _, moment in timed
    ]


def sentence(moment: Told, names: Names, call_id: str) -> Words:
    """Return the moment for people."""
    if moment.decision_id is not None:
        at = {"pool": moment.pool, "call_id": call_id, "decided_at": moment.at, "positions": {}}
        shape = EVENTS[moment.kind].shape
        event = msgspec.convert({**moment.said, **at}, shape)
        assert isinstance(event, Decision)
        return decision_sentence(own(event), names)
    template = _TEMPLATES.get(moment.kind)
    if template is None:
        return Words(f"{moment.kind}.", f"{moment.kind}.")
    about = _about(moment.said, names)
    return Words(f"{template.ru.format_map(about)}.", f"{template.en.format_map(about)}.")


class _About(dict[str, Any]):
    """What a template may name; what was not said is a dash."""

    def __missing__(self, key: str) -> str:
        return "—"


def _about(said: dict[str, Any], names: Names) -> _About:
    site, queue = (
        names.of("site", said.get("entry_site_id")),
        names.of("queue", said.get("queue_id")),
    )
    goal = Words(f"очередь «{queue.ru}»", f"the queue {queue.en}")
    if said.get("agent_id") and not said.get("queue_id"):
        goal = Words(f"оператор {said['agent_id']}", f"agent {said['agent_id']}")
    words = _words(said)
    known = {name: value for name, value in said.items() if value is not None}
    named = {"site_ru": site.ru, "site_en": site.en, "goal_ru": goal.ru, "goal_en": goal.en}
    return _About(known | named | words)


def _words(said: dict[str, Any]) -> dict[str, str]:
    """Return what the fields that hold a word of ours mean: `reason_ru`, `reason_en`, ..."""
    found: dict[str, str] = {}
    for name in ("reason", "by", "to"):
        if (value := said.get(name)) is not None:
            meant = _VALUES.get((name, value), Words(str(value), str(value)))
            found |= {f"{name}_ru": meant.ru, f"{name}_en": meant.en}
    return found


def _timed(told: Sequence[Told]) -> Iterator[tuple[datetime, Told]]:
    """Yield each moment with the latest time that its topic had reached by then."""
    latest: dict[str, datetime] = {}
    for moment in told:
        at = latest[moment.topic] = max(moment.at, latest.get(moment.topic, moment.at))
        yield at, moment
