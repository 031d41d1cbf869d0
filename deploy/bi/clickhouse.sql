-- Written by `make docs` (deploy/local/bi_files.py) from the columns of the rows.

CREATE TABLE contact_records
(
    call_id String,
    client_id Nullable(String),
    project_id Nullable(String),
    channel String,
    direction String,
    dnis String,
    entry_site_id String,
    home_site_id Nullable(String),
    region Nullable(String),
    parent_call_id Nullable(String),
    callback_call_id Nullable(String),
    queue_id Nullable(String),
    last_queue_id Nullable(String),
    outcome Nullable(String),
    outcome_reason Nullable(String),
    attempts Int64,
    legs Int64,
    transfers Int64,
    consultations Int64,
    recoveries Int64,
    offers Int64,
    rang_out Int64,
    rejected Int64,
    agent_id Nullable(String),
    answering_site_id Nullable(String),
    arrived_at DateTime64(3, 'UTC'),
    queued_at Nullable(DateTime64(3, 'UTC')),
    connected_at Nullable(DateTime64(3, 'UTC')),
    ended_at Nullable(DateTime64(3, 'UTC')),
    self_service_ms Int64,
    wait_ms Nullable(Int64),
    talk_ms Int64,
    hold_ms Int64,
    wrap_up_ms Int64,
    flow_path String,
    wrap_up_codes String,
    row_version UInt64,
    restated_at Nullable(DateTime64(3, 'UTC'))
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (call_id);

CREATE TABLE contact_records_queue
(
    call_id String,
    client_id Nullable(String),
    project_id Nullable(String),
    channel String,
    direction String,
    dnis String,
    entry_site_id String,
    home_site_id Nullable(String),
    region Nullable(String),
    parent_call_id Nullable(String),
    callback_call_id Nullable(String),
    queue_id Nullable(String),
    last_queue_id Nullable(String),
    outcome Nullable(String),
    outcome_reason Nullable(String),
    attempts Int64,
    legs Int64,
    transfers Int64,
    consultations Int64,
    recoveries Int64,
    offers Int64,
    rang_out Int64,
    rejected Int64,
    agent_id Nullable(String),
    answering_site_id Nullable(String),
    arrived_at DateTime64(3, 'UTC'),
    queued_at Nullable(DateTime64(3, 'UTC')),
    connected_at Nullable(DateTime64(3, 'UTC')),
    ended_at Nullable(DateTime64(3, 'UTC')),
    self_service_ms Int64,
    wait_ms Nullable(Int64),
    talk_ms Int64,
    hold_ms Int64,
    wrap_up_ms Int64,
    flow_path String,
    wrap_up_codes String,
    row_version UInt64,
    restated_at Nullable(DateTime64(3, 'UTC'))
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'kafka:9092',
    kafka_topic_list = 'bi.contact-records',
    kafka_group_name = 'clickhouse-contact_records',
    kafka_format = 'JSONEachRow',
    date_time_input_format = 'best_effort';

CREATE MATERIALIZED VIEW contact_records_view TO contact_records AS
SELECT call_id, client_id, project_id, channel, direction, dnis, entry_site_id, home_site_id, region, parent_call_id, callback_call_id, queue_id, last_queue_id, outcome, outcome_reason, attempts, legs, transfers, consultations, recoveries, offers, rang_out, rejected, agent_id, answering_site_id, arrived_at, queued_at, connected_at, ended_at, self_service_ms, wait_ms, talk_ms, hold_ms, wrap_up_ms, flow_path, wrap_up_codes, row_version, restated_at
FROM contact_records_queue;

CREATE TABLE queue_intervals
(
    interval_start DateTime64(3, 'UTC'),
    queue_id String,
    client_id String,
    project_id String,
    channel String,
    offered Int64,
    answered Int64,
    abandoned Int64,
    overflowed Int64,
    failed Int64,
    callbacks Int64,
    transfers_in Int64,
    transfers_out Int64,
    home_answered Int64,
    wait_to_answer_ms Int64,
    wait_to_abandon_ms Int64,
    talk_ms Int64,
    hold_ms Int64,
    wrap_up_ms Int64,
    offers Int64,
    rang_out Int64,
    rejected Int64,
    answered_in_5 Int64,
    answered_in_10 Int64,
    answered_in_15 Int64,
    answered_in_20 Int64,
    answered_in_30 Int64,
    answered_in_45 Int64,
    answered_in_60 Int64,
    answered_in_90 Int64,
    answered_in_120 Int64,
    answered_in_180 Int64,
    answered_in_300 Int64,
    abandoned_in_5 Int64,
    abandoned_in_10 Int64,
    abandoned_in_15 Int64,
    abandoned_in_20 Int64,
    abandoned_in_30 Int64,
    abandoned_in_45 Int64,
    abandoned_in_60 Int64,
    abandoned_in_90 Int64,
    abandoned_in_120 Int64,
    abandoned_in_180 Int64,
    abandoned_in_300 Int64,
    expected_answered Int64,
    expected_wait_error_ms Int64,
    expected_wait_bias_ms Int64,
    row_version UInt64,
    restated_at Nullable(DateTime64(3, 'UTC'))
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (interval_start, queue_id, client_id, project_id, channel);

CREATE TABLE queue_intervals_queue
(
    interval_start DateTime64(3, 'UTC'),
    queue_id String,
    client_id String,
    project_id String,
    channel String,
    offered Int64,
    answered Int64,
    abandoned Int64,
    overflowed Int64,
    failed Int64,
    callbacks Int64,
    transfers_in Int64,
    transfers_out Int64,
    home_answered Int64,
    wait_to_answer_ms Int64,
    wait_to_abandon_ms Int64,
    talk_ms Int64,
    hold_ms Int64,
    wrap_up_ms Int64,
    offers Int64,
    rang_out Int64,
    rejected Int64,
    answered_in_5 Int64,
    answered_in_10 Int64,
    answered_in_15 Int64,
    answered_in_20 Int64,
    answered_in_30 Int64,
    answered_in_45 Int64,
    answered_in_60 Int64,
    answered_in_90 Int64,
    answered_in_120 Int64,
    answered_in_180 Int64,
    answered_in_300 Int64,
    abandoned_in_5 Int64,
    abandoned_in_10 Int64,
    abandoned_in_15 Int64,
    abandoned_in_20 Int64,
    abandoned_in_30 Int64,
    abandoned_in_45 Int64,
    abandoned_in_60 Int64,
    abandoned_in_90 Int64,
    abandoned_in_120 Int64,
    abandoned_in_180 Int64,
    abandoned_in_300 Int64,
    expected_answered Int64,
    expected_wait_error_ms Int64,
    expected_wait_bias_ms Int64,
    row_version UInt64,
    restated_at Nullable(DateTime64(3, 'UTC'))
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'kafka:9092',
    kafka_topic_list = 'bi.queue-intervals',
    kafka_group_name = 'clickhouse-queue_intervals',
    kafka_format = 'JSONEachRow',
    date_time_input_format = 'best_effort';

CREATE MATERIALIZED VIEW queue_intervals_view TO queue_intervals AS
SELECT interval_start, queue_id, client_id, project_id, channel, offered, answered, abandoned, overflowed, failed, callbacks, transfers_in, transfers_out, home_answered, wait_to_answer_ms, wait_to_abandon_ms, talk_ms, hold_ms, wrap_up_ms, offers, rang_out, rejected, answered_in_5, answered_in_10, answered_in_15, answered_in_20, answered_in_30, answered_in_45, answered_in_60, answered_in_90, answered_in_120, answered_in_180, answered_in_300, abandoned_in_5, abandoned_in_10, abandoned_in_15, abandoned_in_20, abandoned_in_30, abandoned_in_45, abandoned_in_60, abandoned_in_90, abandoned_in_120, abandoned_in_180, abandoned_in_300, expected_answered, expected_wait_error_ms, expected_wait_bias_ms, row_version, restated_at
FROM queue_intervals_queue;

CREATE TABLE agent_intervals
(
    interval_start DateTime64(3, 'UTC'),
    agent_id String,
    site_id String,
    offered Int64,
    answered Int64,
    rejected Int64,
    rang_out Int64,
    talks Int64,
    talk_ms Int64,
    hold_ms Int64,
    wrap_up_ms Int64,
    transfers_in Int64,
    transfers_out Int64,
    consultations Int64,
    consult_ms Int64,
    row_version UInt64,
    restated_at Nullable(DateTime64(3, 'UTC'))
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (interval_start, agent_id, site_id);

CREATE TABLE agent_intervals_queue
(
    interval_start DateTime64(3, 'UTC'),
    agent_id String,
    site_id String,
    offered Int64,
    answered Int64,
    rejected Int64,
    rang_out Int64,
    talks Int64,
    talk_ms Int64,
    hold_ms Int64,
    wrap_up_ms Int64,
    transfers_in Int64,
    transfers_out Int64,
    consultations Int64,
    consult_ms Int64,
    row_version UInt64,
    restated_at Nullable(DateTime64(3, 'UTC'))
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'kafka:9092',
    kafka_topic_list = 'bi.agent-intervals',
    kafka_group_name = 'clickhouse-agent_intervals',
    kafka_format = 'JSONEachRow',
    date_time_input_format = 'best_effort';

CREATE MATERIALIZED VIEW agent_intervals_view TO agent_intervals AS
SELECT interval_start, agent_id, site_id, offered, answered, rejected, rang_out, talks, talk_ms, hold_ms, wrap_up_ms, transfers_in, transfers_out, consultations, consult_ms, row_version, restated_at
FROM agent_intervals_queue;

CREATE VIEW queue_hours AS
SELECT
    toStartOfHour(interval_start) AS hour_start, queue_id, client_id, project_id, channel,
    1.0 * sum(quarters.answered_in_20) / nullif(sum(quarters.offered), 0) AS service_level,
    1.0 * sum(quarters.answered_in_20) / nullif(sum(quarters.answered), 0) AS service_level_answered_only,
    1.0 * (sum(quarters.answered_in_20) + sum(quarters.abandoned_in_20)) / nullif(sum(quarters.offered), 0) AS service_level_positive,
    1.0 * sum(quarters.answered_in_20) / nullif((sum(quarters.offered) - sum(quarters.abandoned_in_20)), 0) AS service_level_ignore,
    1.0 * sum(quarters.answered_in_20) / nullif((sum(quarters.offered) - sum(quarters.abandoned_in_5)), 0) AS service_level_short_abandons_excluded,
    1.0 * sum(quarters.answered_in_20) / nullif(sum(quarters.offered), 0) AS service_level_negative,
    sum(quarters.offered) AS offered,
    sum(quarters.answered) AS answered,
    sum(quarters.abandoned) AS abandoned,
    sum(quarters.overflowed) AS overflowed,
    sum(quarters.failed) AS failed,
    sum(quarters.callbacks) AS callbacks,
    sum(quarters.transfers_in) AS transfers_in,
    sum(quarters.transfers_out) AS transfers_out,
    (sum(quarters.offered) - sum(quarters.answered) - sum(quarters.abandoned) - sum(quarters.overflowed) - sum(quarters.failed)) AS carried_over,
    1.0 * sum(quarters.abandoned) / nullif(sum(quarters.offered), 0) AS abandonment,
    1.0 * sum(quarters.abandoned_in_5) / nullif(sum(quarters.offered), 0) AS short_abandonment,
    1.0 * (sum(quarters.abandoned) - sum(quarters.abandoned_in_5)) / nullif((sum(quarters.offered) - sum(quarters.abandoned_in_5)), 0) AS abandonment_without_short,
    1.0 * sum(quarters.callbacks) / nullif(sum(quarters.offered), 0) AS callback_share,
    1.0 * sum(quarters.transfers_out) / nullif(sum(quarters.answered), 0) AS transfer_share,
    1.0 * sum(quarters.home_answered) / nullif(sum(quarters.answered), 0) AS home_share,
    1.0 * sum(quarters.expected_wait_error_ms) / 1000.0 / nullif(sum(quarters.expected_answered), 0) AS expected_wait_error,
    1.0 * sum(quarters.expected_wait_bias_ms) / 1000.0 / nullif(sum(quarters.expected_answered), 0) AS expected_wait_bias,
    1.0 * sum(quarters.wait_to_answer_ms) / 1000.0 / nullif(sum(quarters.answered), 0) AS asa,
    1.0 * sum(quarters.wait_to_abandon_ms) / 1000.0 / nullif(sum(quarters.abandoned), 0) AS time_to_abandon,
    1.0 * (sum(quarters.talk_ms) + sum(quarters.wrap_up_ms)) / 1000.0 / nullif(sum(quarters.answered), 0) AS aht,
    1.0 * (sum(quarters.talk_ms) - sum(quarters.hold_ms)) / 1000.0 / nullif(sum(quarters.answered), 0) AS average_talk,
    1.0 * sum(quarters.hold_ms) / 1000.0 / nullif(sum(quarters.answered), 0) AS average_hold,
    1.0 * sum(quarters.wrap_up_ms) / 1000.0 / nullif(sum(quarters.answered), 0) AS average_wrap_up,
    1.0 * sum(quarters.rang_out) / nullif(sum(quarters.offers), 0) AS rona,
    1.0 * sum(quarters.rejected) / nullif(sum(quarters.offers), 0) AS rejection
FROM (SELECT * FROM queue_intervals FINAL) AS quarters
GROUP BY hour_start, queue_id, client_id, project_id, channel;
