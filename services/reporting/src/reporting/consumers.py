"""What reporting reads: every topic that a figure is made of."""

from contact_events.topics import (
    AGENT_STATE,
    ALERTS,
    ANSWERED,
    BILLING,
    CALL_ARRIVED,
    CALLER_LOCATED,
    QUEUE_STATE,
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

SHOWN = (*READS, BILLING, ALERTS, QUEUE_STATE)
"""What the live board follows beside: rules of alerts, alerts, and what routers expect."""
