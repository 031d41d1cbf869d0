"""The router over HTTP: what people order of it, and who leads."""

from fastapi import APIRouter

from contact_runtime.http.preconditions import EtagMalformed, PreconditionMissing, RevisionStale
from router.changes import DocumentInUse
from router.desk import AtDesk, Desk, Reads
from router.documents import routes_of
from router.kinds import KINDS
from router.references import CODES
from router.views import LeadershipView

__all__ = ["FAULTS", "REFUSALS", "Desk", "routes"]

REFUSALS: dict[type[Exception], int] = {
    EtagMalformed: 400,
    DocumentInUse: 409,
    RevisionStale: 412,
    PreconditionMissing: 428,
}
FAULTS = CODES

routes = APIRouter(prefix="/v1")
for _kind in KINDS:
    routes.include_router(routes_of(_kind))


@routes.get("/leadership")
async def get_leadership(principal: Reads, desk: AtDesk) -> LeadershipView:
    """Return who leads the pool, as this replica has folded it."""
    replica = desk.loop.replica
    leadership = replica.leadership
    return LeadershipView(
        pool=replica.pool,
        epoch=leadership.epoch,
        owner=leadership.owner,
        number=leadership.number,
        leads=replica.leader is not None,
        caught_up=desk.loop.caught_up,
        read_to=dict(replica.read_to),
    )
