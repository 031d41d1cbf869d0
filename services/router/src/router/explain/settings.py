"""The settings of explaining."""

from pydantic import Field

from contact_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What explaining needs beside what every service has."""

    folds_at_once: int = Field(default=2, ge=1, le=16, description="each holds a state in memory")
    folds_waiting: int = Field(default=20, ge=0, le=1000, description="more are refused")
    states_kept: int = Field(default=4, ge=0, le=100, description="to go on from; 0 keeps none")
    patience_s: float = Field(default=1.0, gt=0, le=30, description="then the answer is a job")
