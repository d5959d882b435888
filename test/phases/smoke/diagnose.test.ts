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
  // The address of a listening TCP server is an AddressInfo.
  return (server.address() as AddressInfo).port;
}

test('a port without a listener is reported as that, and all other checks are skipped', async () => {
  const port = await quietPort();
  const { report, result } = await smokeAt(`http://127.0.0.1:${String(port)}`);
  assert.match(result('http.connects').seen, /nothing listens on port \d+ of 127\.0\.0\.1/);
  assert.deepEqual(new Set(report.results.slice(2).map(({ outcome }) => outcome)), new Set(['skip']));
  assert.equal(report.ending, 'failed');
});

test('a name that does not resolve is reported as that', async () => {
  // RFC 6761: names below .invalid never exist.
  const { result } = await smokeAt('http://hx-api-server.invalid:4000');
  assert.match(result('http.resolves').seen, /does not resolve|no name server answered/);
});

test('https to a port that speaks plain HTTP is reported with the right address', async () => {
  await using server = await startFake({ models: [], backends: [] });
  const { result } = await smokeAt(server.url.replace('http:', 'https:'));
  assert.match(result('http.handshake').seen, /does not speak TLS/);
  assert.match(result('http.handshake').fix ?? '', /http:\/\/127\.0\.0\.1:\d+$/);
});

test('a server with another protocol is reported as that', async (t) => {
  const server = createServer((socket) => void socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2\r\n'));
  t.after(() => {
    server.close();
  });
  const { result } = await smokeAt(`http://127.0.0.1:${String(await listen(server))}`);
  assert.match(result('http.reachable').seen, /does not speak HTTP/);
});

test('a server that closes the connection is reported as that', async () => {
  await using server = await startFake({ models: [], backends: [], bend: () => 'hang up' });
  const { result } = await smokeAt(server.url);
  assert.match(result('http.reachable').seen, /closed the connection before it answered/);
});

test('codes that need another machine have messages of their own', () => {
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

test('if several addresses were tried, the first error counts', () => {
  const error = new AggregateError([
    Object.assign(new Error('a'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('b'), { code: 'ENETUNREACH' }),
  ]);
  assert.equal(diagnose(error, new URL('http://localhost:4000'), 0).kind, 'refused');
});

test('an unknown error keeps its message', () => {
  assert.match(diagnose(new Error('strange'), new URL('http://a:1/v1/models'), 0).seen, /strange/);
});
