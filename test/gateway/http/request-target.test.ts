import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainTarget } from '../../../src/gateway/http/request-target.ts';
import { startFake } from '../fake-upstream.ts';
import { startGateway } from '../running.ts';

const TARGETS: readonly (readonly [target: string, plain: string])[] = [
  ['/v1/chat/completions', '/v1/chat/completions'],
  ['//v1/chat/completions', '/v1/chat/completions'],
  ['/v1//chat///completions', '/v1/chat/completions'],
  ['/v1/embeddings/', '/v1/embeddings'],
  ['/v1/models/?limit=2&after_id=//a/', '/v1/models?limit=2&after_id=//a/'],
  ['/', '/'],
  ['//', '/'],
  ['http://host:4000//v1/models/', 'http://host:4000/v1/models'],
  ['http://host:4000', 'http://host:4000'],
  ['/v1/models/hf.co%2F%2Fm', '/v1/models/hf.co%2F%2Fm'],
  ['*', '*'],
  ['', ''],
];

for (const [target, plain] of TARGETS) {
  test(`the path of '${target}' is read as '${plain}'`, () => {
    assert.equal(plainTarget(target), plain);
  });
}

test('doubled slashes and a slash at the end reach the endpoint, in every API', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5, stream: false };
  for (const path of ['//v1/chat/completions', '/v1//chat/completions', '/v1/messages/', '//api/chat', '/api/chat/']) {
    const reply = await gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(reply.status, 200, path);
    await reply.body?.cancel();
  }
  for (const path of ['/v1/models/', '//v1//models', '/v1/models/m/', '/health/liveliness/', '/api/tags/'])
    assert.equal((await gateway.ask(path)).status, 200, path);
  assert.equal((await gateway.ask('/v1/nothing/')).status, 404);
});
