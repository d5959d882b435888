import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { startSim } from '../../../src/sim/server.ts';
import { KEY } from '../running.ts';
import { rowsIn, sumsIn } from '../usage/stage.ts';
import { startHost, untilLogged, type Launched } from './instances-stage.ts';
import { takeOverInTurn } from './take-overs.ts';
import { startTraffic } from './traffic.ts';

const TAKE_OVERS = 5;
const BUSY = 'sk-of-a-busy-client-000000';
const LIMITED = 'sk-of-a-limited-client-000000';
const RPM = 40;
/** As Ollama counts them: with the one that ends an answer. */
const [CHAT_TOKENS, STREAM_TOKENS, LIMITED_TOKENS] = [6, 101, 8];

/** Asks again and again under a limit of requests a minute, and notes when it was admitted. */
function askLimited(url: string): { readonly admittedMs: readonly number[]; stop(): Promise<void> } {
  const admittedMs: number[] = [];
  const over = new AbortController();
  const loop = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${LIMITED}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Answer in 7 tokens.' }] }),
      });
      await response.text();
      assert.ok(response.status === 200 || response.status === 429, String(response.status));
      if (response.status === 200) admittedMs.push(performance.now());
      await sleep(20);
    }
  };
  const loops = [loop(), loop()];
  return {
    admittedMs,
    stop: async () => {
      over.abort();
      await Promise.all(loops);
    },
  };
}

test('take-overs under load lose no row and double none, and a limit is exceeded by no more than a second of both', async (context) => {
  const options = { models: [{ name: 'm', answerTokens: 5 }], numParallel: 4, loadMs: 20, tokenMs: 2 };
  const sims = [await startSim(options), await startSim(options)];
  await using _sims = { [Symbol.asyncDispose]: async () => void (await Promise.all(sims.map((sim) => sim.close()))) };
  await using host = await startHost();
  const state = join(host.folder, 'state');
  mkdirSync(state);
  const file = await host.write('config.yaml', {
    model_list: sims.map(({ url }) => ({ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: url } })),
    general_settings: { master_key: KEY },
    hxllm: {
      state_dir: state,
      keys: [
        { alias: 'busy', hash: apiKeyHash(BUSY) },
        { alias: 'limited', hash: apiKeyHash(LIMITED), rpm_limit: RPM },
      ],
    },
  });
  const instances: Launched[] = [host.launch('0', file)];
  await untilLogged(instances[0] as Launched, 'listening');
  await using cleanUp = new AsyncDisposableStack();
  const ways = { 'new connection': 1, 'kept connection': 1, pipelined: 1, stream: 2 };
  const traffic = startTraffic({ port: host.port, key: BUSY }, ways);
  cleanUp.defer(() => traffic.cut());
  const limited = askLimited(host.url);
  await takeOverInTurn(host, file, instances, TAKE_OVERS, traffic);
  await Promise.all([traffic.stop(), limited.stop()]);
  instances.at(-1)?.kill('SIGTERM');
  for (const one of instances) await one.ended();

  const { whole, failures } = traffic.tally;
  assert.deepEqual(failures, []);
  const chats = whole['new connection'] + whole['kept connection'] + whole.pipelined;
  const rows = rowsIn(state);
  const counted = (tokens: number): number => rows.filter((row) => row.completion_tokens === tokens).length;
  assert.deepEqual(
    [counted(CHAT_TOKENS), counted(STREAM_TOKENS), counted(LIMITED_TOKENS), rows.length],
    [chats, whole.stream, limited.admittedMs.length, chats + whole.stream + limited.admittedMs.length],
  );
  assert.ok(rows.every(({ ended }) => ended === 'answered'));
  const tokens = chats * CHAT_TOKENS + whole.stream * STREAM_TOKENS + limited.admittedMs.length * LIMITED_TOKENS;
  assert.partialDeepStrictEqual(sumsIn(state, 'day'), [{ requests: rows.length, lost: 0, completion_tokens: tokens }]);
  assert.deepEqual(readdirSync(join(state, 'journal')), []);

  const { admittedMs } = limited;
  const within = (ms: number): number =>
    Math.max(...admittedMs.map((from) => admittedMs.filter((at) => at >= from && at < from + ms).length));
  context.diagnostic(
    `${String(TAKE_OVERS)} take-overs, ${String(rows.length)} rows; ${String(within(60_000))} admitted in a minute, of ${String(RPM)}`,
  );
  assert.ok(within(60_000) >= RPM, String(within(60_000)));
  assert.ok(within(60_000) <= RPM + within(1000), `${String(within(60_000))}, ${String(within(1000))} in a second`);
});
