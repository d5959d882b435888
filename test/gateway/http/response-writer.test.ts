import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ResponseWriter } from '../../../src/gateway/http/response-writer.ts';

const LONG = 'é'.repeat(100_000);

/** The types of what a writer hands to node:http, and the response. */
async function written(write: (writer: ResponseWriter) => void): Promise<{
  readonly kinds: readonly string[];
  readonly text: string;
}> {
  const kinds: string[] = [];
  await using server = createServer((_incoming, outgoing: ServerResponse) => {
    const pass = outgoing.write.bind(outgoing);
    outgoing.write = (piece: unknown) => {
      kinds.push(typeof piece === 'string' ? 'text' : 'bytes');
      return pass(piece);
    };
    const options = { streamType: 'text/event-stream', keepAlive: undefined, headers: () => ({}), onLag: () => {} };
    write(new ResponseWriter(outgoing, options));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
  return { kinds, text: await response.text() };
}

test('a long text is written as bytes, so that it is encoded once, and a short one as it is', async () => {
  const stream = await written((writer) => {
    writer.writeChunk('a');
    writer.writeChunk(LONG);
    writer.end(LONG);
  });
  assert.equal(stream.text, `a${LONG}${LONG}`);
  assert.equal(stream.kinds[0], 'text');
  assert.ok(stream.kinds.length > 3 && stream.kinds.slice(1).every((kind) => kind === 'bytes'), stream.kinds.join(' '));
  const whole = await written((writer) => {
    writer.send(LONG);
  });
  assert.deepEqual(whole, { kinds: ['bytes'], text: LONG });
});
