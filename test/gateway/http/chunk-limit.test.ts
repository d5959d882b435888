import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { limitChunks, MOST_CHUNKS } from '../../../src/gateway/http/chunk-limit.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until } from '../running.ts';
import { rawConnection, statusesIn } from './raw-connection.ts';

const CHUNKED = `Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`;
const HEAD = `POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer ${KEY}\r\n${CHUNKED}`;
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const END = Buffer.from('0\r\n\r\n');

test('a connection rests after some thousand chunks of a turn, and goes on in the next one', async () => {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  await using server = createServer((incoming, outgoing) => {
    limitChunks(incoming, outgoing);
    resolve(incoming);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write(`POST / HTTP/1.1\r\n${CHUNKED}`);
  const incoming = await promise;
  let bytes = 0;
  incoming.on('data', ({ length }: Buffer) => {
    bytes += length;
  });
  await turn();
  for (let round = 1; round <= 3; round += 1) {
    for (let at = 0; at < MOST_CHUNKS; at += 1) incoming.push(Buffer.of(at & 0xff));
    assert.ok(!incoming.socket.isPaused());
    incoming.push(Buffer.of(1));
    assert.ok(incoming.socket.isPaused(), 'it rests in this turn');
    assert.equal(bytes, round * (MOST_CHUNKS + 1), 'no chunk is lost');
    await turn();
    await turn();
    assert.ok(!incoming.socket.isPaused(), 'it goes on in the next turn');
  }
  client.destroy();
});

test('a body in chunks of all sizes comes as it was sent, also compressed, and the next request is served', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 900, max: 1100 })), {
    minLength: 1,
    maxLength: 40,
  });
  const deflate = async (body: Buffer): Promise<Buffer> =>
    Buffer.from(
      await new Response(
        new Blob([new Uint8Array(body)]).stream().pipeThrough(new CompressionStream('gzip')),
      ).arrayBuffer(),
    );
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async (lengths, isZipped) => {
      const content = lengths.map((length) => 'é'.repeat(length)).join('!');
      const plain = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }));
      const body = isZipped ? await deflate(plain) : plain;
      const head = isZipped ? HEAD.replace('Host', 'Content-Encoding: gzip\r\nHost') : HEAD;
      const pieces: Buffer[] = [];
      for (let at = 0, step = 0; at < body.length; step += 1) {
        const size = lengths[step % lengths.length] ?? 1;
        pieces.push(chunk(body.subarray(at, at + size)));
        at += size;
      }
      const bytes = Buffer.concat([Buffer.from(head), ...pieces, END]);
      await using connection = await rawConnection(gateway, Buffer.concat([bytes, bytes]));
      await until('both are answered', () => statusesIn(connection.text()).length === 2);
      assert.deepEqual(statusesIn(connection.text()), [200, 200]);
      const last = JSON.parse(fake.requests.at(-1)?.body ?? '') as {
        readonly messages: readonly { readonly content: string }[];
      };
      assert.equal(last.messages[0]?.content, content);
    }),
    { numRuns: 25 },
  );
});

test('a body in small chunks that nobody reads is dropped, and the next request of its connection is answered', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const many = Buffer.from('1\r\nx\r\n'.repeat(100_000));
  for (const [what, head, status] of [
    ['a wrong key', HEAD.replace(KEY, 'sk-wrong'), '401'],
    ['an unknown path', HEAD.replace('/v1/chat', '/none'), '404'],
    ['too large a body', HEAD.replace('Host', 'Content-Encoding: none-such\r\nHost'), '415'],
  ] as const) {
    await using connection = await rawConnection(gateway, Buffer.concat([Buffer.from(head), many, END]));
    connection.send(`GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${KEY}\r\n\r\n`);
    await connection.saw('"object":"list"');
    assert.ok(connection.text().startsWith(`HTTP/1.1 ${status}`), `${what}: ${connection.text().slice(0, 80)}`);
  }
});

test('a body in small chunks that nobody reads yet is held up to a limit, and read later', async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<undefined>();
  await using fake = await startFake(async (_got, outgoing) => {
    await answered;
    outgoing.writeHead(500).end('{"error":"no"}');
  });
  await using gateway = await startGateway([fake], { router_settings: { num_retries: 0 } });
  const incomings: IncomingMessage[] = [];
  const onRequest = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage };
    if (request.headers['transfer-encoding'] === 'chunked') incomings.push(request);
  };
  subscribe('http.server.request.start', onRequest);
  try {
    const body = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }));
    const first = HEAD.replace('Transfer-Encoding: chunked', `Content-Length: ${String(body.length)}`);
    await using connection = await rawConnection(gateway, Buffer.concat([Buffer.from(first), body]));
    await until('the first waits for its server', () => fake.requests.length === 1);
    // Its response has to wait for the first one, and Node reads the rest of a body when its response is complete.
    connection.send(HEAD.replace(KEY, 'sk-wrong'));
    const many = Buffer.from('1\r\nx\r\n'.repeat(100_000));
    for (let at = 0; at < 10; at += 1) connection.send(many);
    connection.send(END);
    await until('it has come', () => (incomings[0]?.readableLength ?? 0) > MOST_CHUNKS);
    for (let at = 0; at < 500; at += 1) await turn();
    assert.ok((incomings[0]?.readableLength ?? 0) < 3 * 64 * 1024, String(incomings[0]?.readableLength));
    answer(undefined);
    await until('both are answered', () => statusesIn(connection.text()).length === 2);
    assert.deepEqual(statusesIn(connection.text()), [502, 401]);
    connection.send(`GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${KEY}\r\n\r\n`);
    await connection.saw('"object":"list"');
  } finally {
    unsubscribe('http.server.request.start', onRequest);
  }
});
