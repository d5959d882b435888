import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { test } from 'node:test';
import { stalls, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until } from '../running.ts';

const KEEP_ALIVE_TIMER = '02';

/** The timer of the connection from one local port to another, and the time until it fires, s (proc(5), /proc/net/tcp). */
async function timerOf(from: number, to: number): Promise<{ readonly kind: string; readonly afterS: number }> {
  const end = (port: number): string => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  const [, , , , , timer = ''] = lines.find(([, local, remote]) => local === end(from) && remote === end(to)) ?? [];
  const [kind = '', when = ''] = timer.split(':');
  return { kind, afterS: Number.parseInt(when, 16) / 100 };
}

test('a client that vanishes while it waits is noticed: TCP probes its connection', async () => {
  await using fake = await startFake(stalls());
  await using gateway = await startGateway([fake]);
  const socket = connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  const body = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
  );
  await until('the server is asked', () => fake.requests.length === 1);
  const { kind, afterS } = await timerOf(gateway.port, socket.localPort ?? 0);
  assert.equal(kind, KEEP_ALIVE_TIMER);
  assert.ok(afterS > 0 && afterS <= 30, String(afterS));
  socket.destroy();
});
