import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFake } from '../../fake-upstream.ts';
import { KEY, startGateway, until } from '../../running.ts';
import { linesOf, post, errorOf } from './client.ts';
import { ECHO, startWireStage } from './wire-fixtures.ts';

const { gateway, stop } = await startWireStage();
after(stop);

test('options that the alias fixes and unknown options are named, or refused under strict', async () => {
  const body = {
    model: 'chat',
    ...ECHO,
    stream: false,
    keep_alive: '5m',
    tool_choice: 'none',
    options: { num_gpu: 1, mirostat: 2, seed: 1, num_predict: -1 },
  };
  const response = await post(gateway, '/api/chat', body);
  assert.deepEqual(
    [response.status, response.headers.get('x-hxllm-ignored-params')?.split(', ').toSorted()],
    [200, ['keep_alive', 'options.mirostat', 'options.num_gpu', 'tool_choice']],
  );
  await using strict = await startGateway([], {
    model_list: gateway.service().config.groups.flatMap(({ name, deployments }) =>
      deployments.map(({ url, model }) => ({
        model_name: name,
        litellm_params: { model: `ollama_chat/${model}`, api_base: url },
      })),
    ),
    hxllm: { strict: true },
  });
  assert.match(
    (
      await errorOf(
        await post(strict, '/api/chat', {
          ...body,
          keep_alive: undefined,
          tool_choice: undefined,
          options: { num_gpu: 1 },
        }),
      )
    )[1],
    /options\.num_gpu/,
  );
});

test('refusals have Ollama’s one field, and its status', async () => {
  const chat = (body: object) => post(gateway, '/api/chat', body);
  const messages = [{ role: 'user', content: 'x' }];
  assert.deepEqual(await errorOf(await chat({ model: 'nope', messages })), [404, "model 'nope' not found"]);
  assert.deepEqual(await errorOf(await chat({ messages })), [400, 'model is required']);
  for (const wrong of [
    { messages: [{ role: 'user', content: 3 }] },
    { options: { temperature: 'x' } },
    { format: 'yaml' },
    { think: 'deeply' },
    { top_logprobs: 21 },
    { keep_alive: '300' },
    { messages: [{ role: 'user', content: 'x', images: ['!!'] }] },
    { tools: [{}] },
  ]) {
    assert.equal((await errorOf(await chat({ model: 'chat', messages, ...wrong })))[0], 400, JSON.stringify(wrong));
  }
  assert.deepEqual(
    await errorOf(await post(gateway, '/api/generate', { model: 'chat', prompt: 'x', raw: true, system: 's' })),
    [400, 'raw mode does not support template, system, or context'],
  );
  assert.equal(
    (
      await errorOf(
        await chat({ model: 'chat', messages: [{ role: 'user', content: 'word '.repeat(9000) }], truncate: false }),
      )
    )[0],
    400,
  );
  assert.equal((await errorOf(await fetch(`${gateway.url}/api/tags`)))[0], 401);
  assert.equal((await fetch(`${gateway.url}/api/tags`, { headers: { 'x-api-key': KEY } })).status, 200);
  assert.equal((await errorOf(await gateway.ask('/api/chat')))[0], 405);
});

test('a failure in the middle of a stream is its last line', async () => {
  await using fake = await startFake(
    (_got, outgoing) =>
      void outgoing.end(
        '{"message":{"content":"a"},"done":false}\n{"error":"an error was encountered while running the model: unexpected EOF"}\n',
      ),
  );
  await using own = await startGateway([fake]);
  const lines = await linesOf(await post(own, '/api/chat', { model: 'm', ...ECHO }));
  assert.partialDeepStrictEqual(lines, [
    { message: { content: 'a' }, done: false },
    { error: 'an error was encountered while running the model: unexpected EOF' },
  ]);
});

test('a client that leaves in the middle of its answer is cancelled at the server', async () => {
  await using fake = await startFake(
    (_got, outgoing) => void outgoing.write('{"message":{"content":"a"},"done":false}\n'),
  );
  await using own = await startGateway([fake]);
  const draining = new AbortController();
  const response = await post(own, '/api/chat', { model: 'm', ...ECHO }, { signal: draining.signal });
  await response.body?.getReader().read();
  draining.abort();
  await fake.requests[0]?.left;
  await until('the place is given back', () => own.service().scheduler.inFlight === 0);
});
