import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import type { RequestContext } from '../../src/gateway/request-context.ts';
import type { AccessLogLine } from '../../src/gateway/usage/access-log.ts';
import { fillStore } from '../bench/gateway/large-store.ts';
import { longestTurnOf } from '../longest-turn.ts';
import { slowness } from '../working-time.ts';
import { startFake } from './fake-upstream.ts';
import { KEY, startGateway } from './running.ts';

const ALIASES = 2000;
const state = mkdtempSync(join(tmpdir(), 'hxllm-long-'));
fillStore(state, { keys: 12_000, rows: 70_000, oldRows: 0 }, Date.now());
const fake = await startFake((_got, outgoing) => void outgoing.end('{"capabilities":["completion"],"models":[]}'));
const gateway = await startGateway([], {
  model_list: Array.from({ length: ALIASES }, (_, index) => ({
    model_name: `alias-${String(index)}`,
    litellm_params: { model: `ollama_chat/m${String(index % 20)}`, api_base: fake.url },
  })),
  hxllm: { state_dir: state, usage: { record: 'always' } },
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake[Symbol.asyncDispose]();
  rmSync(state, { recursive: true });
});

// Each alias has answered: then it has a hundred series.
for (let index = 0; index < ALIASES; index += 1) {
  const usage = { promptTokens: 5, completionTokens: 2, decodeMs: 20, prefillMs: 10, totalMs: 40 };
  const record = { alias: `alias-${String(index)}`, server: fake.url, usage, finish: 'stop' };
  const line = { status: 200, ended: 'answered', attempts: 1, total_ms: 50, queue_ms: 1, load_ms: 5, ttft_ms: 20 };
  // Only what is counted.
  gateway.metrics.ended(
    line as unknown as AccessLogLine,
    { key: undefined, service: gateway.service(), record } as unknown as RequestContext,
  );
}

/** Asks in a process of its own, whose work is not this one's; the length of the answer. */
async function ask(path: string): Promise<number> {
  const child = spawn(
    'curl',
    ['-s', '-o', '/dev/null', '-w', '%{http_code} %{size_download} %header{content-length}'].concat(
      '-H',
      `Authorization: Bearer ${KEY}`,
      `${gateway.url}${path}`,
    ),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const [status, size, length] = said.split(' ');
  assert.deepEqual([status, size], ['200', length], path);
  return Number(size);
}

/** The least of some runs: a collection of garbage, or another process, may fall into one of them. */
async function leastOf(wanted: number, run: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let count = 0; count < 6 && least >= wanted; count += 1) least = Math.min(least, await run());
  return least;
}

for (const [path, bytes] of [
  ['/metrics', 10_000_000],
  ['/model/info', 2_000_000],
  ['/model_group/info', 1_000_000],
  ['/api/tags', 400_000],
  ['/usage?by=key', 500_000],
  ['/spend/logs?page_size=1000', 500_000],
  ['/team/list', 100_000],
] as const)
  test(`${path.split('?')[0] ?? path} with a long answer leaves the event loop turns below 12 ms`, async () => {
    assert.ok((await ask(path)) > bytes, `less than ${String(bytes)} bytes`);
    const longestMs = await leastOf(12, () => longestTurnOf(() => ask(path)));
    assert.ok(longestMs < 12, `${longestMs.toFixed(1)} ms`);
  });

test('sums of 10,000 keys cost the event loop hardly more than those of a day: the thread of the store writes them', async () => {
  const cost = async (path: string): Promise<number> => {
    const slow = slowness();
    const before = process.threadCpuUsage();
    await ask(path);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000 / Math.max(slow, slowness());
  };
  await ask('/usage?by=key');
  const few = await leastOf(0, () => cost('/usage?by=day'));
  const many = await leastOf(few + 3, () => cost('/usage?by=key'));
  assert.ok(many < few + 3, `${many.toFixed(1)} and ${few.toFixed(1)} ms`);
});
