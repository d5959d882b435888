import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { errorOf, startGateway, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const TOOLS = Array.from({ length: 36 }, (_, index) => ({ type: 'function', function: { name: `tool_${String(index)}`, parameters: { type: 'object', properties: {} } } }));

describe('a real model that only talks', () => {
  let server: RealServer;
  let gateway: Running;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama();
      gateway = await startGateway([], { model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/tiny-plain', api_base: server.url } }], hxllm: { backends: { [server.url]: { num_parallel: 2 } } } });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }

  test('is served without tools and reasoning, and the reply names them', { skip }, async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const response = await gateway.chat({ tools: TOOLS, reasoning_effort: 'low', max_tokens: 4 });
      assert.equal(response.status, 200, await response.clone().text());
      assert.deepEqual((response.headers.get('x-hxllm-ignored-params') ?? '').split(', ').toSorted(), ['reasoning_effort', 'tools']);
    }
  });

  test('is not made to call a tool, nor to see, nor to fill a gap', { skip }, async () => {
    const content = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } }];
    assert.partialDeepStrictEqual(await errorOf(await gateway.chat({ tools: TOOLS, tool_choice: 'required' })), { code: 'tools_not_supported', param: 'tool_choice' });
    assert.partialDeepStrictEqual(await errorOf(await gateway.chat({ messages: [{ role: 'user', content }] })), { code: 'images_not_supported', param: 'messages' });
    const gap = await gateway.ask('/v1/completions', { method: 'POST', body: '{"model":"m","prompt":"a","suffix":"b"}' });
    assert.partialDeepStrictEqual(await errorOf(gap), { code: 'suffix_not_supported', param: 'suffix' });
  });

  test('goes on with a raw prompt, and with one in its template, of which the raw one is the shorter', { skip }, async () => {
    const complete = async (raw: boolean): Promise<number> => {
      const response = await gateway.ask('/v1/completions', { method: 'POST', body: JSON.stringify({ model: 'm', prompt: 'Once upon a time', max_tokens: 2, raw }) });
      return ((await response.json()) as { usage: { prompt_tokens: number } }).usage.prompt_tokens;
    };
    const [raw, templated] = [await complete(true), await complete(false)];
    assert.ok(raw > 0 && raw < templated, `${String(raw)} and ${String(templated)}`);
  });
});
