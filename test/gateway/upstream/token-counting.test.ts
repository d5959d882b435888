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

test('a model that a reload removes is forgotten, with its samples and its refusal to render', async () => {
  const order = readChat(Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })), 0);
  const request = order.ok ? order.value.subrequests[0]?.request : undefined;
  assert.ok(request?.kind === 'chat');
  const counting = new Counting();
  const other = { ...DEPLOYMENT, model: 'other' };
  let asked = 0;
  const count = (deployment: Deployment, inMemory: boolean): Promise<number> =>
    counting.count(request.params, deployment, inMemory, () => {
      asked += 1;
      return Promise.resolve({ message: { role: 'assistant', content: 'Hello' }, done: true });
    });
  const [fresh] = [await count(DEPLOYMENT, false)];
  const usage = { promptTokens: 500, completionTokens: 1 };
  for (const deployment of [DEPLOYMENT, other]) {
    await count(deployment, true);
    counting.settle({ request, length: 1000, end: { kind: 'end', reason: 'stop', usage } }, deployment, () =>
      Promise.resolve(undefined),
    );
  }
  const learned = await count(other, true);
  assert.equal(asked, 2);
  assert.notEqual(learned, fresh);
  counting.keep([other]);
  assert.equal(await count(other, true), learned, 'the kept model keeps its samples');
  assert.equal(asked, 2, 'the kept model is not asked again');
  assert.equal(await count(DEPLOYMENT, true), fresh, 'the removed model has no samples');
  assert.equal(asked, 3, 'the removed model is asked again');
});
