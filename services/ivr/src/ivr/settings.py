"""The settings of ivr."""

from pydantic import Field

from contact_runtime.database import CONNECTIONS
from contact_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What ivr needs beside what every service has; `client_keys_file` makes `caller.ref`."""

    database_connections: int = Field(
        default=CONNECTIONS, ge=2, le=100, description="at most; those once opened are kept"
    )
