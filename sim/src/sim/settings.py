"""What the simulator is told, from the environment."""

from datetime import date
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the APIs are, and what day to live."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    ivr_url: str
    router_url: str
    agent_state_url: str
    reporting_url: str
    issuer_state: Path = Field(description="folder of the local issuer, which mints the tokens")
    calls: Path | None = Field(default=None, description="a real day's file instead of the profile")
    day: date | None = Field(default=None, description="which day of the file")
    hours: float = Field(default=24.0, gt=0, le=24, description="only the busiest so many hours")
    seed: int = 1
    agents: int = Field(default=70, ge=1, le=100_000)
    peak_per_hour: float = Field(default=850.0, gt=0, description="calls in the busiest hour")
