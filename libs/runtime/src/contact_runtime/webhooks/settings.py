"""The setting of a service that sends webhooks."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from contact_runtime.webhooks.addresses import Network, networks_of


class WebhookSettings(BaseSettings):
    """What such a service needs beside what every service has."""

    webhook_networks: str = Field(
        default="",
        description="networks inside that webhooks may go to, also unencrypted, comma separated",
    )

    @field_validator("webhook_networks")
    @classmethod
    def _are_networks(cls, written: str) -> str:
        networks_of(written)
        return written

    @property
    def named_networks(self) -> tuple[Network, ...]:
        """Networks inside that webhooks may go to."""
        return networks_of(self.webhook_networks)
