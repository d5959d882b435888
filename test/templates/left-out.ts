/** Metrics that the board does not show, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  hxllm_attempts_total: 'decisions of routing show retries',
  hxllm_previous_key_requests_total: 'for the days of a rotation; hxllm docs operations has its query',
  hxllm_queued_seconds_total: 'for comparisons of routing; the histogram of waits is shown',
  hxllm_given_up_late_total: 'for comparisons of routing',
  hxllm_lost_slots_total: 'the log tells each one',
  hxllm_context_grown_total: 'the log tells each one',
  hxllm_context_grown_tokens: 'the fleet shows it',
  hxllm_certificate_not_after_timestamp_seconds: 'an alert watches it',
  hxllm_config_last_reload_successful: 'an alert watches it',
  hxllm_config_last_reload_success_timestamp_seconds: 'for people who look for the time of a change',
  hxllm_reloads_total: 'an alert watches their success',
  hxllm_queue_limit: 'an alert compares with it',
  hxllm_loads_underway: 'their times are shown',
  hxllm_metrics_keys_over_limit: 'the key other is shown',
  hxllm_instance_info: 'two instances live for the seconds of a deployment',
  process_start_time_seconds: 'restarts show in every panel',
};
