"""`make kill SERVICE=router` kills the router that leads."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from deploy.local.addresses import Addresses
from deploy.local.control import leading


class _Ops(BaseHTTPRequestHandler):
    leads = 0.0

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"router_epoch 3.0\nrouter_leads {self.leads}\n".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Leader(_Ops):
    leads = 1.0


@pytest.fixture
def addresses() -> Iterator[Addresses]:
    servers = [HTTPServer(("127.0.0.1", 0), kind) for kind in (_Ops, _Leader)]
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    ops = {f"router-{n}": f"http://127.0.0.1:{s.server_port}" for n, s in enumerate(servers, 1)}
    yield Addresses("kafka", "database", ops | {"router-0": "http://127.0.0.1:1"})
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_process_that_leads_is_found(addresses: Addresses) -> None:
    assert leading(addresses, ("router-0", "router-1", "router-2")) == "router-2"


def test_while_none_leads_none_is_named(addresses: Addresses) -> None:
    assert leading(addresses, ("router-0", "router-1", "unknown")) is None
