import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { NOWHERE, piece, stalls, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, untilTurned, type Running } from '../running.ts';

/** Sends a chat on a bare connection. */
async function send(gateway: Running, body: object): Promise<Socket> {
  const text = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body });
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
  );
  return socket;
}

for (const stream of [true, false]) {
  for (const [how, leave] of [
    ['closes its connection', (socket: Socket) => socket.destroy()],
    ['closes its half of the connection', (socket: Socket) => socket.end()],
    ['resets its connection', (socket: Socket) => socket.resetAndDestroy()],
  ] as const) {
    test(`a client that ${how} is cancelled at the server at once, ${stream ? 'streaming' : 'waiting for one piece'}`, async () => {
      await using fake = await startFake(stalls('a'));
      await using gateway = await startGateway([fake]);
      const socket = await send(gateway, { stream });
      await until('the server is asked', () => fake.requests.length === 1);
      if (stream) await once(socket, 'data');
      const sinceMs = performance.now();
      leave(socket);
      await fake.requests[0]?.left;
      const tookMs = performance.now() - sinceMs;
      // The backend sends nothing more: a gateway that notices the end only when writing would not notice it.
      assert.ok(tookMs < 6000, `${String(tookMs)} ms`);
      await until('the place is given back', () => gateway.service().scheduler.inFlight === 0);
      await until('the line is written', () => gateway.ended().length === 1);
      assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'client-left' });
      socket.destroy();
    });
  }
}

test('a client that leaves before the server began to answer is cancelled there too, and says nothing against the server', async () => {
  await using fake = await startFake(stalls());
  await using gateway = await startGateway([fake]);
  const socket = await send(gateway, {});
  await until('the server is asked', () => fake.requests.length === 1);
  socket.destroy();
  await fake.requests[0]?.left;
  await until('the place is given back', () => gateway.service().scheduler.inFlight === 0);
  assert.equal(
    gateway.log.some(({ event }) => event === 'backend-down'),
    false,
  );
});

test('a client that leaves in the middle of its request harms nobody', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const socket = connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: 1000\r\n\r\n{"model"`,
  );
  socket.destroy();
  await until('the line is written', () => gateway.ended().length === 1);
  assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'client-left' });
  assert.equal(fake.requests.length, 0);
  assert.equal((await gateway.chat()).status, 200);
});

test('a client that does not read is dropped, while the server is read without pause until then', async () => {
  const text = 'x'.repeat(64 * 1024);
  await using fake = await startFake((_got, outgoing) => {
    // As fast as the gateway reads, and it always reads.
    const more = (): void => {
      while (!outgoing.destroyed && outgoing.write(piece(text)));
      if (!outgoing.destroyed) outgoing.once('drain', more);
    };
    more();
  });
  await using gateway = await startGateway([fake]);
  const socket = await send(gateway, { stream: true });
  socket.pause();
  await until('the line is written', () => gateway.ended().length === 1, 20_000);
  await fake.requests[0]?.left;
  assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'client-too-slow', status: 200 });
  assert.equal(gateway.service().scheduler.inFlight, 0);
  assert.equal(
    gateway.log.some(({ event }) => event === 'backend-down'),
    false,
  );
  socket.destroy();
});

test(
  'silence is filled with comments, also before the server has said anything, and refusals are told in the stream from then on',
  { timeout: 30_000 },
  async (t) => {
    await using fake = await startFake(stalls());
    await using gateway = await startGateway([fake]);
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const socket = await send(gateway, { stream: true });
    let seen = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
    });
    await untilTurned('the server is asked', () => fake.requests.length === 1);
    assert.equal(seen, '');
    t.mock.timers.tick(15_000);
    await untilTurned('a comment', () => seen.includes(': keep-alive\n\n'));
    assert.match(seen, /^HTTP\/1\.1 200 OK\r\n/);
    t.mock.timers.tick(15_000);
    await untilTurned('another', () => seen.split(': keep-alive\n\n').length === 3);
    t.mock.timers.tick(600_000);
    await untilTurned('the refusal', () => seen.includes('"code":"timeout"'));
    assert.doesNotMatch(seen, /\[DONE\]/);
    t.mock.timers.reset();
    socket.destroy();
  },
);

test('a client that leaves while it waits for the fallback model leaves the queue', async () => {
  const dead = { url: NOWHERE[0] };
  await using busy = await startFake(stalls());
  const model_list = [
    { name: 'm', url: dead.url },
    { name: 'n', url: busy.url },
  ].map(({ name, url }) => ({ model_name: name, litellm_params: { model: `ollama_chat/${name}`, api_base: url } }));
  await using gateway = await startGateway([], {
    model_list,
    router_settings: { fallbacks: [{ m: ['n'] }] },
    hxllm: { backends: { [busy.url]: { num_parallel: 1 } } },
  });
  const [first, second] = [await send(gateway, {}), await send(gateway, {})];
  await until(
    'one is served, and one waits',
    () => busy.requests.length === 1 && gateway.service().scheduler.waiting === 1,
  );
  // By now the gateway knows that no backend serves the model.
  const third = await send(gateway, {});
  await until('another waits', () => gateway.service().scheduler.waiting === 2);
  third.destroy();
  second.destroy();
  await until('no request waits', () => gateway.service().scheduler.waiting === 0);
  first.destroy();
});
