import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { startFake, type FakeUpstream as Fake } from '../fake-upstream.ts';
import { addressOf, configFolder, MASTER, start, type Run } from '../main-process.ts';
import { until } from '../running.ts';
import { newFolder } from '../usage/stage.ts';

const MASTER_KEY = 'sk-0123456789abcdef';
const KEY = newApiKey();
const { write } = await configFolder();

interface Settings {
  readonly state: string;
  readonly budget: number;
  readonly duration?: string;
  readonly record?: string;
}

/** The file of a gateway with one key; a request takes 7 tokens. */
function configOf(fake: Fake, { state, budget, duration, record = 'with-keys' }: Settings): Promise<string> {
  const period = duration === undefined ? {} : { budget_duration: duration };
  return write(`${record}-${String(budget)}-${duration ?? ''}.yaml`, {
    ...MASTER,
    model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }],
    hxllm: {
      state_dir: state,
      usage: { record },
      keys: [{ alias: 'k', hash: apiKeyHash(KEY), token_budget: budget, ...period }],
    },
  });
}

/** A gateway of its own process. */
async function begin(
  config: string,
): Promise<{ readonly run: Run; readonly chat: (length?: number) => Promise<number> }> {
  const run = start(['--config', config, '--port', '0'], { LITELLM_MASTER_KEY: MASTER_KEY });
  const url = `http://${await addressOf(run)}/v1/chat/completions`;
  const chat = async (max_tokens = 2): Promise<number> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens }),
    });
    await response.text();
    return response.status;
  };
  return { run, chat };
}

/** The lines about budgets that a process has written: percentage and budget. */
function linesOf({ out }: Run): readonly (readonly unknown[])[] {
  return out
    .split('\n')
    .filter((line) => line.includes('"event":"budget"'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .map(({ percent, budget }) => [percent, budget]);
}

async function end({ child }: Run, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
}

// Each start and stop takes a second and more, so both run at once.
suite('a line about a budget comes once over restarts, and again for another budget', { concurrency: 2 }, () => {
  for (const record of ['with-keys', 'never'])
    test(`rows: ${record}`, async () => {
      await using fake = await startFake();
      const state = newFolder();
      const all: unknown[] = [];
      // The first is below, the second and third above 80 %, the last is refused.
      const rounds = [
        [50, 5, 'SIGTERM'],
        [50, 1, 'SIGTERM'],
        [50, 1, record === 'never' ? 'SIGTERM' : 'SIGKILL'],
        [50, 2, 'SIGTERM'],
        [50, 1, 'SIGTERM'],
        [60, 1, 'SIGTERM'],
        [60, 1, 'SIGTERM'],
      ] as const;
      for (const [budget, chats, signal] of rounds) {
        const { run, chat } = await begin(await configOf(fake, { state, budget, record }));
        for (let count = 0; count < chats; count += 1) await chat();
        await until('its lines are written', () => run.out.includes('"event":"request"'));
        await new Promise((resolve) => setTimeout(resolve, 300));
        await end(run, signal);
        all.push(linesOf(run));
      }
      assert.deepEqual(all, [[], [[80, 50]], [], [[100, 50]], [], [[80, 60]], [[100, 60]]]);
    });
});

test('of two gateways of a state folder one writes the line, whoever crosses the mark', async () => {
  await using fake = await startFake();
  const config = await configOf(fake, { state: newFolder(), budget: 100 });
  const [one, other] = [await begin(config), await begin(config)];
  // 84 tokens in all, half of them through each, at once: neither knows of the other's last requests.
  await Promise.all(
    [one, other].map(async ({ chat }) => {
      for (let count = 0; count < 6; count += 1) assert.equal(await chat(), 200);
    }),
  );
  await until('each knows of all', async () => (await one.chat(20)) === 429 && (await other.chat(20)) === 429);
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const { run } of [one, other]) await end(run, 'SIGTERM');
  const lines = [...linesOf(one.run), ...linesOf(other.run)];
  assert.deepEqual(
    lines.toSorted((a, b) => Number(a[0]) - Number(b[0])),
    [
      [80, 100],
      [100, 100],
    ].slice(2 - lines.length),
  );
  assert.ok(lines.some(([percent]) => percent === 100));
});

test('each period has its lines', async () => {
  await using fake = await startFake();
  const config = await configOf(fake, { state: newFolder(), budget: 8, duration: '2s' });
  const { run, chat } = await begin(config);
  for (let period = 1; period <= 3; period += 1)
    await until('a period is spent', async () => {
      await chat(1);
      return linesOf(run).length >= period;
    });
  await end(run, 'SIGTERM');
  const times = run.out
    .split('\n')
    .filter((line) => line.includes('"event":"budget"'))
    .map((line) => JSON.parse(line) as { until: string; percent: number })
    .map(({ until: over, percent }) => `${over} ${String(percent)}`);
  assert.equal(new Set(times).size, times.length, times.join(', '));
});
