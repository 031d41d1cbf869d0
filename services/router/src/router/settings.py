"""The settings of the router."""

from pydantic import Field

from contact_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the router needs beside what every service has."""

    pool: str = Field(default="main", min_length=1, description="the pool this replica routes for")
