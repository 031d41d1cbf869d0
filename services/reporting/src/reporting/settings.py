"""The settings of reporting."""

from pathlib import Path

from pydantic import Field

from contact_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What reporting needs beside what every service has."""

    board_dir: Path | None = Field(default=None, description="the built pages, served at /board")
    time_zone: str = Field(default="Europe/Moscow", description="where the board's day begins")
