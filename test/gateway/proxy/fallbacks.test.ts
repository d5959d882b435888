import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../../until.ts';
import { answersShortly, fails, NOWHERE, stalls, startFake, streams } from '../fake-upstream.ts';
import { errorOf, textOf, untilListed, type Running } from '../running.ts';
import { gatewayOf, route } from '../config-keys-stage.ts';

test('fallbacks: when none of its servers can begin, another model answers under the name that was asked for', async () => {
  await using bad = await startFake(fails(500, 'llama runner process has terminated'));
  await using worse = await startFake(fails(500, 'llama runner process has terminated'));
  await using good = await startFake(answersShortly('good'));
  await using gateway = await gatewayOf(
    [
      ['m', bad],
      ['n', worse],
      ['o', good],
    ],
    { router_settings: { fallbacks: [{ m: ['n', 'o'] }], num_retries: 2 } },
  );
  const response = await gateway.chat();
  assert.deepEqual(
    [response.status, route(response), response.headers.get('x-hxllm-backend')],
    [200, 'fallback/o, resident, 1 of 1 slot, prefix 0 of 1 token', good.url],
  );
  assert.partialDeepStrictEqual(await response.json(), { model: 'm', choices: [{ message: { content: 'good' } }] });
  assert.partialDeepStrictEqual(gateway.ended().at(-1), { alias: 'm', reason: 'fallback/only-one', attempts: 3 });
  assert.equal((await gateway.chat({ model: 'n' })).status, 502, 'n has none');
  assert.equal(gateway.service().scheduler.inFlight, 0);
});

test('fallbacks: also for a model over its limit or without a server, and the last refusal is the answer when those fail too', async () => {
  await using fake = await startFake();
  await using gateway = await gatewayOf(
    [
      ['m', fake, { rpm: 1 }],
      ['d', { url: NOWHERE[0] }],
    ],
    {
      litellm_settings: { fallbacks: [{ m: ['d'] }, { d: ['m'] }] },
      router_settings: { optional_pre_call_checks: ['enforce_model_rate_limits'] },
    },
  );
  assert.equal(route(await gateway.chat({ model: 'd' })), 'fallback/m, resident, 1 of 1 slot, prefix 0 of 1 token');
  const refused = await gateway.chat();
  assert.equal(refused.status, 503);
  assert.match((await errorOf(refused)).code ?? '', /^(?:no_backend|backend_unreachable)$/);
});

test('fallbacks: never for what is the fault of the request, nor after the first byte', async () => {
  await using fake = await startFake(fails(400, 'invalid format'));
  await using other = await startFake();
  await using gateway = await gatewayOf(
    [
      ['m', fake],
      ['o', other],
    ],
    { router_settings: { fallbacks: [{ m: ['o'] }] } },
  );
  assert.equal((await gateway.chat()).status, 400);
  fake.behave((got, outgoing) => {
    void stalls('a')(got, outgoing);
    setTimeout(() => outgoing.destroy(), 20);
  });
  assert.match(await (await gateway.chat({ stream: true })).text(), /"content":"a"[^]*"error"/);
  assert.equal(other.requests.length, 0);
});

test('default_fallbacks: for every model that has none of its own, and a model does not stand in for itself', async () => {
  await using bad = await startFake(fails(500, 'cuda error: out of memory'));
  await using good = await startFake(answersShortly('default'));
  await using own = await startFake(answersShortly('own'));
  const litellm_settings = { default_fallbacks: ['d'], fallbacks: [{ n: ['o'] }] };
  await using gateway = await gatewayOf(
    [
      ['m', bad],
      ['n', bad],
      ['o', own],
      ['d', good],
    ],
    { litellm_settings },
  );
  const [unnamed, named] = [await gateway.chat(), await gateway.chat({ model: 'n' })];
  assert.deepEqual([await textOf(unnamed), route(unnamed)?.startsWith('fallback/')], ['default', true]);
  assert.equal(await textOf(named), 'own', 'its own come in place of those');
  good.behave(fails(500, 'cuda error: out of memory'));
  assert.equal((await gateway.chat({ model: 'd' })).status, 502);
});

