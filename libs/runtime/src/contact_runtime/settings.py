"""Settings that every service has, read once from the environment, never changed."""

import sys
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound="ServiceSettings")


class SettingsWrong(Exception):
    """The environment lacks a setting or holds a wrong one. One line says all faults."""

    code = "settings-wrong"


class ServiceSettings(BaseSettings):
    """The settings of a service; a service adds its own fields in its settings.py."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    kafka_bootstrap: str = Field(description="host:port, comma separated")
    partitions: int = Field(default=4, ge=1, le=1000, description="of every topic, for ever")
    database_url: str = Field(default="", description="postgresql://user@host:port/database")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    http_port: int = Field(ge=0, le=65535, description="of the API; 0 picks a free one")
    ops_port: int = Field(ge=0, le=65535, description="of health and metrics; 0 picks a free one")
    jwks: str = Field(description="path or URL of the issuer's public keys")
    jwt_issuer: str = Field(default="https://issuer.polycentre.local", description="claim iss")
    jwt_audience: str = Field(default="polycentre", description="claim aud")
    client_keys_file: Path | None = Field(default=None, description="HMAC keys of clients (JSON)")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    cors_origins: str = Field(default="", description="origins of pages, comma separated")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Origins whose pages may call the API."""
        return tuple(o.strip() for o in self.cors_origins.split(",") if o.strip())


def load_settings(cls: type[S]) -> S:
    """Return the settings that the environment holds.

    Raises:
        SettingsWrong: with every missing or wrong setting on one line, without its value.
    """
    try:
        return cls()
    except ValidationError as wrong:
        raise SettingsWrong("; ".join(_fault(e["loc"], e["msg"]) for e in wrong.errors())) from None


def settings_or_exit(cls: type[S]) -> S:
    """Return the settings, or end the process with one clear line on stderr and code 2."""
    try:
        return load_settings(cls)
    except SettingsWrong as wrong:
        print(f"{cls.__module__.split('.')[0]}: {wrong}", file=sys.stderr)
        raise SystemExit(2) from None


def _fault(loc: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in loc).upper()
    if message == "Field required":
        return f"setting {name} is missing"
    return f"setting {name} is wrong: {message[:1].lower()}{message[1:]}"
