import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';
import { KEY, startGateway, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 30_000 };
const CONTEXT = 256;

describe('responses in front of a real Ollama, through its native API and its OpenAI API', () => {
  let server: RealServer;
  let gateway: Running;
  let client: OpenAI;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama();
      const model_list = [
        { model_name: 'native', litellm_params: { model: 'ollama_chat/tiny', api_base: server.url, num_ctx: CONTEXT } },
        { model_name: 'openai', litellm_params: { model: 'openai/tiny', api_base: `${server.url}/v1` } },
      ];
      gateway = await startGateway([], { model_list });
      client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0 });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }

  for (const model of ['native', 'openai']) {
    test(`${model}: a text, cut off at its limit, whole and streamed`, LIMITS, async () => {
      const asked = {
        model,
        input: 'Say something.',
        instructions: 'Be short.',
        max_output_tokens: 8,
        seed: 3,
        temperature: 0,
      };
      const whole = await client.responses.create(asked);
      assert.deepEqual(
        [whole.status, whole.incomplete_details, whole.usage?.output_tokens],
        ['incomplete', { reason: 'max_output_tokens' }, 8],
      );
      assert.ok((whole.usage?.input_tokens ?? 0) > 0 && whole.output_text.length > 0);
      const streamed = await client.responses.stream(asked).finalResponse();
      assert.deepEqual(
        [streamed.status, streamed.output_text, streamed.usage],
        [whole.status, whole.output_text, whole.usage],
      );
    });

    test(`${model}: JSON by a schema`, LIMITS, async () => {
      const schema = {
        type: 'object',
        properties: { sunny: { type: 'boolean' } },
        required: ['sunny'],
        additionalProperties: false,
      };
      const { status, output_text: text } = await client.responses.create({
        model,
        input: 'Is it sunny?',
        temperature: 0,
        max_output_tokens: 60,
        text: { format: { type: 'json_schema', name: 'weather', schema, strict: true } },
      });
      assert.deepEqual([status, typeof (JSON.parse(text) as { sunny: unknown }).sunny], ['completed', 'boolean']);
    });
  }

  test('any JSON', LIMITS, async () => {
    const { status, output_text: text } = await client.responses.create({
      model: 'native',
      input: 'JSON, please.',
      max_output_tokens: 40,
      temperature: 0,
      text: { format: { type: 'json_object' } },
    });
    if (status === 'completed') JSON.parse(text);
    assert.match(text, /^\s*\{/);
  });

  test('a forced tool call is made', LIMITS, async () => {
    const tools = [
      {
        type: 'function' as const,
        name: 'lamp',
        strict: true,
        parameters: {
          type: 'object',
          properties: { on: { type: 'boolean' } },
          required: ['on'],
          additionalProperties: false,
        },
      },
    ];
    const { output } = await client.responses.create({
      model: 'native',
      input: 'Light!',
      tools,
      tool_choice: 'required',
      temperature: 0,
      max_output_tokens: 100,
    });
    const call = output.find((item) => item.type === 'function_call');
    assert.ok(call?.name === 'lamp');
    assert.equal(typeof (JSON.parse(call.arguments) as { on: unknown }).on, 'boolean');
  });

  test('a prompt that is too long is refused, not cut', LIMITS, async () => {
    const create = (stream: boolean): Promise<unknown> =>
      client.responses.create({ model: 'native', input: 'word '.repeat(2 * CONTEXT), stream });
    for (const stream of [false, true])
      await assert.rejects(create(stream), { status: 400, code: 'context_length_exceeded', param: 'input' });
  });
});
