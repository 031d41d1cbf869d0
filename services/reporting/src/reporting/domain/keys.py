"""What the sums of a quarter of an hour are told apart by; '' where there is none."""

from datetime import datetime
from typing import NamedTuple


class QueueKey(NamedTuple):
    """A queue's quarter of an hour, by whose contacts they were."""

    interval_start: datetime
    queue_id: str
    client_id: str
    project_id: str
    channel: str


class PlaceKey(NamedTuple):
    """A place's quarter of an hour: where the caller was, at home, and answered ('' if not)."""

    interval_start: datetime
    client_id: str
    project_id: str
    region: str
    home_site_id: str
    answering_site_id: str


class ContactKey(NamedTuple):
    """A project's quarter of an hour, by channel."""

    interval_start: datetime
    client_id: str
    project_id: str
    channel: str


class StepKey(NamedTuple):
    """A flow step's quarter of an hour, by the choice that led there."""

    interval_start: datetime
    client_id: str
    project_id: str
    flow_id: str
    step: str
    choice: str


class AgentKey(NamedTuple):
    """An agent's quarter of an hour, by the site at which they were offered the call."""

    interval_start: datetime
    agent_id: str
    site_id: str
