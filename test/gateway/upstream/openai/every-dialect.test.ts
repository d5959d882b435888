import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { startFake, type FakeUpstream, type Got } from '../../fake-upstream.ts';
import { startGateway, type Running } from '../../running.ts';

type Json = Readonly<Record<string, unknown>>;

/** A gateway whose one alias is a model on a server that speaks OpenAI alone. */
function startBefore(fake: FakeUpstream): Promise<Running> {
  return startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/theirs', api_base: `${fake.url}/v1` } }],
  });
}

function chunk(delta: object, reason: string | null = null): string {
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', model: 'theirs', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
}

const END = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })}\n\ndata: [DONE]\n\n`;

/** Thinks, speaks and calls a tool, streamed or whole. */
function answers({ body }: Got, outgoing: ServerResponse): void {
  const call = { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } };
  if ((JSON.parse(body) as Json)['stream'] === true) {
    outgoing.end(
      chunk({ role: 'assistant', content: '' }) +
        chunk({ reasoning_content: 'hm' }) +
        chunk({ content: 'Grüß ' }) +
        chunk({ content: 'Gott' }) +
        chunk({ tool_calls: [{ index: 0, ...call, function: { name: 'weather', arguments: '{"city"' } }] }) +
        chunk({ tool_calls: [{ index: 0, function: { arguments: ':"Bern"}' } }] }) +
        chunk({}, 'tool_calls') +
        END,
    );
    return;
  }
  outgoing.end(
    JSON.stringify({
      id: 'x',
      model: 'theirs',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', reasoning_content: 'hm', content: 'Grüß Gott', tool_calls: [call] },
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    }),
  );
}

const TOOLS = [
  {
    type: 'function',
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];
const post = (gateway: Running, path: string, body: object): Promise<Response> =>
  gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });
const lastOf = (fake: FakeUpstream): readonly [path: string | undefined, body: Json] => [
  fake.requests.at(-1)?.path,
  JSON.parse(fake.requests.at(-1)?.body ?? '{}') as Json,
];

test('a client of Ollama’s chat is served, streamed or whole, with thoughts and calls', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startBefore(fake);
  const messages = [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Weather?', images: ['iVBORw0KGgo='] },
  ];
  const asked = {
    model: 'm',
    messages,
    tools: TOOLS,
    think: true,
    options: { temperature: 0.5, num_predict: 9, stop: ['x'] },
  };
  const whole = (await (await post(gateway, '/api/chat', { ...asked, stream: false })).json()) as Json;
  const message = {
    role: 'assistant',
    content: 'Grüß Gott',
    thinking: 'hm',
    tool_calls: [{ function: { name: 'weather', arguments: { city: 'Bern' } } }],
  };
  assert.partialDeepStrictEqual(whole, { model: 'm', message, done: true, prompt_eval_count: 3, eval_count: 2 });
  const [path, body] = lastOf(fake);
  assert.equal(path, '/v1/chat/completions');
  assert.partialDeepStrictEqual(body, {
    model: 'theirs',
    stream: false,
    tools: TOOLS,
    temperature: 0.5,
    max_tokens: 9,
    stop: ['x'],
    chat_template_kwargs: { enable_thinking: true },
  });
  assert.deepEqual((body['messages'] as readonly Json[])[1]?.['content'], [
    { type: 'text', text: 'Weather?' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
  ]);

  const text = await (await post(gateway, '/api/chat', asked)).text();
  const lines = text
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as { message: { content?: string; thinking?: string; tool_calls?: unknown }; done: boolean },
    );
  assert.equal(lines.map((line) => line.message.content ?? '').join(''), 'Grüß Gott');
  assert.equal(lines.map((line) => line.message.thinking ?? '').join(''), 'hm');
  assert.equal(lines.flatMap((line) => line.message.tool_calls ?? []).length, 1);
  assert.partialDeepStrictEqual(lines.at(-1), { done: true, prompt_eval_count: 3, eval_count: 2 });
});

test('a client of Ollama’s generate has its prompt put through the template, which only a chat does there, and raw it goes as it is', async () => {
  await using fake = await startFake(
    ({ path }, outgoing) =>
      void outgoing.end(
        JSON.stringify({
          choices: [
            path === '/v1/completions'
              ? { text: 'a time', finish_reason: 'stop' }
              : { message: { content: 'a time' }, finish_reason: 'stop' },
          ],
        }),
      ),
  );
  await using gateway = await startBefore(fake);
  const generate = async (more: object): Promise<unknown> =>
    (
      (await (
        await post(gateway, '/api/generate', { model: 'm', prompt: 'Once', stream: false, ...more })
      ).json()) as Json
    )['response'];
  assert.equal(await generate({ system: 'Be short.', format: 'json' }), 'a time');
  assert.partialDeepStrictEqual(lastOf(fake), [
    '/v1/chat/completions',
    {
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Once' },
      ],
      response_format: { type: 'json_schema' },
    },
  ]);
  assert.equal(await generate({ raw: true }), 'a time');
  assert.partialDeepStrictEqual(lastOf(fake), ['/v1/completions', { prompt: 'Once' }]);
});

test('what cannot stand beside a prompt that goes as it is is named', async () => {
  await using fake = await startFake(
    (_got, outgoing) => void outgoing.end(JSON.stringify({ choices: [{ text: 'a time', finish_reason: 'stop' }] })),
  );
  await using gateway = await startBefore(fake);
  const named = async (more: object): Promise<string | null> =>
    (await post(gateway, '/api/generate', { model: 'm', prompt: 'Once', stream: false, ...more })).headers.get(
      'x-hxllm-ignored-params',
    );
  assert.equal(await named({ raw: true, format: 'json', images: ['aGk='], think: 'low' }), 'format, images, think');
  assert.equal(await named({ suffix: 'end', system: 'Be short.', think: false }), 'system');
});

test('a client of Ollama’s embeddings gets its vectors', async () => {
  await using fake = await startFake(
    (_got, outgoing) =>
      void outgoing.end(
        JSON.stringify({
          data: [
            { index: 1, embedding: [0, 1] },
            { index: 0, embedding: [1, 0] },
          ],
          usage: { prompt_tokens: 2, total_tokens: 2 },
        }),
      ),
  );
  await using gateway = await startBefore(fake);
  assert.partialDeepStrictEqual(await (await post(gateway, '/api/embed', { model: 'm', input: ['a', 'b'] })).json(), {
    embeddings: [
      [1, 0],
      [0, 1],
    ],
  });
});

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

test('what such a server has no words for is named, also what its own clients are not told of', async () => {
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

test('what a server says that its model cannot do is left out of a second try and named, and left out at once from then on', async () => {
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
    // Who speaks its dialect is told what it says.
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
