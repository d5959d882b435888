import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { startSim, type Sim } from '../../../../src/sim/server.ts';
import { KEY, startGateway, until, type Running } from '../../running.ts';

let sims: readonly Sim[];
let gateway: Running;
let client: OpenAI;
const messages = [{ role: 'user' as const, content: 'Tell me a story' }];

before(async () => {
  const models = [{ name: 'phi3:mini' }, { name: 'nomic-embed-text:latest' }];
  sims = [
    await startSim({ models, loadMs: 20, tokenMs: 1, numParallel: 2 }),
    await startSim({ models, loadMs: 20, tokenMs: 1, numParallel: 2 }),
  ];
  const entries = sims.flatMap(({ url }) => [
    { model_name: 'phi', litellm_params: { model: 'ollama_chat/phi3:mini', api_base: url } },
    {
      model_name: 'embed',
      litellm_params: { model: 'ollama/nomic-embed-text', api_base: url },
      model_info: { mode: 'embedding' },
    },
    { model_name: 'pass', litellm_params: { model: 'openai/phi3:mini', api_base: `${url}/v1` } },
    { model_name: 'gone', litellm_params: { model: 'ollama_chat/gone', api_base: url } },
  ]);
  gateway = await startGateway([], { model_list: entries });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all(sims.map((sim) => sim.close()));
});

for (const model of ['phi', 'pass']) {
  test(`${model}: a chat in one piece and the same chat streamed say the same`, async () => {
    const whole = await client.chat.completions.create({ model, messages, seed: 1 });
    const [choice] = whole.choices;
    assert.deepEqual(
      [whole.object, whole.model, choice?.message.role, choice?.finish_reason],
      ['chat.completion', model, 'assistant', 'stop'],
    );
    assert.ok((choice?.message.content?.length ?? 0) > 0);
    const stream = await client.chat.completions.create({
      model,
      messages,
      seed: 1,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const ids = new Set<string>();
    const reasons: string[] = [];
    let usage: unknown;
    for await (const chunk of stream) {
      ids.add(`${chunk.id} ${String(chunk.created)} ${chunk.model}`);
      text += chunk.choices[0]?.delta.content ?? '';
      reasons.push(...chunk.choices.map((one) => one.finish_reason).filter((reason) => reason !== null));
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, choice?.message.content);
    assert.deepEqual([ids.size, reasons, usage], [1, ['stop'], whole.usage]);
    assert.match(whole._request_id ?? '', /^req_/);
  });
}

test('a limit ends an answer with length, by either name', async () => {
  for (const limit of [{ max_tokens: 2 }, { max_completion_tokens: 2 }]) {
    const { choices, usage } = await client.chat.completions.create({ model: 'phi', messages, ...limit });
    assert.deepEqual([choices[0]?.finish_reason, usage?.completion_tokens], ['length', 2]);
  }
  const { choices } = await client.chat.completions.create({ model: 'phi', messages, max_tokens: 0 });
  assert.deepEqual([choices[0]?.finish_reason, choices[0]?.message.content], ['length', '']);
});

test('models are listed and found', async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.deepEqual(ids, ['phi', 'embed', 'pass', 'gone']);
  assert.equal((await client.models.retrieve('phi')).id, 'phi');
  await assert.rejects(client.models.retrieve('nope'), OpenAI.NotFoundError);
});

test('embeddings come one for each text, in either encoding', async () => {
  const input = ['one', 'two', 'three'];
  const packed = await client.embeddings.create({ model: 'embed', input });
  const plain = await client.embeddings.create({ model: 'embed', input, encoding_format: 'float' });
  assert.deepEqual(
    packed.data.map(({ index }) => index),
    [0, 1, 2],
  );
  assert.ok(packed.usage.prompt_tokens > 0);
  for (const [index, { embedding }] of plain.data.entries()) {
    assert.ok(embedding.length > 0);
    for (const [at, value] of embedding.entries())
      assert.ok(Math.abs(value - (packed.data[index]?.embedding[at] ?? NaN)) < 1e-6);
  }
});

test('errors are read as what they are', async () => {
  const chat = (model: string, more: object = {}): Promise<unknown> =>
    client.chat.completions.create({ model, messages, ...more });
  await assert.rejects(chat('gpt-4'), { status: 404, code: 'model_not_found', type: 'invalid_request_error' });
  await assert.rejects(chat('gone'), { status: 404, code: 'model_not_found' });
  await assert.rejects(
    chat('phi', { temperature: 9 }),
    (error) =>
      error instanceof OpenAI.BadRequestError &&
      error.param === 'temperature' &&
      error.requestID?.startsWith('req_') === true,
  );
  const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-somebody-elses-key-000', maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});

test('a stream whose server dies throws the error of the frame', async () => {
  for (const sim of sims) sim.faults.add({ kind: 'die', after: 3 });
  const stream = await client.chat.completions.create({ model: 'phi', messages, stream: true });
  await assert.rejects(async () => {
    for await (const chunk of stream) assert.ok(chunk.choices.length > 0);
  }, OpenAI.APIError);
  for (const sim of sims) sim.faults.clear();
});

test('an abort reaches the server', async () => {
  for (const sim of sims) sim.faults.add({ kind: 'stall', after: 1, ms: 60_000 });
  const stream = await client.chat.completions.create({ model: 'phi', messages, stream: true });
  await until('a server is busy', () => sims.some((sim) => sim.activity().busy > 0));
  stream.controller.abort();
  await until('none is busy', () => sims.every((sim) => sim.activity().busy === 0));
  await until('the place is given back', () => gateway.service().scheduler.inFlight === 0);
  for (const sim of sims) sim.faults.clear();
});

test('servers that have the model in memory are used evenly', async () => {
  const ask = async (maxTokens = 1): Promise<string> =>
    (
      await client.chat.completions.create({ model: 'phi', messages, max_tokens: maxTokens }).withResponse()
    ).response.headers.get('x-hxllm-backend') ?? '';
  // A request that waits longer than a load takes makes the gateway load the model on another server.
  for (
    let turn = 0;
    turn < 20 && new Set(await Promise.all(Array.from({ length: 12 }, () => ask(20)))).size < 2;
    turn += 1
  );
  const counts = new Map<string, number>();
  for (let turn = 0; turn < 8; turn += 1) {
    const backend = await ask();
    counts.set(backend, (counts.get(backend) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].toSorted(), sims.map(({ url }) => url).toSorted());
  assert.deepEqual([...counts.values()], [4, 4]);
});
