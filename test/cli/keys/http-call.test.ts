import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { callGateway } from '../../../src/cli/keys/call-gateway.ts';
import { callHttp } from '../../../src/cli/keys/http-call.ts';
import { Secret } from '../../../src/core/secret.ts';

async function serving(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const signal = new AbortController().signal;

test('a body goes out whole as a POST, and the answer comes whole, with characters that parts cut', async (t) => {
  const answer = Buffer.from('{"name":"Käte 🙂"}');
  const url = await serving(t, (request, response) => {
    void text(request).then(async (body) => {
      response.setHeader('x-seen', `${String(request.method)} ${body.length}`);
      for (const byte of answer) {
        response.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
  });
  const got = await callHttp(`${url}/x`, { headers: {}, body: '{"ä":"🙂"}', signal });
  assert.deepEqual([got.status, got.text, got.header('x-seen')], [200, answer.toString(), 'POST 10']);
});

test('a redirection is not followed: the key goes to no other server', async (t) => {
  const other = await serving(t, () => assert.fail('followed'));
  const url = await serving(t, (_request, response) => {
    response.writeHead(307, { location: other }).end('{}');
  });
  const { status } = await callHttp(`${url}/usage`, {
    headers: { authorization: 'Bearer k' },
    body: undefined,
    signal,
  });
  assert.equal(status, 307);
});

test('an abort ends a call whose answer has begun, and the Problem says why', async (t) => {
  const aborting = new AbortController();
  const url = await serving(t, (_request, response) => {
    response.writeHead(200).write('{"rows":[');
    setTimeout(() => {
      aborting.abort(new Error('interrupted'));
    }, 50);
  });
  const gateway = { name: 'g', url, key: new Secret('sk-1'), command: undefined };
  const done = await callGateway(gateway, '/usage', aborting.signal);
  assert.ok(!done.ok);
  assert.equal(done.problems[0].code, 'host.gateway-unreachable');
});

test('an answer that is cut, and a port that nobody listens on, are Problems', async (t) => {
  const url = await serving(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"rows":[', () => response.destroy());
  });
  for (const at of [url, 'http://127.0.0.1:9']) {
    const done = await callGateway({ name: 'g', url: at, key: undefined, command: undefined }, '/usage', signal);
    assert.ok(!done.ok);
    assert.match(done.problems[0].detail, /found (?:ECONNRESET|ECONNREFUSED|aborted)/);
  }
});
