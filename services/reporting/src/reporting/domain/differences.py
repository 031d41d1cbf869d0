"""What of a view has changed since the last one, and whether that can be told as a change."""

from collections.abc import Iterable
from typing import Any, cast

from reporting.domain.shown import AwayFlow, Changes, View

KEYED = {"sites": "site_id", "queues": "queue_id"}


def comparable(before: View, now: View) -> bool:
    """Tell whether both show the same sites and queues; if not, a new snapshot is owed."""
    return all(_ids(before, name) == _ids(now, name) for name in KEYED)


def difference(before: View, now: View) -> Changes:
    """Return what changed: of sites, queues and flows the changed entries, other parts whole.

    A flow that is no more comes with 0 calls.
    """
    was = cast("dict[str, Any]", before)
    changes = {name: part for name, part in now.items() if part != was[name]}
    for name, key in KEYED.items():
        if name in changes:
            known = {entry[key]: entry for entry in was[name]}
            found = cast("list[dict[str, Any]]", changes[name])
            changes[name] = [entry for entry in found if entry != known[entry[key]]]
    if "away" in changes:
        gone = [flow | {"calls": 0} for flow in before["away"] if _no_more(flow, now["away"])]
        changes["away"] = [flow for flow in now["away"] if flow not in before["away"]] + gone
    return cast("Changes", changes)


def _no_more(flow: AwayFlow, flows: Iterable[AwayFlow]) -> bool:
    return all((flow["from"], flow["to"]) != (other["from"], other["to"]) for other in flows)


def _ids(view: View, name: str) -> list[str]:
    return [entry[KEYED[name]] for entry in cast("dict[str, Any]", view)[name]]
