import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import OpenAI from 'openai';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { answersShortly, startFake } from '../fake-upstream.ts';
import { errorOf, KEY, startGateway, until } from '../running.ts';

const names = ['minute', 'failing', 'one', 'two', 'parallel', 'free'] as const;
const keys = Object.fromEntries(names.map((name) => [name, newApiKey()]));
const entryOf = (alias: (typeof names)[number], more: object = {}): object => ({
  alias,
  hash: apiKeyHash(keys[alias] ?? ''),
  ...more,
});
const fake = await startFake();
const HXLLM = {
  origins: ['https://chat.example'],
  keys: [
    entryOf('minute', { rpm_limit: 2 }),
    entryOf('failing', { rpm_limit: 3 }),
    entryOf('one', { team: 'research', rpm_limit: 10 }),
    entryOf('two', { team: 'research' }),
    entryOf('parallel', { max_parallel_requests: 1 }),
    entryOf('free'),
  ],
  teams: [{ alias: 'research', rpm_limit: 3 }],
};
const gateway = await startGateway([fake], { hxllm: HXLLM });
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
});

const bearer = (name: (typeof names)[number]): Record<string, string> => ({
  authorization: `Bearer ${keys[name] ?? ''}`,
});
const chat = (
  name: (typeof names)[number],
  body: object = {},
  headers: Record<string, string> = {},
): Promise<Response> => gateway.chat(body, { headers: { ...bearer(name), ...headers } });
const limitsOf = ({ headers }: Response): readonly (string | null)[] =>
  ['limit', 'remaining'].flatMap((what) => [
    headers.get(`x-ratelimit-${what}-requests`),
    headers.get(`anthropic-ratelimit-requests-${what}`),
  ]);

test('a key gets its requests of a minute, and then 429 with the time after which the next one fits', async () => {
  const first = await chat('minute', { stream: true }, { origin: 'https://chat.example' });
  assert.deepEqual(limitsOf(first), ['2', '2', '1', '1']);
  assert.match(first.headers.get('access-control-expose-headers') ?? '', /x-ratelimit-remaining-requests/);
  assert.match(first.headers.get('x-ratelimit-reset-requests') ?? '', /^1m0s$/);
  const resetMs = Date.parse(first.headers.get('anthropic-ratelimit-requests-reset') ?? '') - Date.now();
  assert.ok(resetMs > 30_000 && resetMs <= 61_000, String(resetMs));
  await first.text();
  assert.deepEqual(limitsOf(await chat('minute')), ['2', '2', '0', '0']);
  const refused = await chat('minute');
  assert.deepEqual([refused.status, ...limitsOf(refused)], [429, '2', '2', '0', '0']);
  const waitMs = Number(refused.headers.get('retry-after-ms'));
  assert.ok(waitMs > 1000 && waitMs <= 60_000, String(waitMs));
  assert.equal(refused.headers.get('retry-after'), String(Math.ceil(waitMs / 1000)));
  assert.equal(refused.headers.get('x-should-retry'), 'true');
  const error = await errorOf(refused);
  assert.deepEqual([error.type, error.code], ['requests', 'rate_limit_exceeded']);
  assert.match(
    error.message,
    /^Rate limit reached for the key minute: 2 requests per minute\. Please try again in \d+s\.$/,
  );
  await until('it is logged', () => gateway.ended().some(({ status }) => status === 429));
  assert.partialDeepStrictEqual(
    gateway.ended().find(({ status }) => status === 429),
    { caller: 'minute', failure: 'rate_limit_exceeded', ended: 'refused' },
  );
});

test('each dialect refuses in its own form', async () => {
  const ask = async (path: string): Promise<readonly [number, unknown, string | null]> => {
    const response = await gateway.ask(path, { method: 'POST', headers: bearer('minute'), body: '{}' });
    return [response.status, await response.json(), response.headers.get('retry-after')];
  };
  for (const path of ['/v1/messages', '/api/chat', '/v1/responses', '/openai/deployments/m/chat/completions']) {
    const [status, body, retryAfter] = await ask(path);
    assert.equal(status, 429, path);
    assert.match(JSON.stringify(body), /Rate limit reached for the key minute/, path);
    assert.ok(Number(retryAfter) > 0 && Number(retryAfter) <= 60, path);
    if (path === '/v1/messages') assert.match(JSON.stringify(body), /"type":"rate_limit_error"/);
  }
});

