import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { ownTurn } from '../../../src/gateway/proxy/own-turn.ts';

test('large pieces of work have one turn of the event loop each', async () => {
  const order: string[] = [];
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(
    Array.from({ length: 5 }, async (_, at) => {
      await ownTurn();
      order.push(`${String(at)} in turn ${String(turns)}`);
    }),
  );
  counting = false;
  const turnsOf = order.map((line) => line.split(' in turn ')[1]);
  assert.equal(new Set(turnsOf).size, 5, order.join(', '));
});

test('other sockets are served between the callback of a socket and a large piece of work that it asks for', async () => {
  const accepted: Socket[] = [];
  await using server = createServer((socket) => accepted.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [first, other] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all([once(first, 'connect'), once(other, 'connect')]);
  while (accepted.length < 2) await ownTurn();
  let isServed = false;
  const byPort = new Map(accepted.map((socket) => [socket.remotePort, socket]));
  byPort.get(other.localPort ?? 0)?.on('data', () => (isServed = true));
  const served = await new Promise((resolve) => {
    byPort.get(first.localPort ?? 0)?.on('data', () => {
      // It arrives at once on this machine, while this callback goes on.
      other.write('b');
      void ownTurn().then(() => {
        resolve(isServed);
      });
    });
    first.write('a');
  });
  for (const socket of [first, other, ...accepted]) socket.destroy();
  assert.equal(served, true);
});
