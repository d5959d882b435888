import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Pipeline } from '../../../src/gateway/http/pipeline.ts';
import { longestTurnOf } from '../../longest-turn.ts';
import { closeOf } from '../close-of.ts';
import { answersShortly, DONE, piece, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

const HEAD = `Host: 127.0.0.1\r\nAuthorization: Bearer ${KEY}\r\n`;
const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${HEAD}\r\n`;
const chat = (text: string): string => {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: text }] });
  return `POST /v1/chat/completions HTTP/1.1\r\n${HEAD}Content-Length: ${String(body.length)}\r\n\r\n${body}`;
};

interface Client {
  readonly socket: Socket;
  /** The bytes so far. */
  text: string;
  readonly closed: Promise<unknown>;
}

function open(gateway: Running): Client {
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  const client: Client = { socket, text: '', closed: closeOf(socket) };
  socket.setEncoding('utf8').on('data', (text: string) => {
    client.text += text;
  });
  return client;
}

function statuses({ text }: Client): readonly string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status ?? '');
}

test('hundreds of pipelined requests are answered, each in its place', async () => {
  await using fake = await startFake((got, outgoing) => {
    const [, word = ''] = /w(\d+)w/.exec(got.body) ?? [];
    outgoing.end(piece(`<${word}>`) + DONE);
  });
  await using gateway = await startGateway([fake], { hxllm: { backends: { [fake.url]: { num_parallel: 64 } } } });
  const client = open(gateway);
  const count = 300;
  for (let at = 0; at < count; at += 1)
    client.socket.write(
      at % 3 === 0
        ? get(`/v1/models/none${String(at)}`)
        : chat(`w${String(at)}w${'y'.repeat(at === 100 ? 300_000 : 0)}`),
    );
  await until('all are answered', () => statuses(client).length === count, 30_000);
  assert.deepEqual(
    statuses(client),
    Array.from({ length: count }, (_, at) => (at % 3 === 0 ? '404' : '200')),
  );
  const words = [...client.text.matchAll(/<(\d+)>/g)].map(([, word]) => Number(word));
  assert.deepEqual(
    words,
    Array.from({ length: count }, (_, at) => at).filter((at) => at % 3 !== 0),
  );
  client.socket.destroy();
});

test('a connection is read no further while many of its requests wait, and those end with it', async () => {
  const { promise: left, resolve: letGo } = Promise.withResolvers<void>();
  await using fake = await startFake(async (got, outgoing) => {
    await left;
    await answersShortly('a')(got, outgoing);
  });
  await using gateway = await startGateway([fake], { hxllm: { backends: { [fake.url]: { num_parallel: 64 } } } });
  const client = open(gateway);
  client.socket.write(chat('x'.repeat(100)).repeat(40_000));
  await until('the first ones are asked', () => fake.requests.length === 8);
  // Each of these gives the connection several turns of the event loop.
  for (let ask = 0; ask < 30; ask += 1) assert.equal((await gateway.ask('/v1/models')).status, 200);
  assert.equal(fake.requests.length, 8);
  assert.ok(client.socket.writableLength > 1_000_000, 'the rest stays with the client');
  client.socket.destroy();
  await client.closed;
  letGo();
  await until('they have ended, and no other begins', () => {
    const { scheduler } = gateway.service();
    return scheduler.inFlight + scheduler.waiting === 0 && gateway.ended().some(({ ended }) => ended === 'client-left');
  });
  assert.ok(fake.requests.length < 100, `${String(fake.requests.length)} of 40,000`);
});

test('garbage behind many pipelined requests is refused behind their responses', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const client = open(gateway);
  client.socket.write(`${get('/v1/models').repeat(30)}NOT HTTP\r\n\r\n`);
  client.socket.on('end', () => client.socket.end());
  await client.closed;
  assert.deepEqual(statuses(client), [...Array.from({ length: 30 }, () => '200'), '400']);
});

test('a stop answers what is under way, and ends a connection with many waiting requests', async () => {
  const { promise: stopping, resolve: letGo } = Promise.withResolvers<void>();
  await using fake = await startFake(async (got, outgoing) => {
    await stopping;
    await answersShortly('a')(got, outgoing);
  });
  await using gateway = await startGateway([fake]);
  const client = open(gateway);
  client.socket.write(chat('x').repeat(200));
  client.socket.on('end', () => client.socket.end());
  await until('some are asked', () => fake.requests.length > 0);
  const stopped = gateway.stop(5000, new AbortController().signal);
  letGo();
  await stopped;
  await client.closed;
  assert.equal(statuses(client)[0], '200');
});

test('a flood of pipelined requests delays others by less than 100 ms, with a key and without', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { backends: { [fake.url]: { num_parallel: 64 } } } });
  for (const request of [
    get('/v1/models'),
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost: a\r\n\r\n',
    chat('x'),
  ]) {
    const longest: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const client = open(gateway);
      client.socket.write(request.repeat(4_000_000 / request.length));
      longest.push(await longestTurnOf(() => until('many are answered', () => statuses(client).length > 200)));
      client.socket.destroy();
      await client.closed;
    }
    assert.ok(Math.min(...longest) < 100, `${request.slice(0, 20)}: ${longest.join(', ')} ms`);
  }
});

test('a body in a million chunks of a byte is read as it is, and takes little more memory than its bytes', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const text = 'é0123456789'.repeat(90_000);
  const body = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: text }] }));
  const chunks = [...body].map((byte) => Buffer.from([0x31, 0x0d, 0x0a, byte, 0x0d, 0x0a]));
  const head = `POST /v1/chat/completions HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
  const client = open(gateway);
  client.socket.write(Buffer.concat([Buffer.from(head), ...chunks, Buffer.from('0\r\n\r\n')]));
  await until('it is answered', () => client.text.includes('hello'), 60_000);
  client.socket.destroy();
  const { messages } = JSON.parse(fake.requests.at(-1)?.body ?? '') as {
    readonly messages: readonly { readonly content: string }[];
  };
  assert.equal(messages[0]?.content, text);
});

