"""The router's routing against what the theory allows: simulated days, the production domain."""

from bench.routing.tables import measure

__all__ = ["measure"]
