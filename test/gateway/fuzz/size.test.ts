import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';
import { readReplies } from './reply.ts';

const MIB = 1024 * 1024;
const SENT_MIB = 100;

async function open(
  gateway: Running,
  head: string,
): Promise<{ readonly socket: Socket; readonly received: () => Buffer }> {
  const socket = connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  const received: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => received.push(bytes)).on('error', () => undefined);
  socket.write(head);
  return { socket, received: () => Buffer.concat(received) };
}

function writable(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      socket.off('drain', go).off('close', go);
      resolve();
    };
    socket.on('drain', go).on('close', go);
  });
}

// Garbage that is not collected yet does not count.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

for (const [how, framing] of [
  ['with a content-length', `content-length: ${String(SENT_MIB * MIB)}`],
  ['in chunks', 'transfer-encoding: chunked'],
] as const) {
  test(`a body of 100 MiB ${how} is rejected with 413 and never held in memory`, async (t) => {
    await using fake = await startFake();
    await using gateway = await startGateway([fake], { hxllm: { max_body_mib: 1 } });
    const { socket, received } = await open(
      gateway,
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n${framing}\r\n\r\n`,
    );
    const bytes = Buffer.alloc(MIB, 'a');
    const piece =
      how === 'in chunks' ? Buffer.concat([Buffer.from(`${MIB.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]) : bytes;
    let mostBytes = 0;
    for (let sent = 0; sent < SENT_MIB && !socket.destroyed; sent += 1) {
      if (!socket.write(piece)) await writable(socket);
      if (sent % 10 !== 9) continue;
      collectGarbage();
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers);
    }
    await until('the refusal arrives', () => received().includes('}'));
    const [reply] = readReplies(received(), false);
    assert.equal(reply?.status, 413);
    assert.match(reply.body, /"type":"invalid_request_error"/);
    t.diagnostic(`at most ${(mostBytes / MIB).toFixed(0)} MiB in buffers, of both sides`);
    assert.ok(mostBytes < 32 * MIB, `${String(mostBytes)} bytes in buffers`);
    assert.equal(fake.requests.length, 0);
    socket.destroy();
    assert.equal((await gateway.chat()).status, 200);
  });
}

test('requests are answered while 400 clients do not finish theirs', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const heads = [
    '',
    'P',
    'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n',
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: 5000\r\n\r\n{"model":"m",`,
  ];
  const slow = await Promise.all(
    Array.from({ length: 400 }, (_, index) => open(gateway, heads[index % heads.length] ?? '')),
  );
  const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.chat()));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(gateway.service().scheduler.inFlight, 0);
  for (const { socket } of slow) socket.destroy();
});
