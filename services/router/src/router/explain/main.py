"""Every part of explaining, in the order in which they start."""

from fastapi import FastAPI

from contact_runtime.clock import Clock
from contact_runtime.consuming import consuming
from contact_runtime.ground import Ground, app_of
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.projection import folded
from contact_runtime.serve import Background
from contact_runtime.store import SqlStore
from router.explain import http
from router.explain.answers import Answer, Answers
from router.explain.consumers import READS
from router.explain.folds import Folds
from router.explain.jobs import Jobs
from router.explain.projections import project
from router.explain.settings import Settings
from router.explain.tables import READER

DESCRIPTION = "Why a call went where it went: stories, decisions with all agents, any past state."

INDEX_LINGER_S = 0.25
"""The index may be so far behind, in machine seconds: large batches cost far less."""


def background(store: SqlStore, log: Log, clock: Clock, metrics: Metrics) -> list[Background]:
    """Return what runs beside the API: the index, kept by one replica under a lease."""
    index = consuming(
        "index",
        store,
        log,
        reader=READER,
        topics=READS,
        handler=folded(project),
        clock=clock,
        metrics=metrics,
        linger_s=INDEX_LINGER_S,
    )
    return [index]


def create_explain_app(
    settings: Settings, answers: Answers, jobs: Jobs[Answer], metrics: Metrics
) -> FastAPI:
    """Return explaining's HTTP application."""
    return app_of(
        "explain",
        settings,
        metrics,
        routes=[http.routes],
        refusals=http.REFUSALS,
        description=DESCRIPTION,
        context=http.Context(answers, jobs),
    )


def folds_of(settings: Settings, log: Log, metrics: Metrics) -> Folds:
    """Return the way to the past, within the limits of the settings."""
    return Folds(
        log,
        settings.partitions,
        metrics,
        at_once=settings.folds_at_once,
        waiting=settings.folds_waiting,
        kept=settings.states_kept,
    )


async def main(settings: Settings) -> int:
    """Run explaining until it is told to stop; return the exit code."""
    ground = await Ground.of("explain", settings)
    store = ground.store()
    folds = folds_of(settings, ground.log, ground.metrics)
    jobs: Jobs[Answer] = Jobs(settings.patience_s)
    answers = Answers(store.engine, folds, ground.clock)
    app = create_explain_app(settings, answers, jobs, ground.metrics)
    try:
        tasks = background(store, ground.log, ground.clock, ground.metrics)
        return await ground.serve(app, tasks)
    finally:
        folds.close()
        await jobs.close()
        await store.close()
