import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { startFake, type FakeUpstream as Fake } from '../fake-upstream.ts';
import { addressOf, configFolder, MASTER, start, type Run } from '../main-process.ts';
import { until } from '../running.ts';
import { newFolder } from '../usage/stage.ts';

const MASTER_KEY = 'sk-0123456789abcdef';
const names = ['own', 'mate', 'money', 'hourly'] as const;
type Name = (typeof names)[number];
const keys = Object.fromEntries(names.map((name) => [name, newApiKey()]));
const { write } = await configFolder();

/** A gateway of its own process; a request takes 7 tokens, which cost 0.25. */
async function begin(config: string): Promise<{
  readonly run: Run;
  readonly spent: (name: Name) => Promise<string>;
  readonly chat: (name: Name) => Promise<Response>;
  readonly url: string;
}> {
  const run = start(['--config', config, '--port', '0'], { LITELLM_MASTER_KEY: MASTER_KEY });
  const url = `http://${await addressOf(run)}`;
  const chat = (name: Name, max_tokens = 2): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys[name] ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens }),
    });
  // Too large for each budget, so that the answer tells what is spent.
  const spent = async (name: Name): Promise<string> => {
    const text = await (await chat(name, 1_000_000)).text();
    return /(\S+)(?: tokens)? are spent/.exec(text)?.[1] ?? text;
  };
  return { run, spent, chat: (name) => chat(name), url };
}

/** The file of a gateway with its own state and server. */
async function configOf(fake: Fake): Promise<string> {
  const entryOf = (alias: Name, more: object): object => ({ alias, hash: apiKeyHash(keys[alias] ?? ''), ...more });
  return write('config.yaml', {
    ...MASTER,
    model_list: [
      {
        model_name: 'm',
        litellm_params: { model: 'ollama_chat/m', api_base: fake.url, input_cost_per_token: 0.01 },
        model_info: { output_cost_per_token: 0.1 },
      },
    ],
    hxllm: {
      state_dir: newFolder(),
      teams: [{ alias: 'both', token_budget: 500_000, budget_duration: '1mo' }],
      keys: [
        entryOf('own', { token_budget: 400_000, team: 'both' }),
        entryOf('mate', { team: 'both' }),
        entryOf('money', { max_budget: 1000, budget_duration: '1d' }),
        entryOf('hourly', { token_budget: 400_000, budget_duration: '1h' }),
      ],
    },
  });
}

test('amounts that were spent by answers which a client has read are kept exactly when the gateway is killed, of keys, teams and money', async () => {
  await using fake = await startFake();
  const config = await configOf(fake);
  let one = await begin(config);
  for (let round = 1; round <= 3; round += 1) {
    for (const name of names) assert.equal((await one.chat(name)).status, 200);
    await (await one.chat('own')).text();
    // At once: nothing has got into the database yet.
    one.run.child.kill('SIGKILL');
    await once(one.run.child, 'close');
    one = await begin(config);
    const expected = [14 * round, 21 * round, `$${String(0.25 * round)}`, 7 * round].map(String);
    assert.deepEqual(await Promise.all(names.map((name) => one.spent(name))), expected, `round ${String(round)}`);
  }
  one.run.child.kill('SIGTERM');
  await once(one.run.child, 'close');
  one = await begin(config);
  assert.equal(await one.spent('mate'), '63');
});

test('two gateways of a state folder spend one budget, also while the elder one ends', async () => {
  await using fake = await startFake();
  const config = await configOf(fake);
  const [elder, newer] = [await begin(config), await begin(config)];
  await (await elder.chat('own')).text();
  await (await newer.chat('mate')).text();
  for (const each of [elder, newer]) await until('it knows of both', async () => (await each.spent('mate')) === '14');
  await (await elder.chat('own')).text();
  elder.run.child.kill('SIGTERM');
  await once(elder.run.child, 'close');
  await until('it knows the rest', async () => (await newer.spent('own')) === '14');
  assert.equal(await newer.spent('mate'), '21');
});
