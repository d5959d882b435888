import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

const ARRIVAL = { headersMs: 800, wholeMs: 1200, lookMs: 50 };

/** Sends a beginning, then one byte after another until the gateway closes; returns the gateway's bytes. */
async function trickle(gateway: Running, beginning: string, endless: string, signal: AbortSignal): Promise<string> {
  const socket = connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  socket.setEncoding('utf8').on('data', (more: string) => (text += more));
  socket.on('error', () => undefined);
  socket.write(beginning);
  const dripping = setInterval(() => socket.write(endless), 40);
  try {
    await once(socket, 'close', { signal });
    return text;
  } finally {
    clearInterval(dripping);
    socket.destroy();
  }
}

const HEAD = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n`;
const ROWS: readonly (readonly [what: string, beginning: string, endless: string])[] = [
  ['headers that never end', HEAD, 'x: y\r\n'],
  ['a first line that never ends', 'GET /v1/mod', 'e'],
  ['a body that trickles', `${HEAD}content-length: 100000\r\n\r\n{"model":"m","messages":[`, ' '],
  ['a body in chunks that trickles', `${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
];

// Each test waits for most of its time.
describe('requests that are slow to arrive', { concurrency: true }, () => {
  for (const [what, beginning, endless] of ROWS) {
    test(`${what}: answered with 408 when its time is over, counted, and gone`, { timeout: 20_000 }, async (t) => {
      await using fake = await startFake();
      await using gateway = await startGateway([fake], {}, ARRIVAL);
      const text = await trickle(gateway, beginning, endless, t.signal);
      const [head = '', body = ''] = text.split('\r\n\r\n');
      assert.match(head, /^HTTP\/1\.1 408 /);
      assert.match(head, /\r\nx-request-id: req_[0-9a-f]{32}/i);
      assert.match(head, /\r\nconnection: close/i);
      const { error } = JSON.parse(body) as { error: object };
      assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
      await until('the line is written', () => gateway.ended().length === 1);
      assert.partialDeepStrictEqual(gateway.ended()[0], { status: 408, ended: 'refused' });
      assert.match(
        await (await gateway.ask('/metrics')).text(),
        /^hxllm_requests_total\{model="",backend="",status="408",ended="refused"\} 1$/m,
      );
      assert.equal(fake.requests.length, 0);
    });
  }

  test(
    'a request that is waiting for its answer is not late, however long that takes',
    { timeout: 20_000 },
    async () => {
      await using fake = await startFake(async (_got, outgoing) => {
        await new Promise((resolve) => setTimeout(resolve, 2 * ARRIVAL.wholeMs));
        outgoing.end('{"message":{"content":"at last"},"done":true,"done_reason":"stop"}\n');
      });
      await using gateway = await startGateway([fake], {}, ARRIVAL);
      assert.equal((await gateway.chat()).status, 200);
    },
  );

  test('a slow request gets its error in the client’s dialect', { timeout: 20_000 }, async (t) => {
    await using fake = await startFake();
    await using gateway = await startGateway([fake], {}, ARRIVAL);
    const text = await trickle(
      gateway,
      HEAD.replace('/v1/chat/completions', '/api/chat') + 'content-length: 1000\r\n\r\n{',
      ' ',
      t.signal,
    );
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.equal(typeof (JSON.parse(text.split('\r\n\r\n')[1] ?? '') as { error: unknown }).error, 'string');
  });
});
