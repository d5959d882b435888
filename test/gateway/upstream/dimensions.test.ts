import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake, type Behaviour } from '../fake-upstream.ts';
import { errorOf, startGateway, type Running } from '../running.ts';

type Json = Readonly<Record<string, unknown>>;

const NATIVE = Array.from({ length: 8 }, (_, index) => index / 8);

/** A server that shortens vectors, as Ollama does, but cannot lengthen them; or that ignores `dimensions`, as llama.cpp does. */
function embeds(heeds: boolean, encoding: 'float' | 'base64' = 'float'): Behaviour {
  return ({ path, body }, outgoing) => {
    const { dimensions = NATIVE.length } = JSON.parse(body) as { dimensions?: number };
    const vector = heeds ? NATIVE.slice(0, dimensions) : NATIVE;
    const embedding = encoding === 'float' ? vector : Buffer.from(Float32Array.from(vector).buffer).toString('base64');
    if (path === '/embeddings') outgoing.end(JSON.stringify({ object: 'list', data: [{ index: 0, embedding }] }));
    else outgoing.end(JSON.stringify({ embeddings: [vector] }));
  };
}

const post = (gateway: Running, path: string, body: Json): Promise<Response> =>
  gateway.ask(path, { method: 'POST', body: JSON.stringify({ model: 'm', input: 'hi', ...body }) });

const ASKED: readonly (readonly [path: string, body: Json])[] = [
  ['/v1/embeddings', {}],
  ['/v1/embeddings', { encoding_format: 'base64' }],
  ['/api/embed', {}],
];

const before = (url: string, model: string, strict: boolean): object => ({
  model_list: [{ model_name: 'm', litellm_params: { model, api_base: url } }],
  hxllm: { strict },
});

test('dimensions that did not happen are named, those that did are not', async () => {
  for (const [model, encoding] of [
    ['ollama/m', 'float'],
    ['openai/m', 'float'],
    ['openai/m', 'base64'],
  ] as const) {
    await using fake = await startFake(embeds(true, encoding));
    await using gateway = await startGateway([], before(fake.url, model, false));
    for (const [path, body] of ASKED)
      for (const [dimensions, named] of [
        [undefined, null],
        [4, null],
        [8, null],
        [16, 'dimensions'],
      ] as const) {
        const response = await post(gateway, path, { ...body, dimensions });
        const text = await response.text();
        assert.deepEqual([response.status, response.headers.get('x-hxllm-ignored-params')], [200, named], text);
      }
    fake.behave(embeds(false, encoding));
    const response = await post(gateway, '/v1/embeddings', { dimensions: 4 });
    assert.equal(response.headers.get('x-hxllm-ignored-params'), 'dimensions');
  }
});

test('strict refuses them by name', async () => {
  for (const model of ['ollama/m', 'openai/m']) {
    await using fake = await startFake(embeds(true));
    await using gateway = await startGateway([], before(fake.url, model, true));
    for (const [path, body] of ASKED) {
      assert.equal((await post(gateway, path, { ...body, dimensions: 4 })).status, 200);
      const response = await post(gateway, path, { ...body, dimensions: 16 });
      assert.equal(response.status, 400);
      if (path === '/v1/embeddings')
        assert.partialDeepStrictEqual(await errorOf(response), { code: 'unsupported_parameter', param: 'dimensions' });
    }
    assert.equal(gateway.service().scheduler.inFlight, 0);
  }
});
