import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake } from '../fake-upstream.ts';
import { startGateway, textOf, until } from '../running.ts';

test('a server that goes on after the end of its response is cut off', { timeout: 30_000 }, async () => {
  let sent = 0;
  let closed = false;
  await using fake = await startFake((got, outgoing) => {
    void got.left.then(() => {
      closed = true;
    });
    outgoing.write(piece('a') + DONE);
    const more = setInterval(() => {
      if (closed) clearInterval(more);
      else if (outgoing.write(piece('b'.repeat(16_384)))) sent += 16_384;
    }, 1);
  });
  await using gateway = await startGateway([fake]);
  assert.equal(await textOf(await gateway.chat()), 'a');
  await until('the connection is closed', () => closed);
  assert.ok(sent < 64 * 1024 * 1024, `${String(sent)} bytes were read`);
});
