import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { plainTarget } from '../../../src/gateway/http/request-target.ts';
import { routedPath } from '../../../src/gateway/server.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway } from '../running.ts';

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
  ['HTTP://host:4000/v1/models/', 'http://host:4000/v1/models'],
  ['Https://Host/v1/models', 'https://Host/v1/models'],
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

test('a path is read for its dialect as the router reads it', () => {
  for (const target of [
    '/api/chat',
    'http://a/api/chat',
    'https://a:4000/api/chat?x=1',
    '/v1/../api/chat',
    '/%61pi/chat',
    '/api/chat#x',
  ])
    assert.equal(routedPath(target), '/api/chat', target);
  assert.equal(routedPath('/v1/%ff%zz'), '/v1/%ff%zz');
  assert.equal(routedPath('/v1/mess%61ges/%ff'), '/v1/messages/%ff');
});

test('a target in absolute form or percent-encoded is served in the dialect of its endpoint', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const { hostname, port } = new URL(gateway.url);
  const post = (path: string, body: object): Promise<{ status: number; type: string; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${KEY}` };
      const sent = request({ hostname, port, path, method: 'POST', headers }, (reply) => {
        let text = '';
        reply.setEncoding('utf8');
        reply.on('data', (chunk: string) => (text += chunk));
        reply.on('end', () => {
          resolve({ status: reply.statusCode ?? 0, type: reply.headers['content-type'] ?? '', text });
        });
      });
      sent.once('error', reject);
      sent.end(JSON.stringify(body));
    });
  const chat = { model: 'm:latest', messages: [{ role: 'user', content: 'hi' }], stream: true };
  for (const path of ['http://a/api/chat', '/%61pi/chat']) {
    const reply = await post(path, chat);
    assert.equal(reply.status, 200, `${path}: ${reply.text}`);
    assert.match(reply.type, /^application\/x-ndjson/, path);
    assert.match((await post(path, {})).text, /^{"error":"/, path);
  }
  for (const path of ['http://a/v1/messages', '/v1/%6dessages'])
    assert.match((await post(path, {})).text, /"type":"error".*"request_id"/, path);
  assert.match(await (await gateway.ask('/v1/mod%65ls/m')).text(), /"id":"m"/);
});
