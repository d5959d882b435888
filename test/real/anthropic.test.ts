import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { messageOf, parseStream } from '../gateway/api/anthropic/events.ts';
import { KEY, startGateway, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();

describe('Anthropic’s messages in front of a real Ollama', () => {
  let server: RealServer;
  let gateway: Running;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama();
      const entry = (model_name: string, model: string, api_base: string): object => ({
        model_name,
        litellm_params: { model, api_base },
      });
      gateway = await startGateway([], {
        model_list: [
          entry('m', 'ollama_chat/tiny', server.url),
          entry('plain', 'ollama_chat/tiny-plain', server.url),
          entry('o', 'openai/tiny', `${server.url}/v1`),
        ],
      });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }

  const post = (path: string, body: object): Promise<Response> =>
    fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }], ...body }),
    });
  const messageFor = async (
    body: object,
  ): Promise<{
    content: { type: string; text: string }[];
    stop_reason: string;
    stop_sequence: string | null;
    usage: { input_tokens: number; output_tokens: number };
  }> => {
    const response = await post('/v1/messages', body);
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Awaited<ReturnType<typeof messageFor>>;
  };
  const count = async (body: object): Promise<number> =>
    ((await (await post('/v1/messages/count_tokens', body)).json()) as { input_tokens: number }).input_tokens;

  test('a count loads no model, and is near the real count', { skip }, async () => {
    const say = (words: number): object => ({
      system: 'be brief',
      messages: [{ role: 'user', content: 'the way of the world '.repeat(words) }],
      tools: [
        { name: 'f', description: 'does it', input_schema: { type: 'object', properties: { a: { type: 'string' } } } },
      ],
    });
    assert.ok((await count(say(4))) > 0);
    assert.deepEqual(await (await fetch(`${server.url}/api/ps`)).json(), { models: [] });
    for (const words of [1, 20, 8]) await messageFor({ max_tokens: 1, ...say(words) });
    for (const words of [3, 14]) {
      const [estimated, { usage }] = [await count(say(words)), await messageFor({ max_tokens: 1, ...say(words) })];
      assert.ok(
        Math.abs(estimated - usage.input_tokens) <= usage.input_tokens * 0.15,
        `${String(estimated)} and ${String(usage.input_tokens)}`,
      );
    }
  });

  test('a message is answered whole and as a stream, and stop_reason names its limit', { skip }, async () => {
    const whole = await messageFor({ max_tokens: 4, top_k: 1 });
    assert.deepEqual([whole.stop_reason, whole.usage.output_tokens], ['max_tokens', 4]);
    const streamed = messageOf(
      parseStream(await (await post('/v1/messages', { max_tokens: 4, top_k: 1, stream: true })).text()),
    );
    assert.deepEqual(
      [streamed.content[0]?.['text'], streamed.stop['stop_reason'], streamed.usage['input_tokens']],
      [whole.content[0]?.text, 'max_tokens', whole.usage.input_tokens],
    );
    assert.equal((await messageFor({ max_tokens: 0 })).stop_reason, 'max_tokens');
  });

  test('the stop sequence that was found is named, with both kinds of servers', { skip }, async () => {
    const format = { type: 'json_schema', schema: { type: 'string', enum: ['yes and no'] } };
    for (const model of ['m', 'o']) {
      const cut = await messageFor({
        model,
        max_tokens: 100,
        stop_sequences: ['maybe', ' and'],
        output_config: { format },
      });
      assert.deepEqual(
        [cut.content[0]?.text.trim(), cut.stop_reason, cut.stop_sequence],
        ['"yes', 'stop_sequence', ' and'],
      );
    }
  });

  test('a forced tool is called, and its result with an image is read', { skip }, async () => {
    const tools = [
      {
        name: 'pick',
        input_schema: {
          type: 'object',
          properties: { on: { type: 'boolean' } },
          required: ['on'],
          additionalProperties: false,
        },
      },
    ];
    const { content, stop_reason } = await messageFor({ max_tokens: 200, tools, tool_choice: { type: 'any' } });
    assert.deepEqual([content.map(({ type }) => type), stop_reason], [['tool_use'], 'tool_use']);
    const result = {
      type: 'tool_result',
      tool_use_id: 'toolu_1',
      is_error: true,
      content: [{ type: 'text', text: 'no' }],
    };
    const turns = [
      { role: 'user', content: 'hello' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'x' },
          { type: 'tool_use', id: 'toolu_1', name: 'pick', input: { on: true } },
        ],
      },
      { role: 'user', content: [result] },
    ];
    assert.ok((await messageFor({ max_tokens: 4, tools, messages: turns })).usage.input_tokens > 10);
    const blind = await post('/v1/messages', {
      max_tokens: 4,
      messages: [
        ...turns.slice(0, 2),
        {
          role: 'user',
          content: [
            {
              ...result,
              content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } }],
            },
          ],
        },
      ],
    });
    assert.equal(blind.status, 400);
    assert.match(await blind.text(), /cannot see images/);
  });

  test(
    'a full context is named, and a prompt that does not fit is refused with the text that clients search for',
    { skip },
    async () => {
      const schema = { type: 'array', items: { type: 'boolean' }, minItems: 1500 };
      const full = await messageFor({
        model: 'plain',
        max_tokens: 10_000,
        output_config: { format: { type: 'json_schema', schema } },
      });
      assert.equal(full.stop_reason, 'model_context_window_exceeded');
      const long = await post('/v1/messages', {
        model: 'plain',
        max_tokens: 1,
        messages: [{ role: 'user', content: 'word '.repeat(3000) }],
      });
      assert.equal(long.status, 400);
      assert.match(((await long.json()) as { error: { message: string } }).error.message, /^prompt is too long: /);
    },
  );

  test(
    'adaptive thinking is no requirement; enabled thinking is named as ignored without the capability',
    { skip },
    async () => {
      const ignored = async (body: object): Promise<string | null> =>
        (await post('/v1/messages', { max_tokens: 2, ...body })).headers.get('x-hxllm-ignored-params');
      assert.equal(await ignored({ thinking: { type: 'adaptive' } }), null);
      assert.equal(
        await ignored({ thinking: { type: 'enabled', budget_tokens: 1024 } }),
        'thinking.budget_tokens, thinking',
      );
    },
  );
});
