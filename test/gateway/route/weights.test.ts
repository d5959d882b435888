import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, startFake } from '../fake-upstream.ts';
import { gatewayOf, route, type Row } from '../config-keys-stage.ts';
import { startGateway } from '../running.ts';

// Servers with /v1 load and queue by themselves, so every slot is free.
const V1 = { model: 'openai/m' };

async function share(
  one: object,
  other: object,
  more: object = {},
): Promise<readonly [number, ReadonlySet<string | null>]> {
  await using first = await startFake();
  await using second = await startFake();
  for (const fake of [first, second])
    fake.behave((_got, outgoing) => {
      const message = { role: 'assistant', content: 'hi' };
      const choices = [{ index: 0, message, finish_reason: 'stop' }];
      outgoing
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices }));
    });
  const rows: readonly Row[] = [
    ['m', first, { ...V1, ...one }],
    ['m', second, { ...V1, ...other }],
  ];
  await using gateway = await gatewayOf(rows, more);
  const routes = new Set<string | null>();
  for (let turn = 0; turn < 400; turn += 1) {
    const response = await gateway.chat();
    routes.add(route(response));
    await response.text();
  }
  return [first.requests.length / 400, routes];
}

const NAMED = (routing_strategy: string): object => ({ router_settings: { routing_strategy } });

// Five standard deviations of 400 choices.
function assertShare(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) < 0.11, `${String(found)} instead of ${String(expected)}`);
}

test('without a strategy, weight gives an alias’ servers their shares, then rpm, then tpm', async () => {
  for (const [one, other] of [
    [{ weight: 3 }, { weight: 1 }],
    [
      { weight: 3, rpm: 1 },
      { weight: 1, rpm: 9 },
    ],
    [{ rpm: 300 }, { rpm: 100 }],
    [{ tpm: 3000 }, { tpm: 1000 }],
  ] as const) {
    const [found, routes] = await share(one, other);
    assertShare(found, 0.75);
    assert.deepEqual(routes, new Set(['simple-shuffle']));
  }
});

test('simple-shuffle takes the same weights; an entry without the key that another has gets nothing', async () => {
  assertShare((await share({ rpm: 300 }, { rpm: 100 }, NAMED('simple-shuffle')))[0], 0.75);
  assert.equal((await share({ weight: 2 }, { rpm: 100 }))[0], 1);
  assertShare((await share({}, {}, NAMED('simple-shuffle')))[0], 0.5);
});

test('equal weights, and least-busy by name, share evenly', async () => {
  for (const [one, other, more] of [
    [{}, {}, {}],
    [{ rpm: 60 }, { rpm: 60 }, {}],
    [{ weight: 3 }, { weight: 1 }, NAMED('least-busy')],
  ] as const) {
    const [found, routes] = await share(one, other, more);
    assert.equal(found, 0.5);
    assert.deepEqual(routes, new Set(['least-busy']));
  }
});

async function statuses(params: object, router: object, info: object = {}): Promise<readonly number[]> {
  await using fake = await startFake(answersShortly('hi'));
  const entry = {
    model_name: 'm',
    litellm_params: { model: 'ollama_chat/m', api_base: fake.url, ...params },
    model_info: info,
  };
  await using gateway = await startGateway([], { model_list: [entry], router_settings: router });
  const found: number[] = [];
  for (let turn = 0; turn < 4; turn += 1) found.push((await gateway.chat()).status);
  return found;
}

test('rpm and tpm of an entry refuse nothing, unless the file makes them limits', async () => {
  const [served, refused] = [
    [200, 200, 200, 200],
    [200, 200, 200, 429],
  ];
  const enforced = { optional_pre_call_checks: ['prompt_caching', 'enforce_model_rate_limits'] };
  for (const strategy of ['simple-shuffle', 'least-busy', 'latency-based-routing'])
    assert.deepEqual(await statuses({ rpm: 3 }, { routing_strategy: strategy }), served, strategy);
  assert.deepEqual(await statuses({ rpm: 3, tpm: 1 }, {}), served);
  assert.deepEqual(await statuses({ rpm: 3 }, { optional_pre_call_checks: ['prompt_caching'] }), served);
  assert.deepEqual(await statuses({ rpm: 3 }, { enable_pre_call_checks: false }), served);
  assert.deepEqual(await statuses({ tpm: 1 }, { enable_pre_call_checks: true }), served);
  for (const router of [
    enforced,
    { ...enforced, routing_strategy: 'simple-shuffle' },
    { routing_strategy: 'usage-based-routing' },
    { routing_strategy: 'usage-based-routing-v2' },
    { enable_pre_call_checks: true },
  ])
    assert.deepEqual(await statuses({ rpm: 3 }, router), refused, JSON.stringify(router));
  assert.deepEqual(await statuses({}, enforced, { rpm: 3 }), refused, 'model_info.rpm');
});
