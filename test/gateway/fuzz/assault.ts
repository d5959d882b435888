import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fault/seed.ts';
import { createAttack, type Attack } from './attack.ts';
import { readReplies, type Reply } from './reply.ts';

const QUIET_MS = 150;
const LIMIT_MS = 20_000;

/**
 * Attacks a gateway a number of times, some in parallel, and judges every response. Returns the count of each status; 0 is no
 * response.
 */
export async function assault(
  port: number,
  key: string,
  runs: number,
  random: Random,
  concurrency = 16,
): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  let left = runs;
  const attacker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const attack = createAttack(
        random,
        random.chance(0.9) ? `Bearer ${key}` : random.pick(['Bearer wrong', '', 'Bearer', 'bearer  x y']),
      );
      const replies = await send(port, attack);
      for (const { status } of replies) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (replies.length === 0) statuses.set(0, (statuses.get(0) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, attacker));
  return statuses;
}

async function send(port: number, attack: Attack): Promise<readonly Reply[]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const received: Buffer[] = [];
  let heardMs = performance.now();
  socket.on('data', (bytes: Buffer) => {
    received.push(bytes);
    heardMs = performance.now();
  });
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  for (const piece of attack.pieces) {
    if (!socket.destroyed) socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const isHead = Buffer.concat(attack.pieces).subarray(0, 5).toString() === 'HEAD ';
  const sinceMs = performance.now();
  const replies = (): readonly Reply[] => readReplies(Buffer.concat(received), isHead);
  for (let ended = false; !socket.closed;) {
    await sleep(2);
    const whole = received.length > 0 && replies().every((reply) => reply.whole);
    const quiet = performance.now() - heardMs > QUIET_MS && performance.now() - sinceMs > QUIET_MS;
    if (whole && (attack.complete || quiet)) break;
    // Closing the write side tells a server that waits for the rest that there is none; a response that has begun still arrives.
    if (received.length === 0 && quiet && !attack.complete && !ended) {
      ended = true;
      socket.end();
    }
    assert.ok(
      performance.now() - sinceMs < LIMIT_MS,
      `neither answered nor closed: ${shown(attack)} ${Buffer.concat(received).toString('latin1').slice(0, 500)}`,
    );
  }
  socket.destroy();
  const all = replies();
  try {
    for (const reply of all) judge(reply);
    assert.ok(!attack.complete || all.length > 0, 'no answer');
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nto ${shown(attack)}`, { cause: error });
  }
  return all;
}

/** Every response is the one asked for, or the API's error object; none says that the gateway itself is at fault. */
function judge({ status, headers, body, whole }: Reply): void {
  const seen = `${String(status)} ${body.slice(0, 300)}`;
  assert.ok(whole, `half an answer: ${seen}`);
  // 501: a transfer coding that HTTP knows and the gateway does not.
  assert.ok((status >= 100 && status < 500) || status === 501, seen);
  if (status < 200) return;
  assert.match(headers.get('x-request-id') ?? '', /^req_[0-9a-f]{32}$/, seen);
  if (headers.get('content-type')?.startsWith('text/event-stream') === true)
    assert.match(body, /(?:data: \[DONE\]|\nevent: response\.completed\ndata: .*)\n\n$/);
  if (status < 400 || body === '') return;
  assert.match(headers.get('content-type') ?? '', /^application\/json/, seen);
  const { error, ...rest } = JSON.parse(body) as { error: object };
  assert.deepEqual([Object.keys(error), rest], [['message', 'type', 'param', 'code'], {}], seen);
}

function shown({ what, pieces }: Attack): string {
  return `${what}: ${JSON.stringify(Buffer.concat(pieces).toString('latin1').slice(0, 1500))}`;
}
