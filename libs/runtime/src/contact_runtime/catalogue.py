"""Every metric there is, with its unit and its meaning."""

from dataclasses import dataclass
from typing import Literal

FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
COUNTS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's promise: what it is called, what it counts, and by which closed sets."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = FAST_S


HTTP_REQUESTS = Metric(
    "http_requests_total",
    "counter",
    "requests",
    "Requests answered, by route (its pattern, never the address), method and status.",
    ("method", "route", "status"),
)
HTTP_REQUEST_SECONDS = Metric(
    "http_request_seconds",
    "histogram",
    "seconds",
    "From the first byte of a request to the last of its answer.",
    ("method", "route"),
)
HTTP_SOCKETS_OPEN = Metric(
    "http_sockets_open", "gauge", "sockets", "WebSockets open now, by route.", ("route",)
)
READER_RECORDS = Metric(
    "reader_records_total",
    "counter",
    "records",
    "Records read and committed, by what became of them: taken, duplicate, void (a router that "
    "does not lead), unknown_type, poison.",
    ("reader", "topic", "fate"),
)
READER_UNKNOWN_FIELDS = Metric(
    "reader_unknown_fields_total",
    "counter",
    "fields",
    "Fields passed over because a newer writer added them.",
    ("reader", "topic"),
)
READER_LAG = Metric(
    "reader_lag_records",
    "gauge",
    "records",
    "Records behind the end of the partition.",
    ("reader", "topic", "partition"),
)
READER_DELAY_SECONDS = Metric(
    "reader_delay_seconds",
    "gauge",
    "business seconds",
    "Age of the last record taken, by the business clock, when it was committed.",
    ("reader",),
)
READER_BATCH_SECONDS = Metric(
    "reader_batch_seconds",
    "histogram",
    "seconds",
    "One transaction of a reader: rows, positions and all.",
    ("reader",),
)
READER_RETRIES = Metric(
    "reader_retries_total",
    "counter",
    "batches",
    "Batches tried again because the database or the log could not be reached or refused.",
    ("reader",),
)
RELAY_PUBLISHED = Metric(
    "relay_published_total", "counter", "events", "Events published from the outbox.", ("topic",)
)
RELAY_WAITING = Metric(
    "relay_waiting_events", "gauge", "events", "Committed events that are not yet on the log."
)
RELAY_DELAY_SECONDS = Metric(
    "relay_delay_seconds",
    "histogram",
    "seconds",
    "From an event's commit to its acknowledgement by the log (machine time).",
)
COMMAND_BATCH_SIZE = Metric(
    "command_batch_size",
    "histogram",
    "commands",
    "Commands committed in one transaction.",
    buckets=COUNTS,
)
TIMERS_FIRED = Metric(
    "timers_fired_total",
    "counter",
    "timers",
    "Timers that came due and were carried out.",
    ("kind",),
)
AGENT_STAYS_OVERDUE = Metric(
    "agent_stays_overdue_total",
    "counter",
    "stays",
    "Breaks and other stays in NotReady that became longer than allowed, by what limits them: "
    "planned (the roster), longest_stay (the reason).",
    ("limit",),
)
LEASE_HELD = Metric(
    "lease_held", "gauge", "0 or 1", "Whether this process holds the lease now.", ("lease",)
)
ROUTER_DECISIONS = Metric(
    "router_decisions_total",
    "counter",
    "decisions",
    "Decisions made by this leader, by kind; they count once read back.",
    ("kind",),
)
ROUTER_WAIT_SECONDS = Metric(
    "router_wait_seconds",
    "histogram",
    "seconds",
    "How long calls had waited when they were offered (business time).",
    ("queue",),
    (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0),
)
ROUTER_WAITING = Metric(
    "router_waiting_calls", "gauge", "calls", "Calls that wait in the queue now.", ("queue",)
)
ROUTER_UNSERVED = Metric(
    "router_unserved_calls",
    "gauge",
    "calls",
    "Calls that wait in the queue now and that nobody who is signed in could take.",
    ("queue",),
)
ROUTER_TURN_SECONDS = Metric(
    "router_turn_seconds",
    "histogram",
    "seconds",
    "One turn that decided something: deciding and encoding (machine time).",
    (),
    (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5),
)
ROUTER_DECIDE_SECONDS = Metric(
    "router_decide_seconds",
    "histogram",
    "seconds",
    "One turn that decided something: deciding alone (machine time).",
    (),
    (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5),
)
ROUTER_FOLD_LAG_SECONDS = Metric(
    "router_fold_lag_seconds",
    "histogram",
    "seconds",
    "Age of the newest record of each read when it was folded (machine time of the writer).",
)
ROUTER_UNFOLDED = Metric(
    "router_unfolded_records",
    "gauge",
    "records",
    "Inputs read that no valid decision names yet: the follower folds them with the next one.",
)
ROUTER_READ_BACK_SECONDS = Metric(
    "router_read_back_seconds",
    "histogram",
    "seconds",
    "From a batch of decisions to its being read back, which makes it count (machine time).",
)
ROUTER_DRY_RUN_SECONDS = Metric(
    "router_dry_run_seconds",
    "histogram",
    "seconds",
    "One dry run of a document, copying the state included; the loop goes on beside it (machine "
    "time).",
    (),
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
ROUTER_LEADS = Metric("router_leads", "gauge", "0 or 1", "Whether this replica leads its pool now.")
ROUTER_REFUSES = Metric(
    "router_refuses",
    "gauge",
    "0 or 1",
    "Whether this replica would not claim now, since its code decides otherwise than the leader's.",
)
ROUTER_SNAPSHOTS = Metric(
    "router_snapshots_total",
    "counter",
    "snapshots",
    "Snapshots, by what became of them: written, there (another replica wrote it), failed; at the "
    "start: resumed, passed_over.",
    ("fate",),
)
ROUTER_DIVERGED = Metric(
    "router_diverged_total",
    "counter",
    "snapshots",
    "Snapshots of another replica at the same place of the log whose queues, reservations or idle "
    "lists are not those of this one.",
)
ROUTER_EPOCH = Metric("router_epoch", "gauge", "epochs", "The epoch this replica has folded.")
ROUTER_CLAIMS = Metric(
    "router_claims_total", "counter", "claims", "Claims of leadership made by this replica."
)
ROUTER_FAILURES = Metric(
    "router_failures_total",
    "counter",
    "failures",
    "Batches of this replica whose fate was in doubt; it stepped down and claimed anew.",
)
ROUTER_VOID = Metric(
    "router_void_total",
    "counter",
    "records",
    "Claims and decisions on the topic `routed` that do not count.",
)
EXPLAIN_FOLDS = Metric(
    "explain_folds", "gauge", "folds", "Answers that are being folded from the log or wait for it."
)
EXPLAIN_FOLD_SECONDS = Metric(
    "explain_fold_seconds",
    "histogram",
    "seconds",
    "From asking for a past state to having its answer, waiting included (machine time).",
    ("what",),
    (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)

WEBHOOK_ATTEMPTS = Metric(
    "webhook_attempts_total",
    "counter",
    "attempts",
    "Attempts to deliver a webhook, by what became of the message: delivered, failed (it is sent "
    "again), dead (given up).",
    ("became",),
)
WEBHOOK_ATTEMPT_SECONDS = Metric(
    "webhook_attempt_seconds",
    "histogram",
    "seconds",
    "One attempt, from resolving the name to the end of the answer (machine time).",
)
WEBHOOK_WAITING = Metric(
    "webhook_waiting_messages",
    "gauge",
    "messages",
    "Messages to enabled endpoints that are not delivered yet, pauses included.",
)
WEBHOOK_LAG_SECONDS = Metric(
    "webhook_lag_seconds",
    "gauge",
    "seconds",
    "How long the oldest message that is due has been so (machine time); 0: nothing is due.",
)
WEBHOOK_DISABLED = Metric(
    "webhook_endpoints_disabled_total",
    "counter",
    "endpoints",
    "Endpoints disabled, by why: failing (for a week), gone (they answered 410).",
    ("why",),
)

CATALOGUE: tuple[Metric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
