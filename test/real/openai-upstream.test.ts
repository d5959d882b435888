import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startGateway, until, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 30_000 };

type Json = Readonly<Record<string, unknown>>;

/** One question in each dialect, with a token limit, and how to read its response, whole and streamed. */
interface Dialect {
  readonly path: string;
  readonly body: (model: string, tokens: number) => object;
  readonly text: (whole: Json) => string;
  /** The text that one event of a stream adds. */
  readonly piece: (event: Json) => string;
  readonly tokens: (whole: Json) => readonly unknown[];
}

// Its defaults for open parameters differ, so every parameter is set.
const SAID = [{ role: 'user', content: 'Say something.' }];
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const at = (value: unknown, ...steps: readonly (string | number)[]): unknown =>
  steps.reduce(
    (within: unknown, step) => (within as Readonly<Record<string | number, unknown>> | undefined)?.[step],
    value,
  ); // a missing field is undefined

const DIALECTS: Readonly<Record<string, Dialect>> = {
  'OpenAI’s chat': {
    path: '/v1/chat/completions',
    body: (model, tokens) => ({ model, messages: SAID, max_tokens: tokens, temperature: 0 }),
    text: (whole) => textOf(at(whole, 'choices', 0, 'message', 'content')),
    piece: (event) => textOf(at(event, 'choices', 0, 'delta', 'content')),
    tokens: (whole) => [at(whole, 'usage', 'prompt_tokens'), at(whole, 'usage', 'completion_tokens')],
  },
  'OpenAI’s responses': {
    path: '/v1/responses',
    body: (model, tokens) => ({ model, input: SAID, max_output_tokens: tokens, temperature: 0 }),
    text: (whole) => textOf(at(whole, 'output', 0, 'content', 0, 'text')),
    piece: (event) => (event['type'] === 'response.output_text.delta' ? textOf(event['delta']) : ''),
    tokens: (whole) => [at(whole, 'usage', 'input_tokens'), at(whole, 'usage', 'output_tokens')],
  },
  'Anthropic’s messages': {
    path: '/v1/messages',
    body: (model, tokens) => ({ model, messages: SAID, max_tokens: tokens, temperature: 0 }),
    text: (whole) => textOf(at(whole, 'content', 0, 'text')),
    piece: (event) => textOf(at(event, 'delta', 'text')),
    tokens: (whole) => [at(whole, 'usage', 'input_tokens'), at(whole, 'usage', 'output_tokens')],
  },
  'Ollama’s chat': {
    path: '/api/chat',
    body: (model, tokens) => ({ model, messages: SAID, options: { num_predict: tokens, temperature: 0 } }),
    text: (whole) => textOf(at(whole, 'message', 'content')),
    piece: (event) => textOf(at(event, 'message', 'content')),
    tokens: (whole) => [whole['prompt_eval_count'], whole['eval_count']],
  },
};

describe('a real Ollama as a server with only OpenAI’s API', () => {
  let server: RealServer;
  let gateway: Running;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama();
      const models = { v1: 'openai/tiny', plain: 'openai/tiny-plain', native: 'ollama_chat/tiny' };
      gateway = await startGateway([], {
        model_list: Object.entries(models).map(([model_name, model]) => ({
          model_name,
          litellm_params: { model, api_base: model.startsWith('openai') ? `${server.url}/v1` : server.url },
        })),
      });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }
  const post = (path: string, body: object): Promise<Response> =>
    gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });

  for (const [name, { path, body, text, piece, tokens }] of Object.entries(DIALECTS)) {
    test(`${name}: an answer is the same, whole and streamed, as from its native API`, LIMITS, async () => {
      const whole = async (model: string): Promise<Json> => {
        const response = await post(path, { ...body(model, 12), stream: false });
        assert.equal(response.status, 200, await response.clone().text());
        return (await response.json()) as Json; // each dialect's own object, read by its steps
      };
      const [passed, native] = [await whole('v1'), await whole('native')];
      assert.ok(text(passed).length > 0);
      assert.equal(text(passed), text(native));
      assert.deepEqual(tokens(passed), tokens(native));
      assert.ok(
        tokens(passed).every((count) => typeof count === 'number' && count > 0),
        JSON.stringify(tokens(passed)),
      );
      const streamed = await (await post(path, { ...body('v1', 12), stream: true })).text();
      const events = streamed
        .split('\n')
        .map((line) => line.replace(/^data: /, ''))
        .filter((line) => line.startsWith('{'));
      assert.equal(events.map((event) => piece(JSON.parse(event) as Json)).join(''), text(passed));
    });
  }

  test('JSON by a schema is answered in every dialect', LIMITS, async () => {
    const schema = {
      type: 'object',
      properties: { yes: { type: 'boolean' } },
      required: ['yes'],
      additionalProperties: false,
    };
    const [ollama, responses] = [DIALECTS['Ollama’s chat'], DIALECTS['OpenAI’s responses']];
    const native = (await (
      await post('/api/chat', { model: 'v1', messages: SAID, format: schema, stream: false })
    ).json()) as Json;
    const response = (await (
      await post('/v1/responses', {
        model: 'v1',
        input: 'Say yes.',
        text: { format: { type: 'json_schema', name: 's', schema } },
      })
    ).json()) as Json;
    for (const said of [ollama?.text(native), responses?.text(response)])
      assert.equal(typeof at(JSON.parse(said ?? ''), 'yes'), 'boolean', said);
  });

  test('tools are left out and named for a model without tools', LIMITS, async () => {
    const tools = [
      { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object', properties: {} } } },
    ];
    const response = await post('/api/chat', {
      model: 'plain',
      messages: SAID,
      tools,
      stream: false,
      options: { num_predict: 4 },
    });
    assert.deepEqual(
      [response.status, response.headers.get('x-hxllm-ignored-params')],
      [200, 'tools'],
      await response.text(),
    );
  });

  test('completions, through the template and raw, and embeddings', LIMITS, async () => {
    // Random noise may hold nothing that can be shown; the likeliest text is always the same.
    const generate = async (model: string, raw: boolean): Promise<Json> =>
      (await (
        await post('/api/generate', {
          model,
          prompt: 'Once',
          raw,
          stream: false,
          options: { num_predict: 12, temperature: 0 },
        })
      ).json()) as Json;
    for (const raw of [false, true]) {
      const generated = await generate('v1', raw);
      assert.ok(textOf(generated['response']).length > 0 && generated['done'] === true, JSON.stringify(generated));
    }
    assert.equal((await generate('v1', false))['response'], (await generate('native', false))['response']);
    const vectors = async (model: string): Promise<unknown> =>
      at(await (await post('/api/embed', { model, input: ['a', 'bee'] })).json(), 'embeddings');
    assert.deepEqual(await vectors('v1'), await vectors('native'));
  });

  test('a client that leaves a stream is cancelled on the server too', LIMITS, async () => {
    const leaving = new AbortController();
    const response = await gateway.ask('/api/chat', {
      method: 'POST',
      body: JSON.stringify({
        model: 'v1',
        messages: SAID,
        options: { num_predict: 100_000 },
        format: { type: 'array', items: { type: 'boolean' }, minItems: 1500 },
      }),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    await until('nothing is in flight', () => gateway.service().scheduler.inFlight === 0);
  });
});
