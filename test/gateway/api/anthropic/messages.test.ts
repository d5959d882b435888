import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startSim } from '../../../../src/sim/server.ts';

import { KEY, startGateway, until } from '../../running.ts';
import { messageOf, parseStream } from './events.ts';
import { post } from './client.ts';

test('a message is answered whole or as a stream, by either kind of key, also where the server speaks OpenAI', async (t) => {
  const sim = await startSim({ models: ['m'], loadMs: 1, tokenMs: 0 });
  t.after(() => sim.close());
  const entry = (model: string, api_base: string): object => ({
    model_name: model.split('/', 1)[0] === 'openai' ? 'o' : 'm',
    litellm_params: { model, api_base },
  });
  await using gateway = await startGateway([], {
    model_list: [entry('ollama_chat/m', sim.url), entry('openai/m', `${sim.url}/v1`)],
  });
  for (const model of ['m', 'o']) {
    const response = await post(gateway, { model });
    const message = (await response.json()) as {
      content: object[];
      usage: Record<string, number>;
      model: string;
      id: string;
    };
    assert.equal(response.headers.get('request-id'), response.headers.get('x-request-id'));
    assert.match(message.id, /^msg_[0-9a-f]{32}$/);
    assert.partialDeepStrictEqual(message, {
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text: 'one two three', citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
    });
    assert.ok((message.usage['input_tokens'] ?? 0) > 5 && (message.usage['output_tokens'] ?? 0) > 1);
    const streaming = await post(gateway, { model, stream: true }, '/v1/messages?beta=true', {
      authorization: `Bearer ${KEY}`,
    });
    assert.match(streaming.headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.equal(streaming.headers.get('request-id'), streaming.headers.get('x-request-id'));
    const streamed = messageOf(parseStream(await streaming.text()));
    assert.deepEqual(
      [streamed.content, streamed.usage['input_tokens']],
      [message.content, message.usage['input_tokens']],
    );
  }
});

test('the stop sequence that came is named, and servers are not told to stop at it; their counts, which do not come then, are told as likely', async (t) => {
  const sim = await startSim({ models: ['m'], loadMs: 1, tokenMs: 0 });
  t.after(() => sim.close());
  await using gateway = await startGateway([], {
    model_list: [
      { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: sim.url } },
      { model_name: 'o', litellm_params: { model: 'openai/m', api_base: `${sim.url}/v1` } },
    ],
  });
  for (const model of ['m', 'o']) {
    const counts = ((await (await post(gateway, { model })).json()) as { usage: { input_tokens: number } }).usage;
    const response = await post(gateway, { model, stop_sequences: ['zzz', ' two'] });
    const message = (await response.json()) as {
      content: { text: string }[];
      stop_reason: string;
      stop_sequence: string;
      usage: { input_tokens: number };
    };
    assert.deepEqual(
      [message.content[0]?.text, message.stop_reason, message.stop_sequence],
      ['one', 'stop_sequence', ' two'],
    );
    assert.equal(response.headers.get('x-hxllm-estimated'), 'true');
    assert.ok(Math.abs(message.usage.input_tokens - counts.input_tokens) <= 2, JSON.stringify([message.usage, counts]));
    const streamed = messageOf(
      parseStream(await (await post(gateway, { model, stream: true, stop_sequences: ['three'] })).text()),
    );
    assert.partialDeepStrictEqual(streamed.stop, { stop_reason: 'stop_sequence', stop_sequence: 'three' });
  }
  await until('nothing is in flight', () => sim.activity().busy === 0);
});

test('tools are called and thoughts are thought, in blocks of their own', async (t) => {
  const sim = await startSim({
    models: [{ name: 'm', capabilities: ['completion', 'tools', 'thinking'] }],
    loadMs: 1,
    tokenMs: 0,
  });
  t.after(() => sim.close());
  await using gateway = await startGateway([sim]);
  const tools = [
    {
      name: 'get_weather',
      input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ];
  const messages = [{ role: 'user', content: 'What is the weather?' }];
  const thinking = { type: 'enabled', budget_tokens: 1024 };
  const response = await post(gateway, { tools, messages, thinking, stream: true });
  const { content, stop } = messageOf(parseStream(await response.text()));
  assert.deepEqual([content.map(({ type }) => type), stop['stop_reason']], [['thinking', 'tool_use'], 'tool_use']);
  assert.equal(response.headers.get('x-hxllm-ignored-params'), 'thinking.budget_tokens');
  const [, used] = content;
  assert.match(String(used?.['id']), /^toolu_/);
  assert.match(JSON.stringify(used?.['input']), /^\{"city":"/);
  // The client sends the blocks back unchanged.
  const answered = await post(gateway, {
    tools,
    thinking,
    messages: [
      ...messages,
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: used?.['id'], content: 'sunny' }] },
    ],
  });
  assert.equal(answered.status, 200, await answered.clone().text());
  const forced = (await (await post(gateway, { tools, tool_choice: { type: 'any' }, max_tokens: 200 })).json()) as {
    content: { type: string }[];
  };
  assert.deepEqual(
    forced.content.map(({ type }) => type),
    ['tool_use'],
  );
});

test('a request of Claude Code is answered', async (t) => {
  const sim = await startSim({
    models: [{ name: 'm', capabilities: ['completion', 'tools', 'thinking'], numCtx: 32_768 }],
    loadMs: 1,
    tokenMs: 0,
  });
  t.after(() => sim.close());
  await using gateway = await startGateway([sim]);
  const { path, headers, body } = JSON.parse(
    readFileSync(new URL('fixtures/claude-code.json', import.meta.url), 'utf8'),
  ) as { path: string; headers: Record<string, string>; body: object };
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { ...headers, 'x-api-key': KEY },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
  const { content, stop, usage } = messageOf(parseStream(await response.text()));
  assert.deepEqual(
    [content.map(({ type }) => type), stop['stop_reason'], Number(usage['input_tokens']) > 100],
    [['thinking', 'text'], 'end_turn', true],
  );
});
