import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { packGateway } from '../../../src/cli/shipping/bundle.ts';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { piece, startFake } from '../fake-upstream.ts';
import { addressOf, configFolder, MASTER, watch } from '../main-process.ts';
import { startGateway } from '../running.ts';
import { newFolder, rowsIn, sumsIn } from './stage.ts';

const CLIENT = 'sk-of-a-client-000000';
/** More of them, for a longer look: `HXLLM_KILLS=100`. */
const ROUNDS = Number(process.env['HXLLM_KILLS'] ?? 1);
const AT_ONCE = 20;
/** Answers that are read before a kill: more in a longer look, since a process that has just begun is slow. */
const [LEAST, MOST] = ROUNDS === 1 ? [60, 60] : [60, 1500];
const { folder, write } = await configFolder();
const environment = { ...process.env, LITELLM_MASTER_KEY: 'sk-0123456789abcdef' };

/** The last line of an answer whose tokens are its number, so that a row tells which answer it is of. */
const lastLine = (number: number): string =>
  `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 7, eval_count: number })}\n`;

test('a gateway that is killed under streams has a row for each answer that was read, and one for each that was cut', async (context) => {
  const state = newFolder();
  let asked = 0;
  // By request id: tokens of answers that a client has read to their last byte.
  const read = new Map<string, number>();
  const begun = new Set<string>();
  await using fake = await startFake(async (_got, outgoing) => {
    asked += 1;
    const number = asked;
    for (let part = 0; part < number % 4; part += 1) {
      outgoing.write(piece('word '));
      await sleep(3);
    }
    outgoing.end(lastLine(number));
  });
  // As on a host, and it starts in a tenth of the time.
  const program = join(folder, 'gateway.mjs');
  writeFileSync(program, await packGateway());
  let servedMs = 0;
  const hxllm = { state_dir: state, keys: [{ alias: 'portal', hash: apiKeyHash(CLIENT) }] };
  const config = await write('config.yaml', { ...MASTER, hxllm }, fake.url);
  for (let round = 0; round < ROUNDS; round += 1) {
    const run = watch(spawn(process.execPath, [program, '--config', config, '--port', '0'], { env: environment }));
    const url = `http://${await addressOf(run)}`;
    const killed = new AbortController();
    const client = async (): Promise<void> => {
      while (!killed.signal.aborted)
        try {
          const response = await fetch(`${url}/v1/chat/completions`, {
            method: 'POST',
            headers: { authorization: `Bearer ${CLIENT}`, 'content-type': 'application/json' },
            body: JSON.stringify({
              model: 'm',
              stream: true,
              stream_options: { include_usage: true },
              messages: [{ role: 'user', content: 'hi' }],
            }),
          });
          const id = (response.headers.get('x-request-id') ?? '').slice('req_'.length);
          begun.add(id);
          const text = await response.text();
          if (text.endsWith('data: [DONE]\n\n')) read.set(id, Number(/"completion_tokens":(\d+)/.exec(text)?.[1]));
        } catch {
          // The gateway is dead, which is the point.
        }
    };
    const clients = Array.from({ length: AT_ONCE }, client);
    const before = read.size;
    while (read.size === before) await sleep(1);
    const beginMs = performance.now();
    const wanted = before + LEAST + Math.random() * (MOST - LEAST);
    while (read.size < wanted) await sleep(1);
    await sleep(Math.random() * 30);
    run.child.kill('SIGKILL');
    servedMs += performance.now() - beginMs;
    killed.abort();
    await Promise.all([once(run.child, 'close'), ...clients]);
  }
  // The next process takes over what the dead ones have left.
  {
    await using gateway = await startGateway([fake], { hxllm });
    await gateway.service().usage?.flush();
  }
  const rows = rowsIn(state);
  const byId = Map.groupBy(rows, ({ id }) => id);
  const wrong = [...read].filter(([id, tokens]) => {
    const [row, ...more] = byId.get(id) ?? [];
    return more.length > 0 || row?.ended !== 'answered' || row.completion_tokens !== tokens || row.prompt_tokens !== 7;
  });
  assert.deepEqual(wrong, []);
  assert.ok(read.size >= ROUNDS * 60);
  context.diagnostic(
    `${String(ROUNDS)} kills, ${String(asked)} requests at ${((asked / servedMs) * 1000).toFixed(0)} a second, ${String(read.size)} read to their end`,
  );
  // Each request that reached the server is a row, also where its answer was not read to its end.
  const lost = rows.filter(({ ended }) => ended === 'lost');
  assert.ok(lost.length > 0 && lost.length <= ROUNDS * AT_ONCE, String(lost.length));
  const unread = [...begun].filter((id) => !read.has(id));
  assert.deepEqual(
    unread.filter((id) => !byId.has(id)),
    [],
  );
  assert.ok(rows.length >= asked, `${String(rows.length)} rows, ${String(asked)} requests`);
  const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + of(row), 0);
  assert.deepEqual(sumsIn(state, 'day'), [
    {
      value: '',
      requests: rows.length,
      lost: lost.length,
      prompt_tokens: sum(({ prompt_tokens }) => prompt_tokens),
      completion_tokens: sum(({ completion_tokens }) => completion_tokens),
    },
  ]);
});
