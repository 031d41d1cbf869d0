"""What explaining reads for its index: whatever is said of calls and of names."""

from contact_events.topics import ANSWERED, CALL_ARRIVED, CALLER_LOCATED, ROUTED, ROUTING_CONFIG

READS = (CALL_ARRIVED, CALLER_LOCATED, ROUTED, ANSWERED, ROUTING_CONFIG)
