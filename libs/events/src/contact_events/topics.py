"""The topics: one for each phase of a call's life, each with the one service that writes it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the log.

    `kept` topics are folded, so they are never compacted nor shortened; the others are hints or
    rows that are derived from the kept ones. A `pooled` topic has a partition for each routing
    pool's records (`partition_of`); the others are partitioned by key.
    """

    name: str
    owner: str
    key: str
    kept: bool = True
    compacted: bool = False
    pooled: bool = True
    retention_s: int | None = None

    @property
    def settings(self) -> dict[str, str]:
        """Return the broker's settings for this topic."""
        if self.compacted:
            return {"cleanup.policy": "compact"}
        if self.retention_s is not None:
            return {"cleanup.policy": "delete", "retention.ms": str(self.retention_s * 1000)}
        return {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


CALL_ARRIVED = Topic("call-arrived", "ivr", "call_id")
CALLER_LOCATED = Topic("caller-located", "geo", "call_id")
ROUTED = Topic("routed", "router", "call_id")
ANSWERED = Topic("answered", "agent-state", "call_id")
WRAPPED_UP = Topic("wrapped-up", "agent-state", "call_id")
AGENT_STATE = Topic("agent-state", "agent-state", "agent_id")
ROUTING_CONFIG = Topic("routing-config", "router", "document_id")
PEOPLE = Topic("people", "ivr", "caller_ref")
BILLING = Topic("billing", "reporting", "document_id", pooled=False)
ALERTS = Topic("alerts", "reporting", "alert_rule_id", pooled=False)
QUEUE_STATE = Topic("queue-state", "router", "queue", kept=False, compacted=True)
BI_CONTACT_RECORDS = Topic(
    "bi.contact-records", "reporting", "row_key", kept=False, compacted=True, pooled=False
)
BI_QUEUE_INTERVALS = Topic(
    "bi.queue-intervals", "reporting", "row_key", kept=False, compacted=True, pooled=False
)
BI_AGENT_INTERVALS = Topic(
    "bi.agent-intervals", "reporting", "row_key", kept=False, compacted=True, pooled=False
)
CLOCK = Topic("clock", "clock", "clock", kept=False, compacted=True, pooled=False)
ROUTER_HEARTBEATS = Topic("router-heartbeats", "router", "pool", kept=False, retention_s=600)
ROUTER_SNAPSHOTS = Topic("router-snapshots", "router", "pool")
ROUTER_SNAPSHOT_CHUNKS = Topic("router-snapshot-chunks", "router", "pool")

TOPICS: tuple[Topic, ...] = (
    CALL_ARRIVED,
    CALLER_LOCATED,
    ROUTED,
    ANSWERED,
    WRAPPED_UP,
    AGENT_STATE,
    ROUTING_CONFIG,
    PEOPLE,
    BILLING,
    ALERTS,
    QUEUE_STATE,
    BI_CONTACT_RECORDS,
    BI_QUEUE_INTERVALS,
    BI_AGENT_INTERVALS,
    CLOCK,
    ROUTER_HEARTBEATS,
    ROUTER_SNAPSHOTS,
    ROUTER_SNAPSHOT_CHUNKS,
)


def dead_letter_topic(reader: str) -> Topic:
    """Return the topic on which `reader` sets aside what it cannot decode."""
    return Topic(f"{reader}.dead-letter", reader, "as it came", pooled=False)
