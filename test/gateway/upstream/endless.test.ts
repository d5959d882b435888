import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake } from '../fake-upstream.ts';
import type { ServerResponse } from 'node:http';
import { LargeJson } from '../../../src/gateway/upstream/large-json.ts';
import { workingMsOf } from '../../working-time.ts';
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

/** Sends a text over and over, as fast as it is read. */
function pour(outgoing: ServerResponse, text: string): void {
  while (!outgoing.destroyed && outgoing.write(text));
  if (!outgoing.destroyed)
    outgoing.once('drain', () => {
      pour(outgoing, text);
    });
}

for (const [what, status, begin] of [
  ['a whole response', 200, '{"choices":[{"message":{"content":"'],
  ['a refusal', 500, '{"error":"'],
] as const)
  test(`${what} without an end fails, and its server is cut off`, { timeout: 60_000 }, async () => {
    let closed = false;
    await using fake = await startFake((got, outgoing) => {
      outgoing.writeHead(status).write(begin);
      pour(outgoing, 'x'.repeat(256 * 1024));
      void got.left.then(() => {
        closed = true;
      });
    });
    await using gateway = await startGateway([], {
      model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: fake.url } }],
      router_settings: { num_retries: 0 },
    });
    assert.equal((await gateway.chat()).status, 502);
    await until('the connection is closed', () => closed);
  });

for (const [provider, filler] of [
  ['openai', '\n'],
  ['openai', '\r'],
  ['openai', ': hm\n\n'],
  ['ollama_chat', '\n'],
  ['ollama_chat', ' \r\n'],
] as const)
  test(
    `${JSON.stringify(filler)} without an end from ${provider} fails, and its server is cut off`,
    { timeout: 60_000 },
    async () => {
      let closed = false;
      await using fake = await startFake((got, outgoing) => {
        outgoing.writeHead(200);
        pour(outgoing, filler.repeat(65_536));
        void got.left.then(() => {
          closed = true;
        });
      });
      await using gateway = await startGateway([], {
        model_list: [{ model_name: 'm', litellm_params: { model: `${provider}/m`, api_base: fake.url } }],
        router_settings: { num_retries: 0 },
      });
      assert.equal((await gateway.chat({ stream: true })).status, 502);
      await until('the connection is closed', () => closed);
    },
  );

test('a large response of short texts is read in a moment', async () => {
  const item = '{"token":"a \\" b","bytes":[97],"top":[]},';
  const bytes = Buffer.from(`{"list":[${item.repeat(200_000)}{}],"end":"\\\\"}`);
  const workingMs = await workingMsOf(() => {
    const large = new LargeJson();
    for (let at = 0; at < bytes.length; at += 65_536) large.push(bytes.subarray(at, at + 65_536));
    const { list, end } = large.end() ?? {};
    assert.ok(Array.isArray(list));
    assert.deepEqual([list.length, list[7], end], [200_001, { token: 'a " b', bytes: [97], top: [] }, '\\']);
  });
  assert.ok(workingMs < 1500, `${String(workingMs)} ms`);
});
