import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { piece, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

const GAP_MS = 60;
const TURNS = 12;

async function ask(gateway: Running, stream: boolean): Promise<Socket> {
  const body = JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: 'hi' }] });
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  );
  return socket;
}

for (const stream of [true, false]) {
  for (const [how, leave] of [
    ['disconnects', (socket: Socket) => socket.destroy()],
    ['closes its write side', (socket: Socket) => socket.end()],
    ['resets its connection', (socket: Socket) => socket.resetAndDestroy()],
  ] as const) {
    test(`when a client ${how} during ${stream ? 'a stream' : 'a whole response'}, the server's request is cancelled before a second piece can follow`, async (t) => {
      let written = 0;
      await using fake = await startFake((_got, outgoing) => {
        const timer = setInterval(() => {
          written += 1;
          outgoing.write(piece('word '));
        }, GAP_MS);
        outgoing.once('close', () => clearInterval(timer));
      });
      await using gateway = await startGateway([fake]);
      const tookMs: number[] = [];
      const pieces: number[] = [];
      for (let turn = 1; turn <= TURNS; turn += 1) {
        written = 0;
        const socket = await ask(gateway, stream);
        await until('the server decodes', () => fake.requests.length === turn && written >= 2);
        // The distance to the next chunk varies.
        await new Promise((resolve) => setTimeout(resolve, (GAP_MS * turn) / TURNS));
        const [before, sinceMs] = [written, performance.now()];
        leave(socket);
        await fake.requests[turn - 1]?.left;
        const lateMs = performance.now() - sinceMs;
        tookMs.push(lateMs);
        pieces.push(written - before);
        socket.destroy();
      }
      const sorted = tookMs.toSorted((a, b) => a - b);
      const middleMs = sorted[TURNS / 2] ?? Infinity;
      t.diagnostic(
        `the server learns of it after ${middleMs.toFixed(1)} ms (at most ${(sorted.at(-1) ?? 0).toFixed(1)} ms)`,
      );
      // One may have waited for the machine; half of them cannot.
      assert.ok(middleMs <= 50, `${String(middleMs)} ms`);
      assert.ok(
        (pieces.toSorted((a, b) => a - b)[TURNS / 2] ?? Infinity) <= 1,
        `so many pieces followed: ${pieces.join(' ')}`,
      );
      await until('no slot is in use', () => gateway.service().scheduler.inFlight === 0);
    });
  }
}
