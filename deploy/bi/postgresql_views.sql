-- Written by `make docs` (deploy/local/bi_files.py) from the columns of the rows.

-- Over the tables that the sinks of connect/ fill; moments are UTC without a zone.

CREATE OR REPLACE VIEW queue_hours AS
SELECT
    date_trunc('hour', interval_start AT TIME ZONE 'UTC') AS hour_start, queue_id, client_id, project_id, channel,
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
FROM (SELECT * FROM queue_intervals) AS quarters
GROUP BY hour_start, queue_id, client_id, project_id, channel;

CREATE OR REPLACE VIEW queue_days AS
SELECT
    date_trunc('day', interval_start AT TIME ZONE 'UTC') AS day_start, queue_id, client_id, project_id, channel,
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
FROM (SELECT * FROM queue_intervals) AS quarters
GROUP BY day_start, queue_id, client_id, project_id, channel;

CREATE OR REPLACE VIEW queue_months AS
SELECT
    date_trunc('month', interval_start AT TIME ZONE 'UTC') AS month_start, queue_id, client_id, project_id, channel,
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
FROM (SELECT * FROM queue_intervals) AS quarters
GROUP BY month_start, queue_id, client_id, project_id, channel;

CREATE OR REPLACE VIEW overflow AS
SELECT client_id, project_id, region, home_site_id, answering_site_id,
    count(*) AS answered, avg(wait_ms) / 1000.0 AS asa_s
FROM contact_records
WHERE connected_at IS NOT NULL AND direction <> 'internal'
GROUP BY client_id, project_id, region, home_site_id, answering_site_id;
