import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { answersShortly, stalls, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, textOf, until, type Running } from '../running.ts';

const WAYS: readonly (readonly [how: string, leave: (socket: Socket) => void])[] = [
  [
    'closes its connection',
    (socket) => {
      socket.destroy();
    },
  ],
  [
    'closes its half of it',
    (socket) => {
      socket.end();
    },
  ],
  [
    'resets it',
    (socket) => {
      socket.resetAndDestroy();
    },
  ],
];

/** Sends a request of some dialect on a bare connection. */
async function send(gateway: Running, path: string, body: object): Promise<Socket> {
  const text = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 9, ...body });
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => undefined).resume();
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
  );
  return socket;
}

/** The log line of a request whose client has just left, after checking that it holds and waits for nothing. */
async function assertLeft(gateway: Running, socket: Socket): Promise<void> {
  await until('the line is written', () => gateway.ended().some(({ ended }) => ended === 'client-left'));
  await until('the gateway closes its half as well', () => socket.destroyed || socket.readableEnded);
  socket.destroy();
  assert.equal(
    gateway.log.some(({ event }) => event === 'backend-down'),
    false,
  );
}

const LIMITS = { timeout: 15_000 };

const one = (url: string): object => ({ hxllm: { backends: { [url]: { num_parallel: 1 } } } });

for (const path of ['/v1/chat/completions', '/v1/messages']) {
  for (const [how, leave] of WAYS) {
    for (const stream of [true, false]) {
      const who = `a client of ${path} that ${how}, ${stream ? 'streaming' : 'waiting for one piece'}`;

      test(`${who}, while it queues is forgotten, and no server hears of it`, LIMITS, async () => {
        let letGo = (): void => undefined;
        await using fake = await startFake((got, outgoing) => {
          letGo = () => void answersShortly('first')(got, outgoing);
        });
        await using gateway = await startGateway([fake], one(fake.url));
        const first = gateway.chat();
        await until('the first is asked', () => fake.requests.length === 1);
        const socket = await send(gateway, path, { stream });
        await until('it waits', () => gateway.service().scheduler.waiting === 1);
        leave(socket);
        await until('it waits no more', () => gateway.service().scheduler.waiting === 0);
        await assertLeft(gateway, socket);
        letGo();
        assert.equal(await textOf(await first), 'first');
        assert.deepEqual([fake.requests.length, gateway.service().scheduler.inFlight], [1, 0]);
      });

      test(`${who}, during a load leaves the load to go on, and asks nothing`, LIMITS, async () => {
        await using fake = await startFake();
        const letGo = fake.holdLoads();
        await using gateway = await startGateway([fake]);
        const isLoading = (): boolean =>
          gateway.service().scheduler.fleet.backends.get(fake.url)?.loading !== undefined;
        const socket = await send(gateway, path, { stream });
        await until('the load has begun', () => fake.loads() === 1);
        leave(socket);
        await until('it waits no more', () => gateway.service().scheduler.waiting === 0);
        assert.equal(isLoading(), true, 'while the load goes on');
        letGo();
        await until('the load has ended', () => !isLoading());
        await assertLeft(gateway, socket);
        assert.deepEqual([fake.loads(), fake.requests.length, gateway.service().scheduler.inFlight], [1, 0, 0]);
      });

      test(
        `${who}, while its prompt is read is cancelled there, and the slot counts as taken for the rest of that`,
        LIMITS,
        async () => {
          await using fake = await startFake(stalls());
          await using gateway = await startGateway([fake], one(fake.url));
          // The default estimate is 10 s of reading.
          const socket = await send(gateway, path, {
            stream,
            messages: [{ role: 'user', content: 'word '.repeat(16_000) }],
          });
          await until('the server is asked', () => fake.requests.length === 1);
          const sinceMs = performance.now();
          leave(socket);
          await fake.requests[0]?.left;
          const tookMs = performance.now() - sinceMs;
          assert.ok(tookMs < 6000, `${String(tookMs)} ms`);
          await until('it is in flight no more', () => gateway.service().scheduler.inFlight === 0);
          await assertLeft(gateway, socket);
          const next = await send(gateway, path, { stream });
          await until('the next waits', () => gateway.service().scheduler.waiting === 1);
          await new Promise((resolve) => setTimeout(resolve, 100));
          assert.deepEqual([gateway.service().scheduler.waiting, fake.requests.length], [1, 1]);
          next.destroy();
        },
      );
    }
  }
}
