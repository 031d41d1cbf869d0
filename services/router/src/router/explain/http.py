"""Explaining over HTTP: a call's story, a decision's candidates, the state at any past moment.

Who may read calls sees the stories and decisions of theirs, and counts; who may also read routing,
and is no client, sees agents.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from contact_runtime.http.auth import Principal, bearer, require
from contact_runtime.http.bodies import Id, Moment
from contact_runtime.http.problems import SCOPE_MISSING, Problem, not_found
from router.explain.answers import (
    Answer,
    Answers,
    MomentBeforeTheLog,
    MomentInTheFuture,
    decision_job,
    state_job,
)
from router.explain.folds import NotInTheLog
from router.explain.jobs import Jobs
from router.explain.views import CallStory, DecisionView, JobView, StateView

REFUSALS: dict[type[Exception], int] = {
    MomentInTheFuture: 422,
    MomentBeforeTheLog: 422,
    NotInTheLog: 409,
}

RETRY_AFTER_S = 1
READS_CALLS, READS_ROUTING = "calls:read", "routing:read"
_LATER: dict[int | str, dict[str, Any]] = {
    202: {
        "model": JobView,
        "description": "It takes longer: ask at `Location` after `Retry-After` seconds",
    }
}

routes = APIRouter(prefix="/v1")


@dataclass(frozen=True, slots=True)
class Context:
    """What the routes need."""

    answers: Answers
    jobs: Jobs[Answer]


def context(request: Request) -> Context:
    """Return what `main` put there."""
    found: Context = request.app.state.context
    return found


Asked = Annotated[Context, Depends(context)]
CallReader = Annotated[Principal, Depends(require(READS_CALLS))]
RoutingReader = Annotated[Principal, Depends(require(READS_ROUTING))]
Anybody = Annotated[Principal, Depends(bearer)]


@routes.get("/calls/{call_id}/decisions")
async def call_decisions(call_id: Id, asked: Asked, who: CallReader) -> CallStory:
    """Return the whole way of a call, in order. A client's token sees its own calls only."""
    story = await asked.answers.story(call_id)
    who.must_read(story.client_id, "the call")
    return story


@routes.get("/decisions/{decision_id}", response_model=DecisionView, responses=_LATER)
async def decision(decision_id: Id, asked: Asked, who: CallReader) -> Response:
    """Return the decision of this id, or that made the reservation of this id, with all agents."""
    who.must_read(await asked.answers.client_of(decision_id), "the decision")
    return await _answered(asked, decision_job(decision_id), who)


@routes.get("/state", response_model=StateView, responses=_LATER)
async def state(
    asked: Asked,
    who: RoutingReader,
    at: Annotated[Moment, Query(description="business time, up to now")],
    pool: Annotated[Id, Query()] = "main",
) -> Response:
    """Return queues, waiting calls in order and agents as the router saw them at that moment."""
    who.must_read(None, "the state")
    await asked.answers.check_moment(pool, at)
    return await _answered(asked, state_job(pool, at), who)


@routes.get("/jobs/{job_id}", response_model=DecisionView | StateView, responses=_LATER)
async def job(job_id: Id, asked: Asked, who: Anybody) -> Response:
    """Return what a 202 promised. Any replica may be asked; one that knows nothing of it begins."""
    if not who.scopes & {READS_CALLS, READS_ROUTING}:
        raise Problem(SCOPE_MISSING, f"needs the scope {READS_CALLS}", scope=READS_CALLS)
    return await _answered(asked, job_id, who, fetched=True)


async def _answered(
    asked: Context, job_id: str, who: Principal, *, fetched: bool = False
) -> Response:
    answer: Answer | None = await asked.jobs.answer(job_id, lambda: asked.answers.work(job_id))
    if answer is None:
        return Response(
            JobView(job_id=job_id).model_dump_json(),
            202,
            headers={"Location": f"/v1/jobs/{job_id}", "Retry-After": str(RETRY_AFTER_S)},
            media_type="application/json",
        )
    if not fetched:
        asked.jobs.forget(job_id)
    return Response(_seen_by(answer, who), media_type="application/json")


def _seen_by(answer: Answer, who: Principal) -> bytes:
    """Return as much of the answer as this one may see.

    Raises:
        Problem: 404, it is nothing of theirs.
    """
    if who.client is None and READS_ROUTING in who.scopes:
        return answer.whole
    if READS_CALLS not in who.scopes or answer.without_agents is None:
        raise not_found("the job")
    who.must_read(answer.client_id, "the job")
    return answer.without_agents
