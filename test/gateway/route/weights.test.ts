import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listing } from '../../../src/gateway/route/residency.ts';
import { byWeight } from '../../../src/gateway/route/strategy/by-weight.ts';
import { leastBusy } from '../../../src/gateway/route/strategy/least-busy.ts';
import { simpleShuffle } from '../../../src/gateway/route/strategy/simple-shuffle.ts';
import type { Strategy } from '../../../src/gateway/route/strategy/strategy.ts';
import { startSim } from '../../../src/sim/server.ts';
import { answersShortly, startFake } from '../fake-upstream.ts';
import { choice, gatewayOf, type Row } from '../config-keys-stage.ts';
import { startGateway } from '../running.ts';
import { managedFleet, POLICY, Stage } from './stage.ts';

// Servers with /v1 load and queue by themselves, so every slot is free.
const V1 = { model: 'openai/m' };

async function share(
  one: object,
  other: object,
  more: object = {},
): Promise<readonly [number, ReadonlySet<string | undefined>]> {
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
  const routes = new Set<string | undefined>();
  for (let turn = 0; turn < 200; turn += 1) {
    const response = await gateway.chat();
    routes.add(choice(response));
    await response.text();
  }
  return [first.requests.length / 200, routes];
}

const NAMED = (routing_strategy: string): object => ({ router_settings: { routing_strategy } });

// Five standard deviations of 200 choices.
function assertShare(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) < 0.18, `${String(found)} instead of ${String(expected)}`);
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
    assert.deepEqual(routes, new Set(['by weight of 2 free servers']));
  }
});

test('simple-shuffle takes the same weights; an entry without the key that another has gets nothing', async () => {
  assertShare((await share({ rpm: 300 }, { rpm: 100 }, NAMED('simple-shuffle')))[0], 0.75);
  assert.equal((await share({ weight: 2 }, { rpm: 100 }))[0], 1);
  assertShare((await share({}, {}, NAMED('simple-shuffle')))[0], 0.5);
});

test('equal weights, and least-busy by name, share evenly', async () => {
  for (const [one, other, more, name] of [
    [{}, {}, {}, 'least time of 2 free servers'],
    [{ rpm: 60 }, { rpm: 60 }, {}, 'least time of 2 free servers'],
    [{ weight: 3 }, { weight: 1 }, NAMED('least-busy'), 'least busy of 2 free servers'],
  ] as const) {
    const [found, routes] = await share(one, other, more);
    assert.equal(found, 0.5);
    assert.deepEqual(routes, new Set([name]));
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

test('weights hold for one client after the other on Ollama servers: a server without the model loads it', async (t) => {
  const first = await startSim({ models: ['m'], port: 0 });
  t.after(() => first.close());
  const second = await startSim({ models: ['m'], port: 0 });
  t.after(() => second.close());
  await using gateway = await gatewayOf([
    ['m', first, { weight: 3 }],
    ['m', second, { weight: 1 }],
  ]);
  let [all, ofFirst] = [0, 0];
  while (all < 200) {
    const response = await gateway.chat({ max_tokens: 1 });
    await response.text();
    all += 1;
    if (response.headers.get('x-hxllm-backend') === first.url) ofFirst += 1;
  }
  // Five standard deviations, and the requests before the second load.
  assert.ok(Math.abs(ofFirst / all - 0.75) < 0.18, `${String(ofFirst)} of ${String(all)}`);
});

test('a weight loads no model where that could evict another, and none without a difference', () => {
  const listing = (names: readonly string[]): Listing => ({
    askedMs: 0,
    models: names.map((name) => ({ name, context: undefined, family: undefined })),
  });
  const loads = (weights: readonly [number, number], strategy: Strategy, listed: readonly string[]): number => {
    const { backends, deployments } = managedFleet(4, ['a', 'b'], ['m']);
    const spec = {
      backends,
      deployments: deployments.map((deployment, index) => ({ ...deployment, weight: weights[index] ?? 0 })),
    };
    const stage = new Stage(spec, { ...POLICY, strategy });
    stage.nowMs = 1000;
    stage.apply({ kind: 'listed', backend: 'a', listing: { ...listing(['m']), askedMs: 900 } });
    stage.apply({ kind: 'listed', backend: 'b', listing: { ...listing(listed), askedMs: 900 } });
    stage.arrive();
    return stage.decisions.filter(({ kind }) => kind === 'load').length;
  };
  assert.equal(loads([3, 1], byWeight, []), 1);
  assert.equal(loads([3, 1], simpleShuffle, []), 1);
  assert.equal(loads([3, 1], byWeight, ['other']), 0, 'it could evict the other');
  assert.equal(loads([3, 0], byWeight, []), 0, 'no weight');
  assert.equal(loads([1, 1], byWeight, []), 0, 'no difference');
  assert.equal(loads([3, 1], leastBusy, []), 0, 'a strategy without weights');
});
