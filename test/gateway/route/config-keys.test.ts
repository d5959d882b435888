import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { answersShortly, startFake, type Behaviour } from '../fake-upstream.ts';
import { errorOf, textOf } from '../running.ts';
import { choice, gatewayOf } from '../config-keys-stage.ts';

/** The response of a server with `/v1`, which loads and queues by itself, after a delay. */
function says(content: string, afterMs = 0): Behaviour {
  const body = {
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  };
  return async (_got, outgoing) => {
    await sleep(afterMs);
    outgoing.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  };
}

const V1 = { model: 'openai/m' };

const ENFORCE = { router_settings: { optional_pre_call_checks: ['enforce_model_rate_limits'] } };

test('rpm, enforced: a deployment over its limit is not used; with all over it, the response is 429 with retry-after', async () => {
  await using one = await startFake(answersShortly('one'));
  await using two = await startFake(answersShortly('two'));
  await using gateway = await gatewayOf(
    [
      ['m', one, { rpm: 1 }],
      ['m', two, { rpm: 3 }],
    ],
    ENFORCE,
  );
  for (let turn = 0; turn < 4; turn += 1) assert.equal((await gateway.chat()).status, 200);
  assert.deepEqual([one.requests.length, two.requests.length], [1, 3]);
  const refused = await gateway.chat();
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '60']);
  assert.equal(refused.headers.get('x-should-retry'), 'false');
  assert.partialDeepStrictEqual(await errorOf(refused), { type: 'requests', code: 'rate_limit_exceeded' });
  assert.partialDeepStrictEqual(gateway.ended().at(-1), {
    status: 429,
    ended: 'refused',
    failure: 'rate_limit_exceeded',
  });
});

test('tpm, enforced: tokens count as the server reports them', async () => {
  await using fake = await startFake();
  await using gateway = await gatewayOf([['m', fake, { tpm: 14 }]], ENFORCE);
  // Each request uses five tokens of prompt and two of output.
  assert.deepEqual(
    [(await gateway.chat()).status, (await gateway.chat()).status, (await gateway.chat()).status],
    [200, 200, 429],
  );
});

test('order: the second deployment is used only while the first cannot be', async () => {
  await using first = await startFake(answersShortly('first'));
  await using second = await startFake(answersShortly('second'));
  await using gateway = await gatewayOf([
    ['m', second, { order: 2 }],
    ['m', first, { order: 1 }],
  ]);
  for (let turn = 0; turn < 3; turn += 1) assert.equal(await textOf(await gateway.chat()), 'first');
  await first.kill();
  for (let turn = 0; turn < 3; turn += 1) assert.equal(await textOf(await gateway.chat()), 'second');
});

test('weight: simple-shuffle never chooses a deployment of weight 0 while another one is free', async () => {
  await using none = await startFake(says('none'));
  await using all = await startFake(says('all'));
  await using gateway = await gatewayOf(
    [
      ['m', none, { ...V1, weight: 0 }],
      ['m', all, { ...V1, weight: 5 }],
    ],
    { router_settings: { routing_strategy: 'simple-shuffle' } },
  );
  for (let turn = 0; turn < 12; turn += 1) assert.equal(choice(await gateway.chat()), 'by weight of 2 free servers');
  assert.deepEqual([none.requests.length, all.requests.length], [0, 12]);
});

test('routing_strategy: latency-based and usage-based routing have their effect, and responses name them', async () => {
  // Longer than the other server takes on any machine.
  await using slow = await startFake(says('slow', 1500));
  await using fast = await startFake(says('fast'));
  await using byLatency = await gatewayOf(
    [
      ['m', slow, V1],
      ['m', fast, V1],
    ],
    { router_settings: { routing_strategy: 'latency-based-routing' } },
  );
  for (let turn = 0; turn < 8; turn += 1) assert.equal(choice(await byLatency.chat()), 'fastest of 2 free servers');
  assert.deepEqual([slow.requests.length, fast.requests.length], [1, 7]);
  slow.behave(says('slow'));
  await using byUsage = await gatewayOf(
    [
      ['m', slow, V1],
      ['m', fast, V1],
    ],
    { router_settings: { routing_strategy: 'usage-based-routing-v2' } },
  );
  for (let turn = 0; turn < 4; turn += 1) assert.equal(choice(await byUsage.chat()), 'least used of 2 free servers');
  assert.deepEqual([slow.requests.length, fast.requests.length], [3, 9]);
});
