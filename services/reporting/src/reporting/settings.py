"""The settings of reporting."""

from pathlib import Path

from pydantic import Field

from contact_runtime.settings import ServiceSettings
from reporting.bi import ValueFormat


class Settings(ServiceSettings):
    """What reporting needs beside what every service has."""

    board_dir: Path | None = Field(default=None, description="the built pages, served at /board")
    value_format: ValueFormat = Field(
        default="json", description="of the rows on bi.*; with schema for Kafka Connect's JDBC sink"
    )
    time_zone: str = Field(default="Europe/Moscow", description="where the board's day begins")
