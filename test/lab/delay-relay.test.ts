import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { until } from './command.ts';
import { startDelayRelay } from './delay-relay.ts';

/** A server that answers each line with a line, behind a relay whose clock the test turns. */
async function talk(
  rttMs: number,
  work: (say: (text: string) => Promise<void>, turn: (ms: number) => void) => Promise<void>,
) {
  const server = createServer((socket) =>
    socket.on('data', (chunk) => {
      if (String(chunk) !== 'bye') socket.write(chunk);
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  let nowMs = 0;
  const relay = await startDelayRelay({ host: '127.0.0.1', port: address.port }, rttMs, () => nowMs);
  const client: Socket = connect(relay.port, '127.0.0.1');
  let heard = 0;
  client.on('data', ({ length }: Buffer) => (heard += length));
  let said = 0;
  await until('the connection', 10_000, () => Promise.resolve(relay.traffic().connections === 1));
  await work(
    async (text) => {
      said += text.length;
      client.write(text);
      await until('the answer', 10_000, () => Promise.resolve(heard === said));
    },
    (ms) => (nowMs += ms),
  );
  // A farewell, which nobody answers.
  client.write('bye');
  await until('the farewell', 10_000, () => Promise.resolve(relay.traffic().sentBytes === said + 3));
  const traffic = relay.traffic();
  client.destroy();
  await relay[Symbol.asyncDispose]();
  server.close();
  return traffic;
}

test('each answer that a client waits for is a round trip, TCP’s own is one, and a farewell is none', async () => {
  const traffic = await talk(0, async (say) => {
    for (const text of ['a', 'bb', 'ccc']) await say(text);
  });
  assert.deepEqual(traffic, { connections: 1, sentBytes: 9, receivedBytes: 6, roundTrips: 4 });
});

test('data that is sent within the same round trip shares it', async () => {
  const traffic = await talk(4, async (say, turn) => {
    turn(4);
    await say('a');
    await say('b');
    turn(4);
    await say('c');
  });
  assert.deepEqual([traffic.connections, traffic.roundTrips], [1, 3]);
});
