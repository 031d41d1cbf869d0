"""What the router decided, said for people, in Russian and English.

Names of places stand alone ("Саранск: свободен 1 оператор"), so that no name has to be inflected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contact_events.calls import Text
from contact_events.routing import (
    CallOverflowed,
    CallRescinded,
    CallRouted,
    RouterProgress,
    SiteStatusChanged,
)
from router.domain.evolve import OwnDecision
from router.domain.explain import COUNTED_AS, Account

MOST_SITES: Final = 3
"""Of how many sites a sentence tells who was free there; the others together."""


@dataclass(frozen=True, slots=True)
class Names:
    """What people call sites, queues and skills, by document id; where nothing is known, the id."""

    texts: Mapping[str, Text] = field(default_factory=dict)

    def of(self, kind: str, item: str | None) -> Text:
        """Return the name of a `site`, `queue` or `skill`."""
        known = self.texts.get(f"{kind}:{item}")
        return known if known is not None else Text(item or "?", item or "?")


def number_ru(count: int, one: str, few: str, many: str) -> str:
    """Return the form that agrees with the number: for 1, for 2 to 4, for 5 and more."""
    if count % 10 == 1 and count % 100 != 11:
        return one
    return few if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else many


def free_ru(count: int) -> str:
    """Return how many agents are free, in Russian."""
    if count == 0:
        return "никто не свободен"
    verb = number_ru(count, "свободен", "свободны", "свободно")
    return f"{verb} {count} {number_ru(count, 'оператор', 'оператора', 'операторов')}"


_SELECTED: Final[dict[str | None, Text]] = {
    "longest_idle": Text("дольше всех свободен {}", "the longest idle was {}"),
    "least_occupied": Text("меньше всех занят был {}", "the least occupied was {}"),
    "most_skilled": Text("лучше всех владеет навыками {}", "the most skilled was {}"),
    "least_skilled": Text("меньше всех других навыков у {}", "the least versatile was {}"),
    "round_robin": Text("следующим по очереди был {}", "the next in turn was {}"),
}
_CHOSEN: Final = Text("выбран {}", "{} was chosen")
_HOME_NOT_FIRST: Final = Text(
    "своя площадка преимущества не имеет", "home does not go before other sites"
)

_ENDS: Final = {
    "callback": Text("предложен обратный звонок", "a call-back is offered"),
    "voicemail": Text("предложено оставить сообщение", "voicemail is offered"),
    "sender": Text("вызов возвращён тому, кто его передал", "the call goes back to its sender"),
    "end": Text("вызов завершается", "the call ends"),
}
_REASONS: Final = {
    "max_wait": Text("Вызов ждал столько, сколько разрешено", "The call waited as long as it may"),
    "no_such_queue": Text("Такой очереди нет", "There is no such queue"),
    "agent_unavailable": Text(
        "В системе нет никого, кто мог бы принять вызов",
        "Nobody who could take the call is there",
    ),
    "order": Text("По распоряжению", "By order"),
}
_ASKED_BACK: Final = {
    "expired": Text("{} не ответил на предложение вовремя", "{} did not answer the offer in time"),
    "site_closed": Text(
        "Площадка, где работает {}, больше не принимает вызовы",
        "The site of {} takes no more calls",
    ),
    "order": Text("Предложение, сделанное {}, отозвано", "The offer to {} is taken back by order"),
}
_STATUSES: Final = {
    "open": Text("принимает вызовы", "takes calls"),
    "draining": Text("заканчивает начатые разговоры", "finishes what it has begun"),
    "closed": Text("закрыта", "is closed"),
    "lost": Text("потеряна", "is lost"),
}
_CAUSES: Final = {
    "order": Text("по распоряжению", "by order"),
    "rule": Text("по правилу", "by rule"),
}


def decision_sentence(decision: OwnDecision, names: Names, account: Account | None = None) -> Text:
    """Return the decision in a sentence; with the account it names who was free where."""
    match decision:
        case CallRouted():
            return _offer(decision, names, account)
        case CallOverflowed(to=to, reason=reason, queue_id=queue_id):
            why, queue = _because(_REASONS[reason], account), names.of("queue", queue_id)
            end = _ENDS.get(to) or Text(
                f"вызов переведён в очередь «{queue.ru}»", f"the call goes to the queue {queue.en}"
            )
            return Text(f"{why.ru}: {end.ru}.", f"{why.en}: {end.en}.")
        case CallRescinded(agent_id=agent_id, reason=reason):
            asked = _ASKED_BACK[reason]
            return Text(
                f"{asked.ru.format(agent_id)}: вызов снова ждёт.",
                f"{asked.en.format(agent_id)}: the call waits again.",
            )
        case SiteStatusChanged(site_id=site_id, status=status, cause=cause):
            site, said, by = names.of("site", site_id), _STATUSES[status], _CAUSES[cause]
            return Text(
                f"{site.ru}: площадка {said.ru} ({by.ru}).", f"{site.en} {said.en} ({by.en})."
            )
        case RouterProgress():
            return Text("Решать было нечего.", "There was nothing to decide.")


def _because(reason: Text, account: Account | None) -> Text:
    """Return the reason, with how many could have taken the call and were not free."""
    if account is None or not account.candidates:
        return reason
    able = sum(each.reason not in COUNTED_AS for each in account.candidates)
    if not able:
        return Text(
            f"{reason.ru} (никто не может его принять)", f"{reason.en} (nobody can take it)"
        )
    of_ru = number_ru(able, "оператора", "операторов", "операторов")
    return Text(
        f"{reason.ru} (из {able} {of_ru}, кто мог бы его принять, никто не свободен)",
        f"{reason.en} (of {able} who could take it nobody is free)",
    )


def _offer(offer: CallRouted, names: Names, account: Account | None) -> Text:
    site = names.of("site", offer.site_id)
    one = offer.why.selection is None
    if one and offer.why.step == "named":
        found = Text("вызов ждал именно этого оператора", "the call waited for this agent by name")
    elif one and offer.why.step == "preferred":
        found = Text(
            "вызов ждал своего предпочтительного оператора",
            "the call waited for its preferred agent",
        )
    else:
        found = _search(offer, names, account)
    waited = f"{offer.why.waited_s:.0f}"
    return Text(
        f"Предложен оператору {offer.agent_id} ({site.ru}) через {waited} с ожидания: {found.ru}.",
        f"Offered to {offer.agent_id} ({site.en}) after waiting {waited} s: {found.en}.",
    )


def _search(offer: CallRouted, names: Names, account: Account | None) -> Text:
    """Return who was free where, and why this one of them."""
    needed = _needed(account, names)
    parts = _places(offer, names, account, needed) if account else _counts(offer, names)
    parts += _compared(offer)
    selected = _SELECTED.get(offer.why.selection or "", _CHOSEN)
    if offer.why.eligible > 1:
        parts.append(Text(selected.ru.format(offer.agent_id), selected.en.format(offer.agent_id)))
    return _joined(parts)


def _places(offer: CallRouted, names: Names, account: Account, needed: Text) -> list[Text]:
    """Return how many were free at home, and where else if home did not decide."""
    home, within = offer.why.home_site_id, account.eligible_at
    at_home = within.pop(home, 0) if home is not None else 0
    parts = []
    if home is not None:
        parts.append(_at_home(names.of("site", home), at_home, needed))
        if at_home and offer.home_first:
            return parts
        if not at_home and (beyond := account.free_at.get(home)):
            parts.append(
                Text(
                    f"на этом шаге там не ищут, хотя {free_ru(beyond)}",
                    f"this step does not look there, where {beyond} would be free",
                )
            )
    others = sorted((-count, site_id) for site_id, count in within.items())
    for count, site_id in others[:MOST_SITES]:
        site = names.of("site", site_id)
        parts.append(Text(f"{site.ru}: {free_ru(-count)}", f"{-count} free in {site.en}"))
    if left := -sum(count for count, _ in others[MOST_SITES:]):
        parts.append(Text(f"на других площадках: {free_ru(left)}", f"{left} free elsewhere"))
    if at_home and within:
        parts.append(_HOME_NOT_FIRST)
    return parts


def _at_home(site: Text, count: int, needed: Text) -> Text:
    said = f"{count} free in {site.en} (home)" if count else f"nobody free in {site.en}"
    return Text(f"{site.ru}: {free_ru(count)}{needed.ru}", f"{said}{needed.en}")


def _counts(offer: CallRouted, names: Names) -> list[Text]:
    """Return what the counts of the decision alone tell."""
    why = offer.why
    if not offer.home_first:
        free = Text(f"на этом шаге: {free_ru(why.eligible)}", f"{why.eligible} free at this step")
        return [free, _HOME_NOT_FIRST]
    if why.home_site_id is None or offer.site_id == why.home_site_id:
        return [Text(free_ru(why.eligible), f"{why.eligible} free")]
    home = names.of("site", why.home_site_id)
    return [
        Text(f"{home.ru}: {free_ru(0)}", f"nobody to be had in {home.en}"),
        Text(f"в других местах: {free_ru(why.eligible)}", f"{why.eligible} free elsewhere"),
    ]


def _compared(offer: CallRouted) -> list[Text]:
    """Return how long the call would have waited for its home, where that was compared."""
    waits_s = [each.home_wait_s for each in offer.why.searched if each.home_wait_s is not None]
    if not waits_s or offer.site_id == offer.why.home_site_id:
        return []
    left = f"{waits_s[-1]:.0f}"
    return [Text(f"дома ждать ещё около {left} с", f"at home it would wait some {left} s more")]


def _needed(account: Account | None, names: Names) -> Text:
    """Return the skills asked for, as the end of a phrase; nothing where none were."""
    if account is None or not account.needed:
        return Text("", "")
    skills = [(names.of("skill", skill), level) for skill, level in account.needed]
    ru = ", ".join(f"«{name.ru}» от уровня {level}" for name, level in skills)
    en = " and ".join(f"{name.en} at level {level}" for name, level in skills)
    noun = "навыком" if len(skills) == 1 else "навыками"
    return Text(f" с {noun} {ru}", f" with {en}")


def _joined(parts: list[Text]) -> Text:
    return Text("; ".join(part.ru for part in parts), "; ".join(part.en for part in parts))
