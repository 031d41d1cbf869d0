"""The settings of geo."""

from contact_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What geo needs: no more than what every service has."""
