import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../../../src/schema/gateway-config.ts';
import { readChat } from '../../../src/gateway/api/openai/parsed-request.ts';
import { Counting } from '../../../src/gateway/upstream/token-counting.ts';

const DEPLOYMENT = {
  url: 'http://a',
  model: 'm',
  provider: 'ollama',
  options: {},
  keepAlive: undefined,
} as unknown as Deployment; // the only part that is used

test('a server that answers instead of rendering is asked for one token, once', async () => {
  const order = readChat(
    Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 500 })),
    0,
  );
  const request = order.ok ? order.value.subrequests[0]?.request : undefined;
  assert.ok(request?.kind === 'chat');
  const counting = new Counting();
  const asked: unknown[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const tokens = await counting.count(request.params, DEPLOYMENT, true, (_deployment, query) => {
      asked.push(query.body);
      return Promise.resolve({ message: { role: 'assistant', content: 'Hello' }, done: true });
    });
    assert.ok(tokens > 0);
  }
  assert.equal(asked.length, 1);
  assert.partialDeepStrictEqual(asked[0], { _debug_render_only: true, options: { num_predict: 1 } });
});

test('a prompt that cannot be rendered keeps the server’s counts, and ends no process', async () => {
  const order = readChat(Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })), 0);
  const request = order.ok ? order.value.subrequests[0]?.request : undefined;
  assert.ok(request?.kind === 'chat');
  const counting = new Counting();
  await counting.count(request.params, DEPLOYMENT, false, () => Promise.resolve(undefined));
  const usage = { promptTokens: 3, completionTokens: 1 };
  const settled = counting.settle({ request, length: 9, end: { kind: 'end', reason: 'stop', usage } }, DEPLOYMENT, () =>
    Promise.reject(new RangeError('Maximum call stack size exceeded')),
  );
  assert.deepEqual(settled, usage);
  // An unhandled rejection would end the process, and here the test.
  await new Promise((resolve) => setImmediate(resolve));
});
