"""The client's own page about a call: a URL with variables, filled in for each call.

A value is percent-encoded whole and stands in path, query or fragment only, so that nothing that a
caller or a flow says can lead the agent to another place.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from contact_events.calls import Text

VARIABLES: Final = (
    "attempt",
    "call_id",
    "client",
    "country",
    "customer_ref",
    "project",
    "queue",
    "region",
    "reservation_id",
)
MOST_CHARACTERS: Final = 2_000

_VARIABLE: Final = re.compile(r"\{([A-Za-z0-9_.-]*)\}")
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
_OF_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_STEPS: Final = frozenset({".", ".."})


class ScreenPop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The page about a project's calls: how the agent's button is called, and where it leads."""

    name: Text
    url: str
    deactivated: bool = False


class Page(msgspec.Struct, frozen=True):
    """The page about one call, on the agent's screen."""

    name: Text
    url: str


class Wrong(NamedTuple):
    """What is wrong with a template: a stable code, and the words."""

    code: str
    detail: str


def page(pop: ScreenPop, values: Mapping[str, str | None]) -> Page:
    """Return the page of a call; what is not known of it is left empty."""
    return Page(pop.name, _VARIABLE.sub(lambda found: _encoded(values.get(found[1])), pop.url))


def wrongs(url: str) -> list[Wrong]:
    """Return all that is wrong with a template; nothing if it can be used."""
    unknown = sorted({found for found in _VARIABLE.findall(url) if found not in VARIABLES})
    told = [Wrong("unknown_variable", f"{{{name}}}: not one of {_LIST}") for name in unknown]
    bare = _VARIABLE.sub("", url)
    if not _CHARACTERS.fullmatch(bare):
        told.append(Wrong("not_a_url", "a brace without its other half, or what no URL holds"))
    return told + _wrongs_of_place(url)


def _wrongs_of_place(url: str) -> list[Wrong]:
    """Return what is wrong with where a template leads."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as why:
        return [Wrong("not_a_url", str(why))]
    told: list[Wrong] = []
    if not host:
        told.append(Wrong("not_a_url", "no host: write https://crm.example/.."))
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _OF_THIS_MACHINE):
        told.append(Wrong("not_https", "https, or http to the agent's own machine (localhost)"))
    if "@" in parts.netloc:
        told.append(Wrong("password_in_url", "no user and no password: agents would read them"))
    if "{" in parts.netloc or "{" in parts.scheme:
        told.append(Wrong("variable_in_host", "variables stand behind the host"))
    return told


_LIST: Final = ", ".join(VARIABLES)


def _encoded(value: str | None) -> str:
    if value is None or value in _STEPS:  # a lone dot or two would be a step in the path
        return ""
    return quote(value, safe="")
