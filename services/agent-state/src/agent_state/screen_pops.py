"""Screen pops as documents: for each project, the client's own page about a call."""

from typing import Final

from pydantic import Field

from agent_state.document_bodies import Deactivated
from agent_state.domain.screen_pop import MOST_CHARACTERS, VARIABLES, ScreenPop, wrongs
from contact_runtime.administration.bodies import DocumentBody, DocumentView
from contact_runtime.administration.documents import Found, Said
from contact_runtime.http.bodies import Id
from contact_runtime.http.documents import Fault, Name
from contact_runtime.rows import Unit

CODES: Final = {
    "unknown_variable": f"The variables of a screen pop are {', '.join(VARIABLES)}.",
    "not_a_url": "The template is no URL with a host: braces, characters or port are wrong.",
    "not_https": "A screen pop leads to https, or by http to the agent's own machine.",
    "password_in_url": "The template names a user or a password; agents would read them.",
    "variable_in_host": "Variables stand in path, query or fragment only.",
}
"""The codes of faults of screen pops, with their meaning."""


class ScreenPopBody(DocumentBody):
    """The page of the client's CRM about a call; agents of the call get its finished URL."""

    content = ScreenPop

    name: Name
    url: str = Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="with variables in braces, each percent-encoded, empty where not known: "
        + ", ".join(VARIABLES),
        examples=["https://crm.example/open?case={customer_ref}&call={call_id}&queue={queue}"],
    )
    deactivated: Deactivated = Field(default=False, examples=[False])


class ScreenPopView(ScreenPopBody, DocumentView):
    """A screen pop as ordered."""

    project_id: Id


async def faults(unit: Unit, project_id: str, said: Said, last: Found) -> list[Fault]:
    """Return all that makes no sense in a screen pop."""
    url = said.get("url")
    if not isinstance(url, str) or not url:
        return []
    return [Fault(("url",), wrong.code, wrong.detail) for wrong in wrongs(url[:MOST_CHARACTERS])]
