import assert from 'node:assert/strict';

import { test } from 'node:test';
import { startFake } from '../../fake-upstream.ts';

import { type Json, startBefore, answers, TOOLS, post, lastOf } from './dialect-stage.ts';

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
    { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    { type: 'text', text: 'Weather?' },
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

test('parameters that have no effect on a raw prompt are named', async () => {
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
