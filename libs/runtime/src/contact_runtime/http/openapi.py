"""How problem documents stand in every service's OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contact_runtime.http.problems import (
    BODY_TOO_LARGE,
    INVALID_REQUEST,
    MALFORMED_REQUEST,
    MEDIA_TYPE,
    NOT_FOUND,
    SCOPE_MISSING,
    TOKEN_MISSING,
    TRY_AGAIN,
    ProblemType,
    document,
)


class Fault(BaseModel):
    """One fault of a request."""

    model_config = ConfigDict(extra="allow")

    code: str
    detail: str


class ProblemDocument(BaseModel):
    """RFC 9457: why a request was refused; `code` never changes."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="urn:polycentre:problem: and the code")
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    request_id: str | None = None
    errors: list[Fault] | None = None


def documented(kind: ProblemType | None, description: str) -> dict[str, Any]:
    """Return how a refusal stands in OpenAPI; without a kind it has no example."""
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    if kind:
        content["example"] = document(kind, kind.title, instance="/v1/things/1")
    return {"model": ProblemDocument, "description": description, "content": {MEDIA_TYPE: content}}


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: documented(MALFORMED_REQUEST, "It cannot be read"),
    401: documented(TOKEN_MISSING, "No valid token"),
    403: documented(SCOPE_MISSING, "The token does not allow it"),
    404: documented(NOT_FOUND, "Not there, or somebody else's"),
    409: documented(None, "What is true now does not allow it"),
    413: documented(BODY_TOO_LARGE, "The body is too large"),
    422: documented(INVALID_REQUEST, "Not valid, with every fault"),
    503: documented(TRY_AGAIN, "Nothing was done; try again"),
}


def in_our_words(document: dict[str, Any]) -> None:
    """Replace what FastAPI has made up in an OpenAPI document.

    A summary is the first sentence of the description, not the name of a function; a problem has
    its own media type only; who is sent something owes us no problem document.
    """
    for path in document["paths"].values():
        for operation in path.values():
            operation["summary"] = _first_sentence(operation)
            for answer in operation["responses"].values():
                if MEDIA_TYPE in answer.get("content", {}):
                    answer["content"].pop("application/json", None)
    for path in document.get("webhooks", {}).values():
        for operation in path.values():
            operation["summary"] = _first_sentence(operation)
            operation["responses"].pop("422", None)


def _first_sentence(operation: Mapping[str, Any]) -> str:
    said = " ".join(str(operation.get("description", "")).split())
    return said.partition(". ")[0].rstrip(".")
