import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test, type TestContext } from 'node:test';
import { startFake } from './fake-upstream.ts';
import { rawConnection, statusesIn } from './http/raw-connection.ts';
import { KEY, startGateway, type Running } from './running.ts';

const BODY = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });

async function startStage(t: TestContext, more: object = {}): Promise<Running> {
  const fake = await startFake();
  const gateway = await startGateway([fake], more);
  t.after(async () => {
    await gateway[Symbol.asyncDispose]();
    await fake[Symbol.asyncDispose]();
  });
  return gateway;
}

interface Got {
  readonly status: number | undefined;
  readonly names: readonly string[];
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Posts a body; `rawHeaders` shows a header that was sent twice. */
function post(gateway: Running, path: string, more: object = {}, body = BODY): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${KEY}`, ...more };
    request({ port: gateway.port, host: '127.0.0.1', method: 'POST', path, headers }, (response) => {
      const names = response.rawHeaders.filter((_name, at) => at % 2 === 0).map((name) => name.toLowerCase());
      response.resume().on('end', () => {
        resolve({ status: response.statusCode, names, headers: response.headers });
      });
    })
      .on('error', reject)
      .end(body);
  });
}

test('an endpoint has the same headers in the same order, each once, by the router and past it', async (t) => {
  const origin = 'https://page.test';
  const gateway = await startStage(t, { hxllm: { origins: [origin] } });
  const streamed = BODY.replace('{', '{"stream":true,');
  for (const [what, more, body] of [
    ['a response', {}, BODY],
    ['a stream', {}, streamed],
    ['a page', { origin, 'x-client-request-id': 'mine', 'x-litellm-call-id': 'call' }, BODY],
    ['a wrong key', { authorization: 'Bearer wrong' }, BODY],
    ['no JSON', {}, '{'],
    ['an unknown model', {}, BODY.replace('"m"', '"none"')],
    ['an unknown coding', { 'content-encoding': 'none-such' }, BODY],
  ] as const) {
    // The router decodes the target, and sees the query.
    const routed = await post(gateway, '/v1/chat/complet%69ons?a=b', more, body);
    const plain = await post(gateway, '/v1/chat/completions', more, body);
    assert.equal(plain.status, routed.status, what);
    assert.deepEqual(plain.names, routed.names, what);
    assert.equal(new Set(plain.names).size, plain.names.length, `${what}: ${plain.names.join(', ')}`);
    assert.match(String(plain.headers['x-request-id']), /^req_[0-9a-f]{32}$/, what);
  }
  const page = await post(gateway, '/v1/chat/completions', { origin, 'x-client-request-id': 'mine' });
  assert.partialDeepStrictEqual(page.headers, {
    'access-control-allow-origin': origin,
    vary: 'Origin',
    'x-client-request-id': 'mine',
  });
  const anthropic = await post(gateway, '/v1/messages', {}, BODY.replace('{', '{"max_tokens":5,'));
  assert.equal(anthropic.headers['request-id'], anthropic.headers['x-request-id']);
});

test('an invalid Host is refused also behind a valid one, and its request reaches no server', async (t) => {
  const gateway = await startStage(t);
  const head = (host: string, authority: string): string =>
    `POST ${authority}/v1/chat/completions HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: ${String(BODY.length)}\r\n\r\n${BODY}`;
  const hosts = ['a.test', 'a.test', 'a b', 'a.test', 'x/y', 'b.test:80', 'b.test:80', 'a.test'];
  for (const host of hosts) {
    await using connection = await rawConnection(gateway, head(host, ''));
    await connection.saw('\r\n\r\n');
    assert.deepEqual(statusesIn(connection.text()), [/[ /]/.test(host) ? 400 : 200], host);
  }
  // The router takes the authority of an absolute target, and does not look at Host.
  for (const host of ['a b', 'x/y']) {
    await using absolute = await rawConnection(gateway, head(host, 'http://a.test'));
    await absolute.saw('\r\n\r\n');
    await using plain = await rawConnection(gateway, head(host, ''));
    await plain.saw('\r\n\r\n');
    assert.deepEqual(statusesIn(plain.text()), [400], host);
  }
});
