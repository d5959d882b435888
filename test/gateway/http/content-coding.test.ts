import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { BodyBudget } from '../../../src/gateway/http/body-budget.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';
import { rawConnection, statusesIn } from './raw-connection.ts';

const BODY = Buffer.from('{"model":"m","messages":[{"role":"user","content":"compressed"}]}');

function post(gateway: Running, coding: string, body: Buffer): Promise<Response> {
  const headers = { 'content-encoding': coding, 'content-type': 'application/json' };
  return gateway.ask('/v1/chat/completions', { method: 'POST', headers, body: new Uint8Array(body) });
}

const TAKEN: readonly (readonly [coding: string, body: Buffer])[] = [
  ['gzip', gzipSync(BODY)],
  ['GZip', gzipSync(BODY)],
  ['x-gzip', gzipSync(BODY)],
  ['deflate', deflateSync(BODY)],
  ['br', brotliCompressSync(BODY)],
  ['zstd', zstdCompressSync(BODY)],
  ['identity', BODY],
  ['Identity', BODY],
  ['', BODY],
  ['identity, gzip', gzipSync(BODY)],
  ['gzip, br', brotliCompressSync(gzipSync(BODY))],
  ['zstd ,deflate,gzip', gzipSync(deflateSync(zstdCompressSync(BODY)))],
  ['gzip', Buffer.concat([gzipSync(BODY.subarray(0, 20)), gzipSync(BODY.subarray(20))])],
];

test('a compressed body is read as it was before', async (t) => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [coding, body] of TAKEN)
    await t.test(coding, async () => {
      const response = await post(gateway, coding, body);
      assert.equal(response.status, 200, await response.text());
      assert.match(fake.requests.at(-1)?.body ?? '', /"content":"compressed"/);
    });
});

const MIB = 1024 * 1024;
const ZEROS = Buffer.alloc(400 * MIB);
const BOMB = gzipSync(ZEROS);
const REFUSED: readonly (readonly [what: string, coding: string, body: Buffer, status: number])[] = [
  ['an unknown coding', 'compress', BODY, 415],
  ['an unknown coding beside a known one', 'gzip, aws-chunked', gzipSync(BODY), 415],
  ['more codings than anyone uses', 'gzip, gzip, gzip, gzip, gzip', BODY, 415],
  ['a name of an object’s own', 'constructor', BODY, 415],
  ['a body that is not compressed', 'gzip', BODY, 400],
  ['a body in another coding', 'br', gzipSync(BODY), 400],
  ['a body that is cut off', 'gzip', gzipSync(BODY).subarray(0, -9), 400],
  ['a brotli body that is cut off', 'br', brotliCompressSync(BODY).subarray(0, -3), 400],
  ['a zstd body that is cut off', 'zstd', zstdCompressSync(BODY).subarray(0, -3), 400],
  ['a body with a wrong checksum', 'gzip', Buffer.concat([gzipSync(BODY).subarray(0, -8), Buffer.alloc(8)]), 400],
  ['an empty body', 'gzip', Buffer.alloc(0), 400],
  ['a body that is no JSON inside', 'gzip', gzipSync('{'), 400],
  ['a gzip bomb', 'gzip', BOMB, 413],
  ['a brotli bomb', 'br', brotliCompressSync(ZEROS.subarray(0, 64 * MIB)), 413],
  ['a zstd bomb', 'zstd', zstdCompressSync(ZEROS), 413],
  ['a bomb in the middle', 'gzip, gzip', gzipSync(BOMB), 413],
];

test('a body that cannot be read, or grows beyond max_body_mib, is refused', async (t) => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { max_body_mib: 4 } });
  for (const [what, coding, body, status] of REFUSED)
    await t.test(`${what}: ${String(status)}`, async () => {
      assert.ok(body.length < 4 * MIB);
      const before = process.memoryUsage().rss;
      const response = await post(gateway, coding, body);
      const text = await response.text();
      assert.equal(response.status, status, text);
      assert.match(text, /"type":"invalid_request_error"/);
      assert.equal(response.headers.get('accept-encoding'), status === 415 ? 'gzip, deflate, br, zstd' : null);
      assert.ok(process.memoryUsage().rss - before < 200 * MIB, 'the bomb is not inflated');
    });
  assert.equal(fake.requests.length, 0);
  assert.equal((await gateway.chat()).status, 200);
});

test('a compressed body in pieces is read, and a client that leaves in the middle harms nobody', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const body = gzipSync(BODY);
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-encoding: gzip\r\nconnection: close\r\ncontent-length: ${String(body.length)}\r\n\r\n`;
  {
    await using leaving = await rawConnection(gateway, head);
    leaving.send(body.subarray(0, 30));
  }
  await until('the line is written', () => gateway.ended().length === 1);
  assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'client-left' });
  await using raw = await rawConnection(gateway, head);
  for (const byte of body) {
    raw.send(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(statusesIn(await raw.whole()), [200]);
});

test('a client that leaves while its body is decoded gives the room for bodies back', async (t) => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { max_bodies_mib: 8 } });
  const { mock: held } = t.mock.method(BodyBudget.prototype, 'hold');
  const body = gzipSync(BODY.toString().replace('compressed', 'x'.repeat(7 * 1024 * 1024)));
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Encoding: gzip\r\n`;
  const bytes = Buffer.concat([Buffer.from(`${head}Content-Length: ${String(body.length)}\r\n\r\n`), body]);
  for (let client = 1; client <= 5; client += 1) {
    const before = held.callCount();
    await using connection = await rawConnection(gateway, bytes);
    while (held.callCount() === before) await turn();
    // All bytes have come, and the first of them are decoded.
    connection.reset();
    await until('the client has left', () => gateway.ended().length === client);
  }
  const response = await post(gateway, 'gzip', body);
  assert.equal(response.status, 200, await response.text());
  await until('the last has ended', () => gateway.ended().length === 6);
  assert.equal((held.calls[0]?.this as BodyBudget | undefined)?.heldBytes, 0);
});
