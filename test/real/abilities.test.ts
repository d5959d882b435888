import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { errorOf, startGateway, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const TOOLS = Array.from({ length: 36 }, (_, index) => ({
  type: 'function',
  function: { name: `tool_${String(index)}`, parameters: { type: 'object', properties: {} } },
}));

describe('a real model that can only chat', () => {
  let server: RealServer;
  let gateway: Running;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama();
      gateway = await startGateway([], {
        model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/tiny-plain', api_base: server.url } }],
        hxllm: { backends: { [server.url]: { num_parallel: 2 } } },
      });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }

  test('is used without tools and reasoning, and the response names them', { skip }, async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const response = await gateway.chat({ tools: TOOLS, reasoning_effort: 'low', max_tokens: 4 });
      assert.equal(response.status, 200, await response.clone().text());
      assert.deepEqual((response.headers.get('x-hxllm-ignored-params') ?? '').split(', ').toSorted(), [
        'reasoning_effort',
        'tools',
      ]);
    }
  });

  test('refuses a forced tool call, an image and a suffix', { skip }, async () => {
    const content = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } }];
    assert.partialDeepStrictEqual(await errorOf(await gateway.chat({ tools: TOOLS, tool_choice: 'required' })), {
      code: 'tools_not_supported',
      param: 'tool_choice',
    });
    assert.partialDeepStrictEqual(await errorOf(await gateway.chat({ messages: [{ role: 'user', content }] })), {
      code: 'images_not_supported',
      param: 'messages',
    });
    const gap = await gateway.ask('/v1/completions', {
      method: 'POST',
      body: '{"model":"m","prompt":"a","suffix":"b"}',
    });
    assert.partialDeepStrictEqual(await errorOf(gap), { code: 'suffix_not_supported', param: 'suffix' });
  });

  test('continues a raw prompt and one in its template; the raw one has fewer tokens', { skip }, async () => {
    const complete = async (raw: boolean): Promise<number> => {
      const response = await gateway.ask('/v1/completions', {
        method: 'POST',
        body: JSON.stringify({ model: 'm', prompt: 'Once upon a time', max_tokens: 2, raw }),
      });
      return ((await response.json()) as { usage: { prompt_tokens: number } }).usage.prompt_tokens;
    };
    const [raw, templated] = [await complete(true), await complete(false)];
    assert.ok(raw > 0 && raw < templated, `${String(raw)} and ${String(templated)}`);
  });

  test(
    'ends an answer with length when the context is full, and refuses a prompt that does not fit',
    { skip },
    async () => {
      const schema = { type: 'array', items: { type: 'boolean' }, minItems: 1500 };
      const response = await gateway.chat({
        max_tokens: 10_000,
        response_format: { type: 'json_schema', json_schema: { name: 'truths', schema } },
      });
      const { choices, usage } = (await response.json()) as {
        choices: { finish_reason: string }[];
        usage: { total_tokens: number };
      };
      assert.equal(choices[0]?.finish_reason, 'length');
      assert.ok(usage.total_tokens > 256 && usage.total_tokens <= 513, String(usage.total_tokens));
      for (const content of ['word '.repeat(600), 'word '.repeat(6000)]) {
        const long = await gateway.chat({
          messages: [
            { role: 'system', content: 'x' },
            { role: 'user', content },
          ],
          max_tokens: 1,
        });
        assert.equal(long.status, 400);
        assert.equal((await errorOf(long)).code, 'context_length_exceeded');
      }
    },
  );

  test('keeps to a limit of 0 tokens and to stop sequences', { skip }, async () => {
    const silent = (await (await gateway.chat({ max_tokens: 0 })).json()) as { choices: object[] };
    assert.partialDeepStrictEqual(silent.choices, [{ message: { content: '' }, finish_reason: 'length' }]);
    const schema = { type: 'string', enum: ['yes and no'] };
    const cut = (await (
      await gateway.chat({
        max_tokens: 100,
        stop: [' and'],
        response_format: { type: 'json_schema', json_schema: { name: 's', schema } },
      })
    ).json()) as { choices: { message: { content: string }; finish_reason: string }[] };
    assert.deepEqual([cut.choices[0]?.message.content.trim(), cut.choices[0]?.finish_reason], ['"yes', 'stop']);
  });
});
