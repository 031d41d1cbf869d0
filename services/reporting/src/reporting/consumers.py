"""What reporting reads: every topic that a figure is made of."""

from contact_events.topics import (
    AGENT_STATE,
    ANSWERED,
    CALL_ARRIVED,
    CALLER_LOCATED,
    ROUTED,
    ROUTING_CONFIG,
    WRAPPED_UP,
)

READS = (
    CALL_ARRIVED,
    CALLER_LOCATED,
    ROUTED,
    ANSWERED,
    WRAPPED_UP,
    AGENT_STATE,
    ROUTING_CONFIG,
)
