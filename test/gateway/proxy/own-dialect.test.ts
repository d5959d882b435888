import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake } from '../fake-upstream.ts';
import { startGateway } from '../running.ts';
import { answers, entry, FOREIGN, HI, post, type Json } from './own-dialect-stage.ts';

const CUSTOM = { type: 'custom', custom: { name: 'sql', format: { type: 'text' } } };

test('an openai/ server gets its own API as it came, and judges it itself', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startGateway([], { model_list: [entry('openai/m', fake)] });
  const bodies = [
    ...FOREIGN,
    ['/v1/chat/completions', { ...HI, tools: [CUSTOM] }],
    ['/v1/chat/completions', { ...HI, unheard_of: { a: 1 } }],
  ] as const;
  for (const [path, body] of bodies) {
    const response = await post(gateway, path, body);
    assert.equal(response.status, 200, `${JSON.stringify(body)}: ${await response.text()}`);
    assert.deepEqual(JSON.parse(fake.requests.at(-1)?.body ?? ''), { model: 'm', ...body });
    assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
  }
  const stream = await post(gateway, '/v1/chat/completions', { ...FOREIGN[0]?.[1], stream: true });
  assert.match(await stream.text(), /"content":"a"[^]*\[DONE\]/);
  await (await post(gateway, '/v1/completions', { prompt: [[1, 2], 'text', [3]] })).text();
  assert.deepEqual(
    fake.requests.slice(-3).map(({ body }) => (JSON.parse(body) as Json)['prompt']),
    [[1, 2], 'text', [3]],
  );
  fake.behave((_got, outgoing) => {
    outgoing.writeHead(400).end('{"error":{"message":"no audio here","type":"invalid_request_error"}}');
  });
  const refused = await post(gateway, '/v1/chat/completions', FOREIGN[1]?.[1] ?? {});
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /no audio here/);
});

test('of an alias with both kinds of servers, the request goes to those that can', async () => {
  await using native = await startFake(answers);
  await using other = await startFake(answers);
  await using gateway = await startGateway([], {
    model_list: [entry('ollama_chat/m', native), entry('openai/m', other)],
  });
  for (const [path, body] of FOREIGN)
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await post(gateway, path, body);
      assert.equal(response.status, 200, await response.text());
    }
  assert.equal(native.requests.length, 0);
  assert.equal(other.requests.length, FOREIGN.length * 3);
});

test('under strict, a parameter without effect on Ollama goes to the server that may have it', async () => {
  await using native = await startFake(answers);
  await using other = await startFake(answers);
  await using gateway = await startGateway([], {
    model_list: [entry('ollama_chat/m', native), entry('openai/m', other)],
    hxllm: { strict: true },
  });
  for (let turn = 0; turn < 3; turn += 1) {
    const response = await post(gateway, '/v1/chat/completions', { ...HI, logit_bias: { 5: 1 } });
    assert.deepEqual([response.status, response.headers.get('x-hxllm-ignored-params')], [200, null]);
  }
  assert.equal(native.requests.length, 0);
});

test('an alias of Ollama alone refuses them as before, by the field', async () => {
  await using native = await startFake(answers);
  await using gateway = await startGateway([native]);
  for (const [path, body] of FOREIGN) assert.equal((await post(gateway, path, body)).status, 400, JSON.stringify(body));
  const response = await post(gateway, '/v1/chat/completions', { ...HI, temperature: 3 });
  assert.partialDeepStrictEqual(await response.json(), { error: { param: 'temperature' } });
  assert.equal(native.requests.length, 0);
});

test('a bound of the gateway holds for every server', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startGateway([], { model_list: [entry('openai/m', fake)] });
  const messages = Array.from({ length: 10_001 }, () => ({ role: 'user', content: 'hi' }));
  assert.equal((await post(gateway, '/v1/chat/completions', { messages })).status, 400);
  assert.equal((await post(gateway, '/v1/chat/completions', { ...HI, n: 99 })).status, 400);
  assert.equal(fake.requests.length, 0);
});
