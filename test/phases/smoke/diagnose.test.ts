import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { test } from 'node:test';
import { diagnose } from '../../../src/phases/smoke/diagnose.ts';
import { quietPort } from '../../port.ts';
import { startFake } from './fake-server.ts';
import { smokeAt } from './smoking.ts';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A listening TCP server's address is one.
  return (server.address() as AddressInfo).port;
}

test('a port where nothing listens is called that, and all the rest is skipped', async () => {
  const port = await quietPort();
  const { report, result } = await smokeAt(`http://127.0.0.1:${String(port)}`);
  assert.match(result('http.reachable').seen, /nothing listens on port \d+ of 127\.0\.0\.1/);
  assert.deepEqual(new Set(report.results.slice(1).map(({ outcome }) => outcome)), new Set(['skip']));
  assert.equal(report.ending, 'failed');
});

test('a name that does not resolve is called that', async () => {
  // RFC 6761: names below .invalid never exist.
  const { result } = await smokeAt('http://hx-api-server.invalid:4000');
  assert.match(result('http.reachable').seen, /does not resolve|no name server answered/);
});

test('https to a port that speaks plain HTTP says which address to take', async () => {
  await using server = await startFake({ models: [], backends: [] });
  const { result } = await smokeAt(server.url.replace('http:', 'https:'));
  assert.match(result('http.reachable').seen, /does not speak TLS/);
  assert.match(result('http.reachable').fix ?? '', /http:\/\/127\.0\.0\.1:\d+$/);
});

test('a server that speaks something else is not HTTP', async (t) => {
  const server = createServer((socket) => void socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2\r\n'));
  t.after(() => {
    server.close();
  });
  const { result } = await smokeAt(`http://127.0.0.1:${String(await listen(server))}`);
  assert.match(result('http.reachable').seen, /is not HTTP/);
});

test('a server that hangs up is called that', async () => {
  await using server = await startFake({ models: [], backends: [], bend: () => 'hang up' });
  const { result } = await smokeAt(server.url);
  assert.match(result('http.reachable').seen, /closed the connection before it had answered/);
});

test('codes that take another machine to see have words of their own', () => {
  const url = new URL('https://hx-api-server:4000');
  const kinds: readonly (readonly [string, string])[] = [
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['EHOSTUNREACH', 'unreachable'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['EAI_AGAIN', 'dns'],
  ];
  for (const [code, kind] of kinds) {
    const trouble = diagnose(Object.assign(new Error('x'), { code }), url, 0);
    assert.equal(trouble.kind, kind, code);
    assert.ok(trouble.fix !== '' && trouble.seen.includes('hx-api-server'), code);
  }
});

test('of several addresses that were tried the first tells why', () => {
  const error = new AggregateError([
    Object.assign(new Error('a'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('b'), { code: 'ENETUNREACH' }),
  ]);
  assert.equal(diagnose(error, new URL('http://localhost:4000'), 0).kind, 'refused');
});

test('an unknown error keeps its own words', () => {
  assert.match(diagnose(new Error('strange'), new URL('http://a:1/v1/models'), 0).seen, /strange/);
});
