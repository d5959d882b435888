import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { startFake, type Got } from '../../fake-upstream.ts';

import { type Json, startBefore, chunk, END, answers, TOOLS, post, lastOf } from './dialect-stage.ts';

test('a client of Anthropic’s messages is served, streamed or whole, with thoughts and calls', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startBefore(fake);
  const asked = {
    model: 'm',
    max_tokens: 50,
    system: 'Be kind.',
    messages: [{ role: 'user', content: 'Weather?' }],
    tools: [{ name: 'weather', input_schema: { type: 'object' } }],
    tool_choice: { type: 'any' },
    stop_sequences: ['END'],
  };
  const whole = (await (await post(gateway, '/v1/messages', asked)).json()) as { content: readonly Json[] };
  assert.partialDeepStrictEqual(whole, {
    type: 'message',
    role: 'assistant',
    stop_reason: 'tool_use',
    usage: { input_tokens: 3, output_tokens: 2 },
  });
  const blocks = whole.content.filter(({ type }) => type !== 'thinking');
  assert.partialDeepStrictEqual(blocks, [
    { type: 'text', text: 'Grüß Gott' },
    { type: 'tool_use', name: 'weather', input: { city: 'Bern' } },
  ]);
  const [path, body] = lastOf(fake);
  assert.equal(path, '/v1/chat/completions');
  assert.partialDeepStrictEqual(body, {
    model: 'theirs',
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Weather?' },
    ],
    max_tokens: 50,
    tool_choice: 'required',
    tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
  });

  const events = (await (await post(gateway, '/v1/messages', { ...asked, stream: true })).text())
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as Json);
  const types = events.map(({ type }) => type);
  assert.deepEqual([types[0], types.at(-1)], ['message_start', 'message_stop']);
  const deltas = events.flatMap(({ delta }) =>
    delta === undefined ? [] : [delta as Readonly<Record<string, string>>],
  );
  assert.equal(deltas.map((delta) => delta['text'] ?? '').join(''), 'Grüß Gott');
  assert.deepEqual(JSON.parse(deltas.map((delta) => delta['partial_json'] ?? '').join('')), { city: 'Bern' });
  assert.ok(deltas.some((delta) => delta['stop_reason'] === 'tool_use'));
});

test('a client of the Responses API is served, streamed or whole, with calls', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startBefore(fake);
  const asked = {
    model: 'm',
    input: [
      { role: 'user', content: 'Weather?' },
      { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Bern"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'rain' },
    ],
    instructions: 'Be kind.',
    tools: [{ type: 'function', name: 'weather', parameters: { type: 'object' } }],
    max_output_tokens: 50,
  };
  const whole = (await (await post(gateway, '/v1/responses', asked)).json()) as {
    output: readonly Json[];
    usage: Json;
  };
  assert.partialDeepStrictEqual(whole.usage, { input_tokens: 3, output_tokens: 2, total_tokens: 5 });
  assert.partialDeepStrictEqual(
    whole.output.filter(({ type }) => type !== 'reasoning'),
    [
      { type: 'message', content: [{ type: 'output_text', text: 'Grüß Gott' }] },
      { type: 'function_call', name: 'weather', arguments: '{"city":"Bern"}' },
    ],
  );
  const [path, body] = lastOf(fake);
  assert.equal(path, '/v1/chat/completions');
  const messages = body['messages'] as readonly Json[];
  assert.deepEqual(
    messages.map(({ role }) => role),
    ['system', 'user', 'assistant', 'tool'],
  );
  assert.partialDeepStrictEqual(messages.slice(2), [
    { tool_calls: [{ id: 'c1', function: { name: 'weather', arguments: '{"city":"Bern"}' } }] },
    { tool_call_id: 'c1', content: 'rain' },
  ]);

  const events = (await (await post(gateway, '/v1/responses', { ...asked, stream: true })).text())
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as Json);
  assert.deepEqual([events[0]?.['type'], events.at(-1)?.['type']], ['response.created', 'response.completed']);
  assert.equal(
    events.flatMap(({ type, delta }) => (type === 'response.output_text.delta' ? [delta] : [])).join(''),
    'Grüß Gott',
  );
});

test('parameters that such a server lacks are named, also those that its own clients do not hear of', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startBefore(fake);
  const response = await post(gateway, '/api/chat', {
    model: 'm',
    messages: [{ role: 'user', content: 'hi' }],
    options: { num_keep: 4, top_k: 9, num_ctx: 512 },
    truncate: true,
    stream: false,
  });
  assert.deepEqual(response.headers.get('x-hxllm-ignored-params')?.split(', ').toSorted(), [
    'options.num_ctx',
    'options.num_keep',
    'truncate',
  ]);
  assert.partialDeepStrictEqual(lastOf(fake)[1], { top_k: 9 });
  const own = await gateway.chat({ logit_bias: { 1: 2 } });
  assert.equal(own.headers.get('x-hxllm-ignored-params'), null);
  assert.partialDeepStrictEqual(lastOf(fake)[1], { logit_bias: { 1: 2 } });
});

test('a parameter that the server refuses for its model is left out of a second try and named, and left out at once from then on', async () => {
  const refusing =
    (word: string, text: string) =>
    (got: Got, outgoing: ServerResponse): void => {
      if (got.body.includes(word))
        outgoing
          .writeHead(400)
          .end(JSON.stringify({ error: { message: text, type: 'BadRequestError', param: null, code: 400 } }));
      else answers(got, outgoing);
    };
  for (const [asked, word, text, named] of [
    [
      { tools: TOOLS },
      '"tools"',
      '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
      'tools',
    ],
    [{ think: true }, 'chat_template_kwargs', 'chat_template is not supported for Mistral tokenizers.', 'think'],
    [{ think: false }, 'chat_template_kwargs', 'chat_template is not supported for Mistral tokenizers.', null],
  ] as const) {
    await using fake = await startFake(refusing(word, text));
    await using gateway = await startBefore(fake);
    const ask = (): Promise<Response> =>
      post(gateway, '/api/chat', { model: 'm', stream: false, messages: [{ role: 'user', content: 'hi' }], ...asked });
    const first = await ask();
    assert.deepEqual(
      [first.status, first.headers.get('x-hxllm-ignored-params'), fake.requests.length],
      [200, named, 2],
      text,
    );
    const second = await ask();
    assert.deepEqual(
      [second.status, second.headers.get('x-hxllm-ignored-params'), fake.requests.length],
      [200, named, 3],
      text,
    );
    // A client of the server's own dialect gets the server's own error.
    const own = await gateway.chat({ tools: TOOLS, chat_template_kwargs: {} });
    assert.deepEqual([own.status, fake.requests.length], [400, 4]);
  }
});

test('a call with broken arguments is told as a failure, and another server is not asked for what the model did', async () => {
  await using fake = await startFake(
    (_got, outgoing) =>
      void outgoing.end(
        chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x' } }] }) +
          chunk({}, 'tool_calls') +
          END,
      ),
  );
  await using gateway = await startBefore(fake);
  const response = await post(gateway, '/api/chat', { model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  assert.equal(response.status, 502);
  assert.match(((await response.json()) as { error: string }).error, /arguments/);
  assert.equal(fake.requests.length, 1);
});
