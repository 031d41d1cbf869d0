"""The settings of agent-state."""

from pathlib import Path

from pydantic import Field

from contact_runtime.database import CONNECTIONS
from contact_runtime.settings import ServiceSettings
from contact_runtime.webhooks.settings import WebhookSettings


class Settings(WebhookSettings, ServiceSettings):
    """What agent-state needs beside what every service has."""

    database_connections: int = Field(
        default=CONNECTIONS, ge=2, le=100, description="at most; those once opened are kept"
    )
    socket_grace_s: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        description="machine seconds between an agent's last socket and their sign-out",
    )
    desktop_dir: Path | None = Field(default=None, description="the built page, at /desktop")
    ivr_url: str = Field(
        default="",
        pattern=r"^(https?://[a-zA-Z0-9.:\[\]-]+)?$",
        description="where the page reads who calls; empty: behind the same address as the page",
    )
