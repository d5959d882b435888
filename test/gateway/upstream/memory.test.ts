import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Agent } from 'undici';
import { connector } from '../../../src/gateway/upstream/connector.ts';
import type { Connection } from '../../../src/gateway/upstream/connection.ts';
import { list, load } from '../../../src/gateway/upstream/memory.ts';
import { OLLAMA_PROVIDER } from '../../../src/gateway/upstream/ollama/provider.ts';
import { targetOf } from '../../../src/gateway/upstream/target.ts';

const { memory: MEMORY } = OLLAMA_PROVIDER;
assert.ok(MEMORY !== undefined);
const MODEL = { model: 'm', keepAlive: undefined, options: {} };

/** A server with a behaviour for each request; returns the connection to it and the number of requests. */
async function serve(
  t: TestContext,
  answer: (socket: Socket, nth: number) => void,
): Promise<{ readonly connection: Connection; readonly count: () => number }> {
  let requests = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      if (/^(?:GET|POST) /.test(bytes.toString('latin1'))) answer(socket, (requests += 1));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has this type of address
  const dispatcher = new Agent({ connect: connector(1000) });
  t.after(async () => {
    await dispatcher.destroy();
    server.close();
  });
  return {
    connection: {
      dispatcher,
      target: targetOf(`http://127.0.0.1:${String(port)}`),
      headers: {},
      fresh: () => new Agent({ connect: connector(1000) }),
    },
    count: () => requests,
  };
}

const fine = (socket: Socket): void => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');

test('a load that meets a reused connection which the server has just closed is sent once more, and not more often', async (t) => {
  const { connection, count } = await serve(t, (socket, nth) => {
    if (nth === 2) socket.destroy();
    else fine(socket);
  });
  await list(connection, MEMORY);
  // undici uses a connection again one turn later.
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await load(connection, MEMORY, MODEL, 5000), undefined);
  assert.equal(count(), 3);
  const dead = await serve(t, (socket) => {
    socket.destroy();
  });
  assert.equal((await load(dead.connection, MEMORY, MODEL, 5000))?.fault, 'connection');
  assert.equal(dead.count(), 1, 'a new connection was not closed while it was idle');
});
