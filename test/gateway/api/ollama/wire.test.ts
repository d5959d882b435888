import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startSim, type Sim } from '../../../../src/sim/server.ts';
import { startFake } from '../../fake-upstream.ts';
import { startGateway } from '../../running.ts';
import { linesOf, post, errorOf, withoutTimes } from './client.ts';
import { LLAMA, ECHO, startWireStage } from './wire-fixtures.ts';

const { sims, gateway, stop } = await startWireStage();
after(stop);

test('a chat is streamed unless it is not wanted so, each line as Ollama writes it, under the name that was asked for', async () => {
  const response = await post(gateway, '/api/chat', { model: 'chat', ...ECHO });
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/x-ndjson']);
  assert.ok(sims.some(({ url }) => url === response.headers.get('x-hxllm-backend')));
  const lines = (await linesOf(response)).map(withoutTimes);
  const piece = (content: string) => ({
    model: 'chat',
    created_at: 'then',
    message: { role: 'assistant', content },
    done: false,
  });
  assert.deepEqual(lines.slice(0, -1), ['one', ' two'].map(piece));
  assert.deepEqual(Object.keys(lines.at(-1) ?? {}), [
    'model',
    'created_at',
    'message',
    'done',
    'done_reason',
    'total_duration',
    'load_duration',
    'prompt_eval_count',
    'prompt_eval_duration',
    'eval_count',
    'eval_duration',
  ]);
  assert.partialDeepStrictEqual(lines.at(-1), {
    model: 'chat',
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    total_duration: 'number',
    eval_count: 3,
  });
  const whole = await post(gateway, '/api/chat', { model: 'chat:latest', ...ECHO, stream: false });
  assert.partialDeepStrictEqual(await whole.json(), {
    model: 'chat:latest',
    message: { role: 'assistant', content: 'one two' },
    done: true,
    done_reason: 'stop',
    eval_count: 3,
  });
});

test('a generate goes on from the context of the one before, and takes none from elsewhere', async () => {
  const first = await linesOf(await post(gateway, '/api/generate', { model: 'chat', prompt: 'Repeat after me: one' }));
  assert.partialDeepStrictEqual(first.map(withoutTimes), [
    { model: 'chat', response: 'one', done: false },
    { response: '', done: true, done_reason: 'stop' },
  ]);
  const context = first.at(-1)?.['context'];
  assert.ok(
    Array.isArray(context) &&
      context.length > 4 &&
      context.every((token) => Number.isInteger(token) && Number(token) < 2 ** 31),
  );
  assert.equal(
    (await post(gateway, '/api/generate', { model: 'chat', prompt: 'and?', context, stream: false })).status,
    200,
  );
  for (const foreign of [[99_999], context.slice(1), context.with(0, 99_999)]) {
    assert.match(
      (await errorOf(await post(gateway, '/api/generate', { model: 'chat', prompt: 'and?', context: foreign })))[1],
      /^This context was not given by this gateway/,
    );
  }
  const raw = await post(gateway, '/api/generate', { model: 'chat', prompt: 'x', raw: true, stream: false });
  assert.equal('context' in ((await raw.json()) as object), false);
});

test('texts are embedded, several of them or one in the older way', async () => {
  const several = (await (
    await post(gateway, '/api/embed', { model: 'embed', input: ['a', 'b'], truncate: true })
  ).json()) as { embeddings: number[][] };
  assert.deepEqual(Object.keys(several), [
    'model',
    'embeddings',
    'total_duration',
    'load_duration',
    'prompt_eval_count',
  ]);
  assert.equal(several.embeddings.length, 2);
  const [direct] = sims;
  const own = await fetch(`${direct?.url ?? ''}/api/embeddings`, {
    method: 'POST',
    body: JSON.stringify({ model: 'nomic-embed-text', prompt: 'a' }),
  });
  // Not normalised to length one: clients have stored vectors of this endpoint.
  assert.deepEqual(
    await (await post(gateway, '/api/embeddings', { model: 'embed', prompt: 'a' })).json(),
    await own.json(),
  );
  assert.deepEqual(await (await post(gateway, '/api/embed', { model: 'embed', input: '' })).json(), {
    model: 'embed',
    embeddings: [],
  });
});

test('without a prompt the model is loaded, and keep_alive: 0 does not unload it', async () => {
  await using sim = await startedSim();
  await using own = await startGateway([], {
    model_list: [{ model_name: 'chat', litellm_params: { model: `ollama_chat/${LLAMA}`, api_base: sim.url } }],
  });
  const load = await post(own, '/api/chat', { model: 'chat', keep_alive: '1h' });
  assert.equal(load.headers.get('x-hxllm-ignored-params'), 'keep_alive', 'how long it stays is its alias’s to say');
  const loaded = (await load.json()) as object;
  assert.partialDeepStrictEqual(loaded, {
    model: 'chat',
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'load',
  });
  const inMemory = (await (await own.ask('/api/ps')).json()) as { models: readonly object[] };
  assert.partialDeepStrictEqual(inMemory.models, [{ name: 'chat', model: 'chat', details: { family: 'llama' } }]);
  assert.equal((await errorOf(await post(own, '/api/generate', { model: 'chat', keep_alive: 0 })))[0], 403);
  const { models } = (await (await fetch(`${sim.url}/api/ps`)).json()) as { models: readonly object[] };
  assert.equal(models.length, 1);
  assert.equal(sim.requests('/api/chat'), 0);
});

test('a model that is in memory is loaded, however busy it is', async () => {
  await using fake = await startFake(
    (_got, outgoing) => void outgoing.write('{"message":{"content":"a"},"done":false}\n'),
  );
  await using own = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }],
    hxllm: { backends: { [fake.url]: { num_parallel: 1 } } },
  });
  const busy = new AbortController();
  await (await post(own, '/api/chat', { model: 'm', ...ECHO }, { signal: busy.signal })).body?.getReader().read();
  // The busy request does not end: a request that waits for its slot would wait until it is rejected.
  assert.partialDeepStrictEqual(
    await (await post(own, '/api/generate', { model: 'm' }, { signal: AbortSignal.timeout(30_000) })).json(),
    { response: '', done_reason: 'load' },
  );
  busy.abort();
});

test('clients with contexts of their own do not load the model in turn, and are told where they get less', async () => {
  await post(gateway, '/api/chat', { model: 'chat', ...ECHO, stream: false });
  const loads = gateway.log.filter(({ event }) => event === 'loaded').length;
  for (const [num_ctx, reported] of [
    [2048, null],
    [8192, 'options.num_ctx'],
    [4096, null],
    [1024, null],
  ] as const) {
    const response = await post(gateway, '/api/chat', {
      model: 'chat',
      ...ECHO,
      stream: false,
      options: { num_ctx, temperature: 0 },
    });
    await response.arrayBuffer();
    assert.deepEqual([response.status, response.headers.get('x-hxllm-ignored-params')], [200, reported]);
    const { models } = (await (await fetch(`${response.headers.get('x-hxllm-backend') ?? ''}/api/ps`)).json()) as {
      models: readonly { name: string; context_length: number }[];
    };
    assert.equal(models.find(({ name }) => name === LLAMA)?.context_length, 4096, 'as it was loaded');
  }
  assert.equal(gateway.log.filter(({ event }) => event === 'loaded').length, loads);
});

async function startedSim(): Promise<Sim & AsyncDisposable> {
  const sim = await startSim();
  return { ...sim, [Symbol.asyncDispose]: () => sim.close() };
}
