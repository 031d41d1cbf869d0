"""What holds for a call's after-call work: fixed at its offer, so that no change reaches it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

Mode = Literal["none", "optional", "until_done", "timed", "timed_extendable"]
MOST_BESIDE: Final = 3
"""Who has so much after-call work beside their slots does the next in the slot."""


class WrapUpRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How after-call work is done.

    `mode`: there is none; it is `optional`, beside the next call; it lasts `until_done`; or it is
    `timed` and ends by itself after `after_s` (None: as long as the agent's profile says),
    `timed_extendable` if the agent may add `extend_by_s` up to `extensions` times.

    `codes_required`: the agent cannot end it without a code. Codes are of the branch `codes_from`,
    or of the whole tree. With `calls_meanwhile` the slot is free for the next call at once and the
    work goes on beside it.
    """

    mode: Mode = "timed"
    after_s: float | None = None
    extend_by_s: float | None = None
    extensions: int | None = None
    codes_required: bool = False
    codes_from: str | None = None
    calls_meanwhile: bool = False


DEFAULT: Final = WrapUpRules()
"""What holds where no policy says anything else."""


class WrapUpPolicy(WrapUpRules, frozen=True, kw_only=True, omit_defaults=True):
    """The rules of a queue, as administrators say; while deactivated the default holds."""

    deactivated: bool = False


def of_policy(policy: WrapUpPolicy) -> WrapUpRules | None:
    """Return the rules of a policy, None where the default holds."""
    if policy.deactivated:
        return None
    return WrapUpRules(**{name: getattr(policy, name) for name in WrapUpRules.__struct_fields__})


def frees_the_slot(rules: WrapUpRules) -> bool:
    """Return whether the next call may come while this work goes on."""
    return rules.mode == "optional" or rules.calls_meanwhile


def extensions_left(rules: WrapUpRules, extended: int) -> int:
    """Return how often work that was extended so often may still be."""
    allowed = rules.extensions or 0 if rules.mode == "timed_extendable" else 0
    return max(0, allowed - extended)


def due_at(rules: WrapUpRules, began: datetime, profile_s: float) -> datetime | None:
    """Return when the work ends by itself, or None; `profile_s` is what the profile says."""
    if rules.mode == "until_done":
        return None
    return began + timedelta(seconds=profile_s if rules.after_s is None else rules.after_s)


def faults_of_rules(said: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return which fields make no sense beside the mode: the field, a code, and why."""
    mode, extendable = said.get("mode"), ("extend_by_s", "extensions")
    useless = {
        "none": ("after_s", *extendable, "codes_required", "codes_from", "calls_meanwhile"),
        "optional": (*extendable, "codes_required"),
        "until_done": ("after_s", *extendable),
        "timed": extendable,
    }.get(mode if isinstance(mode, str) else "", ())
    needed = extendable if mode == "timed_extendable" else ()
    return [
        *((field, "useless_beside", "has none of that") for field in useless if said.get(field)),
        *((field, "missing_beside", "needs it") for field in needed if said.get(field) is None),
    ]
