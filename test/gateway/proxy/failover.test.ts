import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answersShortly,
  fails,
  NOWHERE,
  piece,
  stalls,
  startFake,
  streams,
  type Behaviour,
  type FakeUpstream,
} from '../fake-upstream.ts';
import { errorOf, inOrder, startGateway, textOf, until, untilListed } from '../running.ts';

test('a server that is not there is replaced by another, and left out from then on', async () => {
  await using alive = await startFake(answersShortly('alive'));
  const [dead] = NOWHERE;
  await using gateway = await startGateway([], inOrder({ url: dead }, alive));
  for (let turn = 0; turn < 6; turn += 1) assert.equal(await textOf(await gateway.chat()), 'alive');
  assert.ok(
    gateway.ended().every(({ attempts }) => attempts === 1),
    'a load of our own came upon the dead one',
  );
  assert.deepEqual(
    gateway.log.filter(({ event }) => event === 'backend-down').map(({ backend }) => backend),
    [dead],
  );
});

test('a server that comes back is used again', async () => {
  await using steady = await startFake(answersShortly('steady'));
  await using first = await startFake(answersShortly('old'));
  await using gateway = await startGateway([], inOrder(first, steady));
  await first.kill();
  for (let turn = 0; turn < 2; turn += 1)
    assert.equal((await gateway.chat()).headers.get('x-hxllm-backend'), steady.url);
  await using back = await startFake(answersShortly('back'), first.port);
  await until('the server is found alive', () =>
    gateway.log.some(({ event, backend }) => event === 'backend-up' && backend === back.url),
  );
  const texts = [await textOf(await gateway.chat()), await textOf(await gateway.chat())];
  assert.deepEqual(texts, ['back', 'back']);
});

for (const [what, behaviour] of [
  ['says that its runner died', fails(500, 'model runner has unexpectedly stopped')],
  ['does not have the model', fails(404, "model 'm' not found")],
  ['is busy', fails(503, 'server busy, please try again.  maximum pending requests exceeded')],
  ['answers with a page', ((_got, outgoing) => void outgoing.end('<html>')) satisfies Behaviour],
  [
    'dies before its first piece, by a line',
    ((_got, outgoing) =>
      void outgoing.end('{"error":"an error was encountered while running the model: EOF"}\n')) satisfies Behaviour,
  ],
] as const) {
  for (const stream of [false, true]) {
    test(`a server that ${what} before it answered is replaced by another, ${stream ? 'streaming' : 'in one piece'}`, async () => {
      await using bad = await startFake(behaviour);
      await using good = await startFake(answersShortly('good'));
      await using gateway = await startGateway([], inOrder(bad, good));
      for (let turn = 0; turn < 2; turn += 1) {
        const response = await gateway.chat({ stream });
        assert.deepEqual([response.status, response.headers.get('x-hxllm-backend')], [200, good.url]);
        assert.match(await response.text(), /good/);
      }
      assert.equal(bad.requests.length > 0, true);
      assert.equal(gateway.service().scheduler.inFlight, 0);
    });
  }
}

test('an answer in one piece is begun again elsewhere if its server went down in the middle, and once only', async () => {
  await using good = await startFake(answersShortly('whole'));
  const open = new AsyncDisposableStack();
  await using _open = open;
  const doomed = async (): Promise<FakeUpstream> => {
    const server = open.use(
      await startFake((_got, outgoing) => {
        outgoing.write(piece('half'), () => void server.kill());
      }),
    );
    return server;
  };
  const first = await doomed();
  await using gateway = await startGateway([], inOrder(first, good));
  assert.equal(await textOf(await gateway.chat()), 'whole');
  assert.equal(first.requests.length, 1);
  const killed = [await doomed(), await doomed()];
  await using other = await startGateway([], inOrder(...killed, good));
  const response = await other.chat();
  assert.deepEqual([response.status, (await errorOf(response)).code], [502, 'backend_unreachable']);
  assert.deepEqual(
    [...killed, good].map(({ requests }) => requests.length),
    [1, 1, 1],
    'the first gateway asked the last one',
  );
});

test('a stream that has begun ends with an error and without [DONE], and is not begun again', async () => {
  await using bad = await startFake((_got, outgoing) => {
    outgoing.write(piece('half'), () => setTimeout(() => outgoing.destroy(), 20));
  });
  await using gateway = await startGateway([bad]);
  const text = await (await gateway.chat({ stream: true })).text();
  assert.match(text, /"content":"half"/);
  assert.doesNotMatch(text, /\[DONE\]/);
  const last = text.trimEnd().split('\n\n').at(-1) ?? '';
  assert.partialDeepStrictEqual(JSON.parse(last.replace(/^data: /, '')), {
    error: { type: 'server_error', param: null, code: 'backend_unreachable' },
  });
  assert.equal(bad.requests.length, 1);
  await until('the line is written', () => gateway.ended().length === 1);
  assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'cut', status: 200, failure: 'backend_unreachable' });
});

