"""The settings of agent-state."""

from pydantic import Field

from contact_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What agent-state needs beside what every service has."""

    database_connections: int = Field(default=5, ge=2, le=100, description="kept open")
    socket_grace_s: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        description="machine seconds between an agent's last socket and their sign-out",
    )
