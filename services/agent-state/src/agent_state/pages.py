"""The plain desktop at /desktop: the built page, what it may fetch, and where ivr is."""

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_POLICY = (
    "default-src 'self'; connect-src 'self' {ivr}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class _Pages(StaticFiles):
    """Files that say to the browser from where the page may fetch."""

    def __init__(self, folder: Path, policy: str) -> None:
        super().__init__(directory=folder, html=True)
        self._policy = policy

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file with the policy."""
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = self._policy
        return response


def serve_desktop(app: FastAPI, folder: Path, ivr_url: str) -> None:
    """Serve the built page in `folder` at /desktop; it reads who calls at `ivr_url`."""

    @app.get("/desktop/addresses.json", include_in_schema=False)
    async def addresses() -> dict[str, str]:
        return {"ivr": ivr_url}

    app.mount("/desktop", _Pages(folder, _POLICY.format(ivr=ivr_url)), name="desktop")