test('a request that is at fault itself is refused at once, and nobody else is bothered', async () => {
  await using one = await startFake(fails(500, 'option "temperature" must be of type float32'));
  await using two = await startFake(fails(400, 'the input length exceeds the context length'));
  await using gateway = await startGateway([one, two]);
  await untilListed(gateway);
  const codes = new Set<string | null>();
  for (let turn = 0; turn < 2; turn += 1) {
    const response = await gateway.chat();
    assert.equal(response.status, 400);
    codes.add((await errorOf(response)).code);
  }
  // Without the questions about the model, which has no longer context.
  const asked = [one, two].map(({ requests }) => requests.filter(({ path }) => path !== '/api/show').length);
  assert.deepEqual([codes, asked], [new Set([null, 'context_length_exceeded']), [1, 1]]);
});

test('with every server gone the answer is 503 and when to come again', async () => {
  await using gateway = await startGateway(NOWHERE.map((url) => ({ url })));
  for (let turn = 0; turn < 2; turn += 1) {
    const response = await gateway.chat({ stream: true });
    assert.deepEqual(
      [response.status, response.headers.get('retry-after'), response.headers.get('retry-after-ms')],
      [503, '1', '1000'],
    );
    assert.equal((await errorOf(response)).type, 'server_error');
  }
});

test('where nobody has the model, that is what is said', async () => {
  await using one = await startFake(fails(404, "model 'm' not found"));
  await using gateway = await startGateway([one]);
  const response = await gateway.chat();
  assert.deepEqual(
    [response.status, (await errorOf(response)).code, response.headers.get('x-hxllm-backend')],
    [404, 'model_not_found', one.url],
  );
});

test('no more servers are tried than the configuration says', async () => {
  await using open = new AsyncDisposableStack();
  const fakes = (await Promise.all(Array.from({ length: 5 }, () => startFake(fails(500, 'boom'))))).map((fake) =>
    open.use(fake),
  );
  await using gateway = await startGateway(fakes, { router_settings: { num_retries: 2 } });
  assert.equal((await gateway.chat()).status, 502);
  assert.equal(
    fakes.reduce((sum, { requests }) => sum + requests.length, 0),
    3,
  );
});

test('a server that does not begin in time, stops in the middle, or takes too long is given up with 504, and asked nowhere else', async () => {
  for (const [behaviour, timeouts] of [
    [stalls(), { first_byte: 0.05 }],
    [stalls('a'), { idle: 0.05 }],
    [
      streams(
        Array.from({ length: 40 }, () => 'a'),
        10,
      ),
      { total: 0.1 },
    ],
  ] as const) {
    await using one = await startFake(behaviour);
    await using two = await startFake(behaviour);
    await using gateway = await startGateway([one, two], { hxllm: { timeouts } });
    // Otherwise the gateway's own load would run into the time-out.
    await untilListed(gateway);
    const response = await gateway.chat();
    assert.deepEqual([response.status, (await errorOf(response)).code], [504, 'timeout'], JSON.stringify(timeouts));
    const asked = [...one.requests, ...two.requests];
    assert.equal(asked.length, 1);
    await asked[0]?.left;
    assert.equal(gateway.service().scheduler.inFlight, 0);
  }
});

test('a stream that stops in the middle ends with an error', async () => {
  await using fake = await startFake(stalls('a'));
  await using gateway = await startGateway([fake], { hxllm: { timeouts: { idle: 0.05 } } });
  const text = await (await gateway.chat({ stream: true })).text();
  assert.match(text, /"code":"timeout"/);
  assert.doesNotMatch(text, /\[DONE\]/);
});

test("LiteLLM's timeout limits an answer in one piece and no stream that flows", async () => {
  await using fake = await startFake(streams(['a', 'b', 'c', 'd'], 40));
  await using gateway = await startGateway([fake], { router_settings: { timeout: 0.1 } });
  assert.equal((await gateway.chat()).status, 504);
  assert.match(await (await gateway.chat({ stream: true })).text(), /\[DONE\]/);
});

test('strict, a parameter that cannot be honoured is refused and no server asked', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { strict: true } });
  const response = await gateway.chat({ logit_bias: { 1: 2 } });
  assert.equal(response.status, 400);
  assert.partialDeepStrictEqual(await errorOf(response), { param: 'logit_bias', code: 'unsupported_parameter' });
  assert.equal(fake.requests.length, 0);
  assert.equal((await gateway.chat()).status, 200);
});
