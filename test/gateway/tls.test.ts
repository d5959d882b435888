import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { closeOf } from './close-of.ts';
import { startFake, streams } from './fake-upstream.ts';
import { startGateway, until, KEY, type Running } from './running.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-tls-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const CERTIFICATES = join(import.meta.dirname, '../certificates');
const ca = readFileSync(join(CERTIFICATES, 'ca.pem'), 'utf8');
const place = (name: string): string => join(folder, name);
const use = (certificate: string, key = certificate): void => {
  for (const [from, to] of [
    [`${certificate}.pem`, 'cert.pem'],
    [`${key}.key`, 'key.pem'],
  ] as const) {
    cpSync(join(CERTIFICATES, from), place(`${to}.new`));
    renameSync(place(`${to}.new`), place(to));
  }
};
const TLS = { hxllm: { tls: { cert: place('cert.pem'), key: place('key.pem') } } };

const NO_BACKEND = {
  model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: 'http://127.0.0.1:9' } }],
};

const options = (gateway: Running, more: ConnectionOptions = {}): ConnectionOptions => ({
  host: '127.0.0.1',
  port: gateway.port,
  servername: 'localhost',
  ca,
  ...more,
});

async function greeted(gateway: Running, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect(options(gateway, more));
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(gateway: Running, path = '/v1/models', more: RequestOptions = {}): Promise<number> {
  const sent = request({ ...options(gateway), path, headers: { authorization: `Bearer ${KEY}` }, ...more }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

test('the gateway speaks TLS 1.2 and 1.3 with HTTP/1.1, refuses TLS 1.1, and ends a connection without TLS', async () => {
  use('good');
  await using backend = await startFake(streams(['a', 'b'], 1));
  await using gateway = await startGateway([backend], TLS);
  assert.equal(await ask(gateway), 200);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await greeted(gateway, {
      minVersion: version,
      maxVersion: version,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    assert.deepEqual([socket.getProtocol(), socket.alpnProtocol], [version, 'http/1.1']);
    socket.destroy();
  }
  const old = connect(options(gateway, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }));
  const [error] = (await once(old, 'error')) as [Error];
  assert.match(String(error), /protocol version|alert|ECONNRESET/i);
  const plain = connectPlain(gateway.port, '127.0.0.1');
  plain.end('GET /health/liveliness HTTP/1.1\r\nhost: a\r\n\r\n');
  let text = '';
  plain.on('data', (data) => (text += String(data)));
  await closeOf(plain);
  assert.doesNotMatch(text, /200/);
  await until('all connections are gone', () => gateway.connections() === 0);
});

test('a stream over TLS comes whole', async () => {
  use('good');
  await using backend = await startFake(streams(['a', 'b'], 1));
  await using gateway = await startGateway([backend], TLS);
  const socket = await greeted(gateway);
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'x' }] });
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
  );
  let text = '';
  socket.on('data', (data) => (text += String(data)));
  await closeOf(socket);
  assert.match(text, /^HTTP\/1\.1 200[^]*data: \[DONE\]/);
});

test('a handshake that does not end in time is ended, also one that sends a byte now and then', async () => {
  use('good');
  await using gateway = await startGateway([], { ...TLS, ...NO_BACKEND }, { handshakeMs: 400 });
  // The beginning of a ClientHello of 512 bytes.
  const begin = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);
  const silent = connectPlain(gateway.port, '127.0.0.1');
  const slow = connectPlain(gateway.port, '127.0.0.1');
  const beganMs = performance.now();
  slow.write(begin);
  const closed = Promise.all([closeOf(silent), closeOf(slow)]);
  const dripping = setInterval(() => slow.write('a'), 50);
  try {
    await until('both are counted', () => gateway.connections() === 2);
    await closed;
  } finally {
    clearInterval(dripping);
  }
  assert.ok(performance.now() - beganMs >= 390);
  await until('both are gone', () => gateway.connections() === 0);
});

test('a request that is too slow is ended behind its handshake as without TLS', async () => {
  use('good');
  await using gateway = await startGateway([], { ...TLS, ...NO_BACKEND }, { headersMs: 200, wholeMs: 400, lookMs: 50 });
  const socket = await greeted(gateway);
  socket.write('GET /v1/models HTTP/1.1\r\nhost: a\r\n');
  let text = '';
  socket.on('data', (data) => (text += String(data)));
  await closeOf(socket);
  assert.match(text, /^HTTP\/1\.1 408/);
});

test('a renewed pair is used from the next connection on, and a pair that does not fit is told once and not used', async () => {
  use('good');
  await using gateway = await startGateway([], { ...TLS, ...NO_BACKEND }, { renewalLookMs: 20 });
  const subject = async (): Promise<string> => {
    const socket = await greeted(gateway, { rejectUnauthorized: false });
    const { subject: found } = socket.getPeerCertificate();
    socket.destroy();
    return String(found.CN);
  };
  const lines = (event: string): readonly Readonly<Record<string, unknown>>[] =>
    gateway.log.filter((line) => line['event'] === event);
  const open = await greeted(gateway);
  assert.equal(await subject(), 'good');
  use('wrong-name', 'good');
  await until('it is refused', () => lines('certificate-refused').length > 0);
  assert.equal(await subject(), 'good');
  writeFileSync(place('cert.pem'), readFileSync(join(CERTIFICATES, 'wrong-name.pem')).subarray(0, 300));
  await until('it is refused again', () => lines('certificate-refused').length === 2);
  rmSync(place('key.pem'));
  await until('a missing file is refused', () => lines('certificate-refused').length === 3);
  assert.equal(await subject(), 'good');
  use('wrong-name');
  await until('the new one is used', async () => (await subject()) === 'wrong-name');
  open.end('GET /health/liveliness HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  let text = '';
  open.on('data', (data) => (text += String(data)));
  await closeOf(open);
  assert.match(text, /^HTTP\/1\.1 200/);
  assert.doesNotMatch(JSON.stringify(gateway.log), /PRIVATE/);
  assert.match([...gateway.metrics.parts()].join(''), /^hxllm_certificate_not_after_timestamp_seconds \d+/m);
});

test('a stop waits for a handshake that is under way, and serves its request', async () => {
  use('good');
  await using gateway = await startGateway([], { ...TLS, ...NO_BACKEND });
  const raw = connectPlain(gateway.port, '127.0.0.1');
  await once(raw, 'connect');
  await until('it is counted', () => gateway.connections() === 1);
  const stopped = gateway.stop(5000, new AbortController().signal);
  const socket = connect({ socket: raw, servername: 'localhost', ca });
  await once(socket, 'secureConnect');
  socket.write('GET /health/liveliness HTTP/1.1\r\nhost: a\r\n\r\n');
  let text = '';
  socket.on('data', (data) => (text += String(data)));
  await closeOf(socket);
  assert.match(text, /^HTTP\/1\.1 200[^]*connection: close/i);
  await stopped;
});