test('requests that fail count too, and lists do not', async () => {
  for (const status of [400, 404, 400, 429]) {
    const body = status === 404 ? { model: 'nowhere' } : { messages: 'x' };
    assert.equal((await chat('failing', body)).status, status);
  }
  for (let list = 0; list < 5; list += 1)
    assert.equal((await gateway.ask('/v1/models', { headers: bearer('failing') })).status, 200);
});

test('the keys of a team share its limit; the headers have the one that is nearest', async () => {
  assert.deepEqual(limitsOf(await chat('two')), ['3', '3', '2', '2']);
  assert.deepEqual(limitsOf(await chat('one')), ['3', '3', '1', '1']);
  assert.equal((await chat('two')).status, 200);
  for (const name of ['one', 'two'] as const) {
    const refused = await chat(name);
    assert.equal(refused.status, 429);
    assert.match((await errorOf(refused)).message, /the team research: 3 requests per minute/);
  }
});

test('a key has only so many requests under way; each ends with its response, or when its client leaves', async () => {
  const held = Promise.withResolvers<void>();
  fake.behave(async (got, outgoing) => {
    await held.promise;
    await answersShortly('hello')(got, outgoing);
  });
  const before = fake.requests.length;
  const leaving = new AbortController();
  const begun = gateway.chat({}, { headers: bearer('parallel'), signal: leaving.signal }).catch(() => undefined);
  await until('the server has it', () => fake.requests.length === before + 1);
  const refused = await chat('parallel');
  assert.deepEqual(
    [refused.status, refused.headers.get('retry-after'), ...limitsOf(refused)],
    [429, '1', null, null, null, null],
  );
  assert.match((await errorOf(refused)).message, /the key parallel: 1 request at a time/);
  leaving.abort();
  await begun;
  // An SDK waits as long as it is told, and succeeds with its first retry.
  const client = new OpenAI({ apiKey: keys['parallel'] ?? '', baseURL: `${gateway.url}/v1`, maxRetries: 1 });
  const { length } = fake.requests;
  const next = client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  await until('it is served', () => fake.requests.length > length);
  const meanwhile = client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  await until(
    'it is refused once',
    () => gateway.ended().filter(({ status, caller }) => status === 429 && caller === 'parallel').length >= 2,
  );
  held.resolve();
  assert.equal((await next).choices[0]?.message.content, 'hello');
  assert.equal((await meanwhile).choices[0]?.message.content, 'hello');
  fake.behave(answersShortly('hello'));
});

test('a key without limits, and the master key, have no headers of limits', async () => {
  for (const response of [await chat('free'), await gateway.chat()])
    assert.deepEqual([response.status, ...limitsOf(response)], [200, null, null, null, null]);
});

test('a reload keeps what was used, also under another limit', async () => {
  const reloadWith = async (rpm_limit: number): Promise<void> => {
    const hxllm = { ...HXLLM, keys: HXLLM.keys.map((key) => ('rpm_limit' in key ? { ...key, rpm_limit } : key)) };
    const model_list = [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }];
    const text = JSON.stringify({ model_list, general_settings: { master_key: KEY }, hxllm });
    const { config } = readConfigText(text, 'config.yaml', { environment: {} });
    assert.ok(config !== undefined && (await gateway.reload(config)));
  };
  await reloadWith(2);
  assert.equal((await chat('minute')).status, 429);
  await reloadWith(3);
  assert.deepEqual(limitsOf(await chat('minute')), ['3', '3', '0', '0']);
  await reloadWith(1);
  assert.deepEqual([(await chat('minute')).status, (await chat('free')).status], [429, 200]);
});
