import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake } from '../fake-upstream.ts';
import { startGateway, textOf, until } from '../running.ts';

/** The buffers of a connection on one machine hold more than the gateway reads. */
const MAX_SENT = 1024 * 1024;

test('a server that goes on after the end of its response is cut off', { timeout: 30_000 }, async () => {
  let sent = 0;
  let closed = false;
  await using fake = await startFake((got, outgoing) => {
    outgoing.write(piece('a') + DONE);
    const more = setInterval(() => {
      const text = piece('b'.repeat(16_384));
      sent += text.length;
      outgoing.write(text);
    }, 1).unref();
    void got.left.then(() => {
      clearInterval(more);
      closed = true;
    });
  });
  await using gateway = await startGateway([fake]);
  assert.equal(await textOf(await gateway.chat()), 'a');
  await until('the connection is closed', () => closed);
  assert.ok(sent < MAX_SENT, `${String(sent)} bytes were sent`);
});
