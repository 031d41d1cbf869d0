"""The settings of reporting."""

from pathlib import Path

from pydantic import Field, SecretStr

from contact_runtime.settings import ServiceSettings
from contact_runtime.webhooks.settings import WebhookSettings
from reporting.bi import ValueFormat


class Settings(WebhookSettings, ServiceSettings):
    """What reporting needs beside what every service has."""

    board_dir: Path | None = Field(default=None, description="the built pages, served at /board")
    value_format: ValueFormat = Field(
        default="json", description="of the rows on bi.*; with schema for Kafka Connect's JDBC sink"
    )
    time_zone: str = Field(default="Europe/Moscow", description="where days begin")
    cursor_key: SecretStr | None = Field(
        default=None,
        description="signs the cursors of pages, the same for all replicas; without it each "
        "process has a key of its own",
    )