test('the bodies of requests that wait are bounded, and a large one stays with its client', async () => {
  for (const bodySize of [60_000, 5_000_000]) {
    const pipeline = new Pipeline();
    const waiting: IncomingMessage[] = [];
    const server = createServer((incoming, outgoing) => {
      waiting.push(incoming);
      pipeline.add(incoming.socket, { outgoing, serve: () => {} });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const socket = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' });
    const body = 'x'.repeat(bodySize);
    const request = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${String(bodySize)}\r\n\r\n${body}`;
    for (let sent = 0; sent < 20_000_000; sent += bodySize) socket.write(request);
    let heldBytes = -1;
    await until('no more is read', async () => {
      const before = heldBytes;
      heldBytes = waiting.reduce((sum, { readableLength }) => sum + readableLength, 0);
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
      return heldBytes > 0 && heldBytes === before;
    });
    assert.ok(heldBytes < 400_000, `${String(heldBytes)} bytes of bodies of ${String(bodySize)}`);
    socket.destroy();
    server.closeAllConnections();
    server.close();
  }
});

test('large bodies on one connection to a silent server are held within the limit of all bodies, and 503 beyond it', async () => {
  const { promise: left, resolve: letGo } = Promise.withResolvers<void>();
  await using fake = await startFake(async (got, outgoing) => {
    await left;
    await answersShortly('a')(got, outgoing);
  });
  const hxllm = { max_bodies_mib: 16, backends: { [fake.url]: { num_parallel: 64 } } };
  await using gateway = await startGateway([fake], { hxllm });
  const client = open(gateway);
  const large = chat('x'.repeat(4 * 2 ** 20));
  for (let sent = 0; sent < 30; sent += 1) client.socket.write(large);
  const { scheduler } = gateway.service();
  const under = (): number => scheduler.inFlight + scheduler.waiting;
  await until('three are under way', () => under() === 3, 30_000);
  // Each of these gives the connection several turns of the event loop: the fourth body and those behind it find no room.
  for (let ask = 0; ask < 60; ask += 1) {
    assert.equal((await gateway.ask('/v1/models')).status, 200);
    assert.equal(under(), 3);
  }
  letGo();
  await until('the first ones are answered', () => statuses(client).length >= 8, 30_000);
  assert.deepEqual(statuses(client).slice(0, 8), ['200', '200', '200', '503', '503', '503', '503', '503']);
  assert.match(client.text, /HTTP\/1\.1 503 [^]*?\r\nretry-after: \d+\r\n/i);
  client.socket.destroy();
});
