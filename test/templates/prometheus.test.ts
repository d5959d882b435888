import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { findPrometheus, findPromtool, PROMTOOL_LEFT_OUT } from '../run/prometheus.ts';
import { parseExposition } from '../gateway/metrics/exposition-parser.ts';
import { readBoard } from './board.ts';
import { startMonitored, type Monitored } from './monitored.ts';

const prometheus = findPrometheus();
const LOAD_MS = 15_000;
/** Families that a run with keys, limits, budgets and usage moves: a panel of zeros alone would prove nothing. */
const MOVED =
  `hxllm_key_requests_total hxllm_key_tokens_total hxllm_limited_total hxllm_key_limit_ratio hxllm_budget_used_ratio
  hxllm_usage_rows_total hxllm_store_up hxllm_fallbacks_total hxllm_backend_opens_total`.split(/\s+/);

/** The others that dashboards of such gateways have, by their labels. */
const LABELLED: Readonly<Record<string, readonly string[]>> = {
  hxllm_time_per_output_token_seconds: ['model', 'backend'],
  hxllm_prefill_seconds: ['model', 'backend'],
  hxllm_load_seconds: ['model'],
  hxllm_request_prompt_tokens: ['model'],
  hxllm_request_completion_tokens: ['model'],
  hxllm_overhead_seconds: ['model'],
  hxllm_requests_in_flight: ['phase'],
  hxllm_finishes_total: ['model', 'reason'],
  hxllm_routes_total: ['model', 'reason'],
  hxllm_fallbacks_total: ['model', 'fallback'],
  hxllm_backend_opens_total: ['backend'],
  hxllm_backend_vram_bytes: ['backend'],
  hxllm_model_vram_bytes: ['backend', 'server_model'],
  hxllm_build_info: ['version'],
  hxllm_config_last_reload_successful: [],
  hxllm_config_last_reload_success_timestamp_seconds: [],
  hxllm_key_requests_total: ['key', 'team', 'status'],
  hxllm_key_tokens_total: ['key', 'team', 'type'],
  hxllm_limited_total: ['key', 'kind'],
  hxllm_key_limit_ratio: ['key', 'kind'],
  hxllm_budget_used_ratio: ['scope', 'name'],
  hxllm_usage_journal_bytes: [],
  hxllm_usage_journal_oldest_seconds: [],
  hxllm_usage_lost_total: [],
  hxllm_usage_conflicts_total: [],
  hxllm_store_seconds: ['op'],
  nodejs_gc_duration_seconds: ['kind'],
};

test(
  'a real Prometheus scrapes a real run, and every query of the board and its variables answers with data',
  { skip: prometheus === undefined ? PROMTOOL_LEFT_OUT : false, timeout: 180_000 },
  async () => {
    await using run = await startMonitored(prometheus ?? '');
    await run.load(LOAD_MS);
    const { panels, templating } = readBoard();
    const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));
    const variables = templating.list.flatMap(({ name, query }) => {
      const selector = typeof query === 'string' ? undefined : /^label_values\((.+), \w+\)$/.exec(query.query)?.[1];
      return selector === undefined ? [] : [[name, selector] as const];
    });
    assert.ok(queries.length > 50 && variables.length === 4);
    const empty: string[] = [];
    for (const [title, expr] of [...queries, ...variables])
      if ((await run.seriesOf(filled(expr))) === 0) empty.push(`${title}: ${expr}`);
    assert.deepEqual(empty, []);
    await assertMetrics(run);
  },
);

/** A query as Grafana fills it in, with all instances, models and servers. */
function filled(expr: string): string {
  return expr.replaceAll('$__rate_interval', '30s').replaceAll(/"\$\w+"/g, '".*"');
}

async function assertMetrics(run: Monitored): Promise<void> {
  const text = await run.metrics();
  const families = parseExposition(text);
  for (const name of MOVED)
    assert.ok(
      [...(families.get(name)?.samples.values() ?? [])].some((value) => value > 0),
      name,
    );
  for (const [name, labels] of Object.entries(LABELLED)) {
    const line = text.split('\n').find((one) => new RegExp(`^${name}(?:_bucket)?[{ ]`).test(one)) ?? '';
    const found = [...line.matchAll(/(\w+)="/g)].map(([, label = '']) => label).filter((label) => label !== 'le');
    assert.deepEqual([line !== '', ...found], [true, ...labels], name);
  }
  const { status, stdout, stderr } = spawnSync(findPromtool() ?? '', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout + stderr], [0, '']);
}
