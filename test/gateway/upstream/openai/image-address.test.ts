import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake, type FakeUpstream } from '../../fake-upstream.ts';
import { startGateway } from '../../running.ts';
import { answers, lastOf, post, startBefore, type Json } from './dialect-stage.ts';

const ADDRESS = 'https://example.org/a.png?x=1';

/** Requests with the address of an image, and the field that has it. */
const REQUESTS: readonly (readonly [path: string, body: Json, field: string])[] = [
  [
    '/v1/responses',
    {
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'Before' },
            { type: 'input_image', image_url: ADDRESS, detail: 'auto' },
            { type: 'input_text', text: 'After' },
          ],
        },
      ],
    },
    'input[0].content[1].image_url',
  ],
  [
    '/v1/responses',
    {
      input: [
        { role: 'user', content: 'Look.' },
        { type: 'function_call', call_id: 'c', name: 'weather', arguments: '{}' },
        {
          type: 'function_call_output',
          call_id: 'c',
          output: [
            { type: 'input_text', text: 'Before' },
            { type: 'input_image', image_url: ADDRESS },
            { type: 'input_text', text: 'After' },
          ],
        },
      ],
    },
    'input[2].output[1].image_url',
  ],
  [
    '/v1/messages',
    {
      max_tokens: 9,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Before' },
            { type: 'image', source: { type: 'url', url: ADDRESS } },
            { type: 'text', text: 'After' },
          ],
        },
      ],
    },
    'messages.0.content.1.source',
  ],
  [
    '/v1/messages',
    {
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'Look.' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'weather', input: {} }] },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'c',
              content: [
                { type: 'text', text: 'Before' },
                { type: 'image', source: { type: 'url', url: ADDRESS } },
                { type: 'text', text: 'After' },
              ],
            },
          ],
        },
      ],
    },
    'messages.2.content.0.content.1.source',
  ],
];

const entry = (model: string, { url }: FakeUpstream): Json => ({
  model_name: 'm',
  litellm_params: { model, api_base: url },
});

test('an openai/ server gets the address of an image from the clients of every API, in its place', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startBefore(fake);
  for (const [path, body] of REQUESTS)
    for (const stream of [false, true]) {
      const response = await post(gateway, path, { model: 'm', ...body, stream });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      assert.match(text, /Grüß Gott|Grüß /);
      assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
      const [, sent] = lastOf(fake);
      assert.deepEqual((sent['messages'] as readonly Json[]).at(-1)?.['content'], [
        { type: 'text', text: 'Before' },
        { type: 'image_url', image_url: { url: ADDRESS } },
        { type: 'text', text: 'After' },
      ]);
    }
  const counted = await post(gateway, '/v1/messages/count_tokens', { model: 'm', ...REQUESTS[2]?.[1] });
  assert.equal(counted.status, 200, await counted.text());
});

test('a parameter that a translated request loses is named all the same', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startBefore(fake);
  const response = await post(gateway, '/v1/responses', { model: 'm', ...REQUESTS[0]?.[1], store: true });
  assert.equal(response.status, 200, await response.text());
  assert.equal(response.headers.get('x-hxllm-ignored-params'), 'store');
});

test('of an alias with both kinds of servers, the openai/ server gets it; Ollama alone refuses it by the field', async () => {
  await using native = await startFake();
  await using other = await startFake(answers);
  await using mixed = await startGateway([], {
    model_list: [entry('ollama_chat/m', native), entry('openai/m', other)],
  });
  await using alone = await startGateway([native]);
  for (const [path, body, field] of REQUESTS) {
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await post(mixed, path, { model: 'm', ...body });
      assert.equal(response.status, 200, await response.text());
    }
    const refused = await post(alone, path, { model: 'm', ...body });
    const text = await refused.text();
    assert.equal(refused.status, 400, text);
    assert.ok(text.includes(field) && text.includes('fetches no images'), text);
  }
  assert.equal(other.requests.length, 3 * REQUESTS.length);
  assert.equal(native.requests.length, 0);
});

test('an address of another kind is refused for every server', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startBefore(fake);
  for (const url of ['file:///etc/passwd', 'ftp://x/y.png', 'data:image/svg+xml,<svg/>', 'aGk=', '', 7]) {
    const input = [{ role: 'user', content: [{ type: 'input_image', image_url: url }] }];
    assert.equal((await post(gateway, '/v1/responses', { model: 'm', input })).status, 400, String(url));
    const messages = [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url } }] }];
    assert.equal(
      (await post(gateway, '/v1/messages', { model: 'm', max_tokens: 9, messages })).status,
      400,
      String(url),
    );
  }
  assert.equal(fake.requests.length, 0);
});
