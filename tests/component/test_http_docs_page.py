"""The API's own page works on a machine that reaches nothing else."""

import re

import httpx
from fastapi import APIRouter

from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth


async def test_the_docs_page_fetches_everything_from_the_service_itself() -> None:
    app = create_app("demo", routes=[APIRouter()], auth=Auth("nowhere", "i", "a"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as client:
        page = await client.get("/docs")
        assert page.status_code == 200
        fetched = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert fetched
        for address in fetched:
            assert address.startswith("http://demo/"), address
            assert (await client.get(address)).status_code == 200