test('context_window_fallbacks: a prompt that is too long for one model goes to another', async () => {
  await using small = await startFake(fails(400, 'the input length exceeds the context length'));
  await using large = await startFake(answersShortly('large'));
  await using gateway = await gatewayOf(
    [
      ['m', small],
      ['l', large],
    ],
    { router_settings: { context_window_fallbacks: [{ m: ['l'] }] } },
  );
  assert.equal(await textOf(await gateway.chat()), 'large');
  // A longer context of its own comes before another model, and this server does not say whether there is one.
  const asked = [small, large].map(({ requests }) => requests.map(({ path }) => path));
  assert.deepEqual(asked, [['/api/chat', '/api/show'], ['/api/chat']]);
});

test('num_retries: so many other servers are tried, whichever section says it', async () => {
  const bad = fails(500, 'llama runner process has terminated');
  for (const settings of [{ router_settings: { num_retries: 1 } }, { litellm_settings: { num_retries: 1 } }]) {
    await using a = await startFake(bad);
    await using b = await startFake(bad);
    await using c = await startFake(bad);
    await using gateway = await gatewayOf(
      [
        ['m', a],
        ['m', b],
        ['m', c],
      ],
      settings,
    );
    assert.equal((await gateway.chat()).status, 502);
    assert.equal(a.requests.length + b.requests.length + c.requests.length, 2);
  }
});

test('allowed_fails and cooldown_time: after so many failures in a row a server rests for so long', async () => {
  await using bad = await startFake(fails(500, 'llama runner process has terminated'));
  await using good = await startFake();
  const begin = (seconds: number): Promise<Running> =>
    gatewayOf(
      [
        ['m', bad, { order: 1 }],
        ['m', good, { order: 2 }],
      ],
      { router_settings: { allowed_fails: 2, cooldown_time: seconds } },
    );
  await using long = await begin(60);
  for (let turn = 0; turn < 5; turn += 1) assert.equal((await long.chat()).status, 200);
  assert.equal(bad.requests.length, 2, 'then it rests');
  await using short = await begin(0.3);
  await until('it is tried again', async () => {
    assert.equal((await short.chat()).status, 200);
    return bad.requests.length > 4;
  });
});

test('cooldown_time of an entry counts before that of all; 0 lets its server rest never', async () => {
  for (const [own, all, asked] of [
    [60, 0, 2],
    [0, 60, 5],
  ] as const) {
    await using bad = await startFake(fails(500, 'llama runner process has terminated'));
    await using good = await startFake();
    await using gateway = await gatewayOf(
      [
        ['m', bad, { order: 1, cooldown_time: own }],
        ['m', good, { order: 2 }],
      ],
      { router_settings: { allowed_fails: 2, cooldown_time: all } },
    );
    for (let turn = 0; turn < 5; turn += 1) assert.equal((await gateway.chat()).status, 200);
    assert.equal(bad.requests.length, asked);
  }
});

test('timeout and stream_timeout: of an entry before those of all, for answers in one piece and for the first byte of streams', async () => {
  await using fake = await startFake(stalls());
  const backends = { [fake.url]: { num_parallel: 8 } };
  await using gateway = await gatewayOf(
    [
      ['m', fake, { timeout: 0.2, stream_timeout: 1 }],
      ['n', fake],
    ],
    { router_settings: { timeout: 1.5, stream_timeout: 2.5 }, hxllm: { backends } },
  );
  await untilListed(gateway);
  // A part of the limit has passed before the backend is asked, more on a busy machine; no other limit applies.
  const rows = [
    ['m', false, 0, 0.2],
    ['m', true, 1, 1],
    ['n', false, 1.01, 1.5],
    ['n', true, 2.5, 2.5],
  ] as const;
  await Promise.all(
    rows.map(async ([model, stream, least, most]) => {
      const response = await gateway.chat({ model, stream });
      assert.equal(response.status, 504);
      const within = Number((await errorOf(response)).message.match(/within ([\d.]+) s/)?.[1]);
      assert.ok(within >= least && within <= most, `${model} ${String(stream)} ${String(within)}`);
    }),
  );
  fake.behave(streams(['a', 'b', 'c', 'd', 'e'], 250));
  assert.match(
    await (await gateway.chat({ stream: true })).text(),
    /"e"[^]*\[DONE\]/,
    'a stream that flows is not limited',
  );
});
