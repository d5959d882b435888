import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../../../src/schema/gateway-config.ts';
import { readChatOrder } from '../../../src/gateway/openai/order.ts';
import { Counting } from '../../../src/gateway/upstream/counting.ts';

const DEPLOYMENT = { url: 'http://a', model: 'm', provider: 'ollama', options: {}, keepAlive: undefined } as unknown as Deployment; // all that is asked of one

test('a prompt that cannot be rendered costs nobody anything', async () => {
  const order = readChatOrder(Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })), 0);
  const asks = order.ok ? order.value.shares[0]?.asks : undefined;
  assert.ok(asks?.kind === 'chat');
  const counting = new Counting();
  await counting.count(asks.request, DEPLOYMENT, false, () => Promise.resolve(undefined));
  const usage = { promptTokens: 3, completionTokens: 1 };
  const settled = counting.settle({ asks, length: 9, end: { kind: 'end', reason: 'stop', usage } }, DEPLOYMENT, () => Promise.reject(new RangeError('Maximum call stack size exceeded')));
  assert.deepEqual(settled, usage);
  // A rejection that nobody handles would end the process, and here the test.
  await new Promise((resolve) => setImmediate(resolve));
});
