"""The HTTP API of billing: documents of what was agreed, and invoices."""

from fastapi import APIRouter

from contact_runtime.administration.routes import routes_of
from contact_runtime.http.preconditions import EtagMalformed, PreconditionMissing, RevisionStale
from reporting.billing import again_http, invoices_http
from reporting.billing.kinds import CODES, KINDS

__all__ = ["FAULTS", "REFUSALS", "routes"]

REFUSALS: dict[type[Exception], int] = {
    EtagMalformed: 400,
    RevisionStale: 412,
    PreconditionMissing: 428,
    **invoices_http.REFUSALS,
    **again_http.REFUSALS,
}
FAULTS = CODES

routes = APIRouter()
for kind in KINDS:
    routes.include_router(routes_of(kind))
routes.include_router(invoices_http.routes)
routes.include_router(again_http.routes)
