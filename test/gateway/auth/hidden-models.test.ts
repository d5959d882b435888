import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { ENDPOINTS } from '../../../src/gateway/api/endpoints.ts';
import { NOWHERE, startFake } from '../fake-upstream.ts';
import { startGateway, textOf } from '../running.ts';

const [key, team, byAlias] = [newApiKey(), newApiKey(), newApiKey()];
const fake = await startFake();
const other = await startFake();
const entry = (model_name: string, api_base: string, access_groups?: readonly string[]): object => ({
  model_name,
  litellm_params: { model: 'ollama_chat/m', api_base },
  model_info: { id: `id-${model_name}`, access_groups },
});
const gateway = await startGateway([], {
  model_list: [
    entry('open', fake.url, ['free']),
    entry('secret', other.url),
    entry('broken', NOWHERE[0]),
    entry('fallen', NOWHERE[0]),
  ],
  router_settings: {
    model_group_alias: { 'open-too': 'open', 'secret-too': 'secret' },
    fallbacks: [{ broken: ['secret'] }, { fallen: ['secret', 'open'] }],
    num_retries: 0,
  },
  hxllm: {
    keys: [
      { alias: 'some', hash: apiKeyHash(key), models: ['free', 'broken', 'fallen'] },
      { alias: 'by alias', hash: apiKeyHash(byAlias), models: ['broken', 'secret-too'] },
      { alias: 'of the team', hash: apiKeyHash(team), models: ['all-team-models'], team: 'research' },
    ],
    teams: [{ alias: 'research', models: ['secret'] }],
  },
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
  await other.kill();
});

const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });

/** Status, headers and body of an answer, without what differs from request to request; the model's name as NAME. */
async function answerOf(path: string, name: string, init: RequestInit): Promise<unknown> {
  const response = await gateway.ask(path.replaceAll('NAME', name), {
    ...init,
    headers: { ...bearer(key), ...(init.headers as Record<string, string> | undefined) },
    ...(typeof init.body === 'string' ? { body: init.body.replaceAll('NAME', name) } : {}),
  });
  const varying = /^(?:date|.*request-id|x-litellm-call-id|content-length)$/;
  const headers = [...response.headers].filter(([header]) => !varying.test(header));
  const text = (await response.text()).replaceAll(name, 'NAME').replaceAll(/req_[0-9a-f]{32}/g, 'ID');
  return { status: response.status, headers, text };
}

const BODY = '{"model":"NAME","messages":[{"role":"user","content":"hi"}],"prompt":"hi","input":"hi","max_tokens":5}';

test('in every dialect a model that the key may not use is what an unknown one is, word for word', async () => {
  const asks: (readonly [string, RequestInit])[] = ENDPOINTS.flatMap(({ paths }) =>
    paths.map((path): readonly [string, RequestInit] => [
      path.replace(':model{.+}', 'NAME'),
      // A prompt is a template in OpenAI's responses.
      { method: 'POST', body: path.includes('/responses') ? BODY.replace('"prompt":"hi",', '') : BODY },
    ]),
  );
  for (const [path, init] of asks)
    assert.partialDeepStrictEqual(await answerOf(path, 'nowhere', init), { status: 404 }, path);
  asks.push(
    ['/v1/models/NAME', {}],
    ['/v1/models/NAME', { headers: { 'anthropic-version': '2023-06-01' } }],
    ['/api/show', { method: 'POST', body: BODY }],
    ['/model/info?litellm_model_id=id-NAME', {}],
    ['/model_group/info?model_group=NAME', {}],
    ['/v1/chat/completions', { method: 'POST', body: BODY, headers: { 'x-hxllm-backend': other.url } }],
    ['/v1/chat/completions', { method: 'POST', body: BODY.replace('{', '{"custom_llm_provider":"ollama_chat",') }],
  );
  for (const [path, init] of asks) {
    const unknown = await answerOf(path, 'nowhere', init);
    for (const name of ['secret', 'secret-too', 'secret:latest'])
      assert.deepEqual(await answerOf(path, name, init), unknown, `${path} ${name}`);
  }
  assert.equal((await gateway.chat({ model: 'ollama_chat/m' }, { headers: bearer(key) })).status, 404);
  assert.ok(!other.requests.some(({ body }) => body.includes('hi')), 'nothing reached the server');
});

test('lists have the models of the key alone', async () => {
  const listed = async (path: string, of: (body: never) => readonly string[], text = key): Promise<readonly string[]> =>
    of((await (await gateway.ask(path, { headers: bearer(text) })).json()) as never);
  const ids = ({ data }: { data: { id: string }[] }): readonly string[] => data.map(({ id }) => id);
  const names = ({ models }: { models: { name: string }[] }): readonly string[] => models.map(({ name }) => name);
  const infos = ({ data }: { data: { model_name: string }[] }): readonly string[] =>
    data.map(({ model_name }) => model_name);
  const groups = ({ data }: { data: { model_group: string }[] }): readonly string[] =>
    data.map(({ model_group }) => model_group);
  const mine = ['open', 'broken', 'fallen', 'open-too'];
  assert.deepEqual(await listed('/v1/models', ids), mine);
  assert.deepEqual(await listed('/api/tags', names), mine);
  assert.ok((await listed('/api/ps', names)).every((name) => mine.includes(name)));
  assert.deepEqual(await listed('/model/info', infos), mine);
  assert.deepEqual(await listed('/model_group/info', groups), mine);
  assert.deepEqual(await listed('/v1/models', ids, team), ['secret', 'secret-too']);
});

test('models of the list are served, under their aliases too', async () => {
  for (const model of ['open', 'open-too', 'open:latest'])
    assert.equal((await gateway.ask('/api/chat', chatWith(model, key))).status, 200, model);
  assert.equal((await gateway.ask('/api/chat', chatWith('open', team))).status, 404);
  assert.equal((await gateway.ask('/api/chat', chatWith('secret', team))).status, 200);
});

function chatWith(model: string, text: string): { method: string; headers: Record<string, string>; body: string } {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], stream: false });
  return { method: 'POST', headers: bearer(text), body };
}

test('no fallback leads to another model: neither one of the configuration nor one that the request names', async () => {
  const before = other.requests.length;
  const chat = (more: object): Promise<Response> => gateway.chat(more, { headers: bearer(key) });
  assert.equal((await chat({ model: 'broken' })).status, 503);
  assert.equal((await chat({ model: 'broken', fallbacks: ['secret', { model: 'secret-too' }] })).status, 503);
  assert.equal(await textOf(await chat({ model: 'broken', fallbacks: ['secret', 'open-too'] })), 'hello');
  assert.equal(await textOf(await chat({ model: 'fallen' })), 'hello');
  assert.ok(other.requests.slice(before).every(({ path }) => path !== '/api/chat'));
  const named = await gateway.chat({ model: 'broken', fallbacks: ['secret-too'] }, { headers: bearer(byAlias) });
  assert.equal(await textOf(named), 'hello', 'the key may use this alias');
  // With the master key the same requests go there.
  assert.equal(await textOf(await gateway.chat({ model: 'broken' })), 'hello');
  assert.ok(other.requests.slice(before).some(({ path }) => path === '/api/chat'));
});
