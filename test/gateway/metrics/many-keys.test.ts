import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { startFake } from '../fake-upstream.ts';
import { startGateway, until } from '../running.ts';
import { parseExposition } from './exposition-parser.ts';
import { IN_JOB } from '../../job.ts';

const textOf = (number: number): string => `sk-of-the-client-${String(number)}`;
const MANY = IN_JOB ? 2000 : 5000;
/** So many keys chat, once too often; the others list models. */
const CHATTING = 250;

/** The series of /metrics of a gateway whose keys, each of a team of its own, have all asked. */
async function seriesWith(count: number): Promise<{ readonly series: number; readonly requests: number }> {
  await using fake = await startFake();
  const numbers = Array.from({ length: count }, (_, number) => number);
  const limits = {
    rpm_limit: 1,
    tpm_limit: 100_000,
    max_parallel_requests: 5,
    token_budget: 100_000,
    budget_duration: '1d',
  };
  const keys = numbers.map((number) => ({
    alias: `key ${String(number)}`,
    hash: apiKeyHash(textOf(number)),
    team: `team ${String(number)}`,
    ...limits,
  }));
  const teams = numbers.map((number) => ({ alias: `team ${String(number)}`, token_budget: 1_000_000 }));
  await using gateway = await startGateway([fake], { hxllm: { keys, teams } });
  let next = 0;
  const client = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) {
      const init = { headers: { authorization: `Bearer ${textOf(number)}` } };
      if (number >= CHATTING) await (await gateway.ask('/v1/models', init)).text();
      else for (let turn = 0; turn < 2; turn += 1) await (await gateway.chat({ max_tokens: 8 }, init)).text();
    }
  };
  await Promise.all(Array.from({ length: 20 }, client));
  // With the master key: both gateways have answered lists and chats.
  await (await gateway.ask('/v1/models')).text();
  const wanted = count + Math.min(count, CHATTING) + 1;
  await until('all have ended', () => gateway.ended().length >= wanted, 60_000);
  const families = parseExposition(await (await gateway.ask('/metrics')).text());
  // The kinds of garbage collections that there were are series, too.
  const ours = [...families].filter(([name]) => !name.startsWith('nodejs_'));
  const series = ours.reduce((sum, [, { samples }]) => sum + samples.size, 0);
  const requests = [...(families.get('hxllm_key_requests_total')?.samples.values() ?? [])].reduce((a, b) => a + b, 0);
  assert.equal(families.get('hxllm_metrics_keys_over_limit')?.samples.get(''), count > 200 ? 1 : 0);
  assert.ok((families.get('hxllm_limited_total')?.samples.size ?? 0) > 200);
  assert.ok((families.get('hxllm_budget_used_ratio')?.samples.size ?? 0) >= 400, 'keys and teams');
  return { series, requests };
}

test(
  `${String(MANY)} keys and teams that ask a gateway make no more series in all of /metrics than 200`,
  { timeout: 120_000 },
  async () => {
    const [some, many] = [await seriesWith(200), await seriesWith(MANY)];
    assert.equal(some.requests, 400);
    assert.equal(many.requests, MANY + CHATTING);
    assert.equal(many.series, some.series);
  },
);
