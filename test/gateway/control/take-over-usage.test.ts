import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { piece, startFake, type Behaviour } from '../fake-upstream.ts';
import { KEY } from '../running.ts';
import { rowsIn, sumsIn } from '../usage/stage.ts';
import { startHost, untilLogged, type Launched } from './instances-stage.ts';
import { takeOverInTurn } from './take-overs.ts';
import { startTraffic } from './traffic.ts';

const TAKE_OVERS = 5;
const BUSY = 'sk-of-a-busy-client-000000';
const LIMITED = 'sk-of-a-limited-client-000000';
/** So many that it is reached among the take-overs, and not before them. */
const RPM = 100;
const PROMPT_TOKENS = 9;
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
  const counted = { requests: 0, prompt_tokens: 0, completion_tokens: 0 };
  // Counts as Ollama does: with the token that ends an answer.
  const answers: Behaviour = async ({ body }, outgoing) => {
    const tokens = Number(/Answer in (\d+) tokens/.exec(body)?.[1]);
    for (let token = 0; token < tokens; token += 5) {
      outgoing.write(piece('word ').repeat(Math.min(5, tokens - token)));
      await sleep(5);
    }
    counted.requests += 1;
    counted.prompt_tokens += PROMPT_TOKENS;
    counted.completion_tokens += tokens + 1;
    const counts = { prompt_eval_count: PROMPT_TOKENS, eval_count: tokens + 1 };
    outgoing.end(
      `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', ...counts })}\n`,
    );
  };
  await using one = await startFake(answers);
  await using other = await startFake(answers);
  const servers = [one, other];
  await using host = await startHost();
  const state = join(host.folder, 'state');
  mkdirSync(state);
  const file = await host.write('config.yaml', {
    model_list: servers.map(({ url }) => ({
      model_name: 'm',
      litellm_params: { model: 'ollama_chat/m', api_base: url },
    })),
    general_settings: { master_key: KEY },
    hxllm: {
      state_dir: state,
      backends: Object.fromEntries(servers.map(({ url }) => [url, { num_parallel: 4 }])),
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
  const takenMs = await takeOverInTurn(host, file, instances, TAKE_OVERS, traffic);
  await Promise.all([traffic.stop(), limited.stop()]);
  instances.at(-1)?.kill('SIGTERM');
  for (const instance of instances) await instance.ended();

  const { whole, failures } = traffic.tally;
  assert.deepEqual(failures, []);
  const chats = whole['new connection'] + whole['kept connection'] + whole.pipelined;
  const rows = rowsIn(state);
  const withTokens = (tokens: number): number => rows.filter((row) => row.completion_tokens === tokens).length;
  assert.deepEqual(
    [withTokens(CHAT_TOKENS), withTokens(STREAM_TOKENS), withTokens(LIMITED_TOKENS), rows.length],
    [chats, whole.stream, limited.admittedMs.length, chats + whole.stream + limited.admittedMs.length],
  );
  assert.ok(rows.every(({ ended }) => ended === 'answered'));
  // Sums of days, rows and servers.
  const sum = (of: 'prompt_tokens' | 'completion_tokens'): number => rows.reduce((all, row) => all + row[of], 0);
  const inRows = {
    requests: rows.length,
    prompt_tokens: sum('prompt_tokens'),
    completion_tokens: sum('completion_tokens'),
  };
  assert.deepEqual(inRows, counted);
  assert.deepEqual(sumsIn(state, 'day'), [{ value: '', lost: 0, ...counted }]);
  assert.deepEqual(readdirSync(join(state, 'journal')), []);

  const { admittedMs } = limited;
  const within = (ms: number, froms = admittedMs): number =>
    Math.max(...froms.map((from) => admittedMs.filter((at) => at >= from && at < from + ms).length));
  // An answer is read a while after its request was let in.
  const beside = within(
    1000,
    takenMs.flatMap((at) => [at - 500, at]),
  );
  context.diagnostic(
    `${String(TAKE_OVERS)} take-overs, ${String(rows.length)} rows; ${String(within(60_000))} admitted in a minute, of ${String(RPM)}; at most ${String(beside)} in the second of a take-over`,
  );
  assert.ok(within(60_000) >= RPM, String(within(60_000)));
  assert.ok(within(60_000) <= RPM + beside, `${String(within(60_000))}, ${String(beside)} in a second`);
});
