"""The settings of the router."""

from pydantic import Field

from contact_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the router needs beside what every service has."""

    pool: str = Field(default="main", min_length=1, description="the pool this replica routes for")
    snapshot_every: int = Field(
        default=100_000, ge=100, description="records from one snapshot of the state to the next"
    )
    foreign_wait_s: float = Field(
        default=30.0,
        ge=0,
        description="silence after which it leads though its code is not the last leader's",
    )
