import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../../../src/schema/gateway-config.ts';
import { readChatOrder } from '../../../src/gateway/api/openai/order.ts';
import { Counting } from '../../../src/gateway/upstream/counting.ts';

const DEPLOYMENT = {
  url: 'http://a',
  model: 'm',
  provider: 'ollama',
  options: {},
  keepAlive: undefined,
} as unknown as Deployment; // all that is asked of one

test('a server that answers instead of rendering is asked for one token, once', async () => {
  const order = readChatOrder(
    Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 500 })),
    0,
  );
  const asks = order.ok ? order.value.shares[0]?.asks : undefined;
  assert.ok(asks?.kind === 'chat');
  const counting = new Counting();
  const asked: unknown[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const tokens = await counting.count(asks.request, DEPLOYMENT, true, (_deployment, inquiry) => {
      asked.push(inquiry.body);
      return Promise.resolve({ message: { role: 'assistant', content: 'Hello' }, done: true });
    });
    assert.ok(tokens > 0);
  }
  assert.equal(asked.length, 1);
  assert.partialDeepStrictEqual(asked[0], { _debug_render_only: true, options: { num_predict: 1 } });
});

test('a prompt that cannot be rendered costs nobody anything', async () => {
  const order = readChatOrder(
    Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })),
    0,
  );
  const asks = order.ok ? order.value.shares[0]?.asks : undefined;
  assert.ok(asks?.kind === 'chat');
  const counting = new Counting();
  await counting.count(asks.request, DEPLOYMENT, false, () => Promise.resolve(undefined));
  const usage = { promptTokens: 3, completionTokens: 1 };
  const settled = counting.settle({ asks, length: 9, end: { kind: 'end', reason: 'stop', usage } }, DEPLOYMENT, () =>
    Promise.reject(new RangeError('Maximum call stack size exceeded')),
  );
  assert.deepEqual(settled, usage);
  // A rejection that nobody handles would end the process, and here the test.
  await new Promise((resolve) => setImmediate(resolve));
});
