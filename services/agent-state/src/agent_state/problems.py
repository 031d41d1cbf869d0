"""Refusals of the trade as problem documents: one status each."""

from typing import Any

from agent_state.domain.answers import Refused, refusal_of
from agent_state.domain.refusals import (
    REFUSALS,
    CommandIdReused,
    NotYourTeam,
    Refusal,
    UnknownAgent,
    UnknownProtocol,
)
from contact_runtime.http.problems import (
    TRY_AGAIN,
    Problem,
    ProblemType,
    document,
    not_found,
    refusal_type,
)

STATUSES: dict[type[Refusal], int] = {
    **dict.fromkeys(REFUSALS, 409),
    CommandIdReused: 422,
    UnknownProtocol: 400,
    NotYourTeam: 403,
}
_KINDS: dict[str, ProblemType] = {
    refusal.code: refusal_type(refusal, status) for refusal, status in STATUSES.items()
}


def problem_of(refused: Refused) -> Problem:
    """Return the problem that answers a refused command, with what was true."""
    if refused.code == UnknownAgent.code:
        return not_found("the agent")
    return Problem(_KINDS[refused.code], refused.detail, **refused.truth)


def problem_of_refusal(refused: Refusal) -> Problem:
    """Return the problem that answers what administrators were refused, with what was true."""
    return problem_of(refusal_of(refused))


def document_of(problem: Problem) -> dict[str, Any]:
    """Return the problem as the document that goes over a socket."""
    return document(problem.kind, problem.detail, **problem.members)


def try_again() -> Problem:
    """Return the problem of a command that could not be carried out now."""
    return Problem(TRY_AGAIN)
