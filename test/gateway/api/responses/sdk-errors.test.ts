import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import OpenAI from 'openai';

import { until } from '../../running.ts';
import { startSdkStage } from './sdk-stage.ts';

const { sim, gateway, client, stop } = await startSdkStage();
after(stop);

test('probabilities are there where they are asked for', async () => {
  const { output } = await client.responses.create({
    model: 'phi',
    input: 'hi',
    include: ['message.output_text.logprobs'],
    top_logprobs: 2,
    max_output_tokens: 3,
  });
  assert.ok(output[0]?.type === 'message' && output[0].content[0]?.type === 'output_text');
  const { logprobs = [] } = output[0].content[0];
  assert.ok(
    logprobs.length > 0 && logprobs.every(({ logprob, top_logprobs: top }) => logprob <= 0 && top.length === 2),
  );
});

test('the tokens of a request are counted without answering it', async () => {
  const count = async (input: string): Promise<number> =>
    (await client.responses.inputTokens.count({ model: 'phi', instructions: 'Be short.', input })).input_tokens;
  const short = await count('hi');
  const { usage } = await client.responses.create({
    model: 'phi',
    instructions: 'Be short.',
    input: 'hi',
    max_output_tokens: 1,
  });
  assert.ok(short > 0 && (await count('hi '.repeat(200))) > short + 100);
  assert.ok(Math.abs((await count('hi')) - (usage?.input_tokens ?? 0)) <= 3, 'close to what it turns out to be');
});

test('errors are read as what they are', async () => {
  const create = (more: object): Promise<unknown> => client.responses.create({ model: 'phi', input: 'hi', ...more });
  await assert.rejects(
    create({ previous_response_id: 'resp_1' }),
    (error) =>
      error instanceof OpenAI.BadRequestError &&
      error.param === 'previous_response_id' &&
      /stores no responses/.test(error.message),
  );
  await assert.rejects(create({ model: 'gpt-4' }), { status: 404, code: 'model_not_found' });
  await assert.rejects(client.responses.retrieve('resp_1'), OpenAI.NotFoundError);
  const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-somebody-elses-key-000', maxRetries: 0 });
  await assert.rejects(stranger.responses.create({ model: 'phi', input: 'hi' }), {
    status: 401,
    code: 'invalid_api_key',
  });
});

test('a stream whose server dies throws, by either way of the SDK', async () => {
  // The request first loads the model, so that the fault interrupts the response and not the load after a crash.
  const dies = async (): Promise<void> => {
    await client.responses.create({ model: 'phi', input: 'hi', max_output_tokens: 1 });
    sim.faults.add({ kind: 'die', after: 3 });
  };
  await dies();
  const stream = await client.responses.create({ model: 'phi', input: 'Tell me a story', stream: true });
  await assert.rejects(async () => {
    for await (const event of stream) assert.notEqual(event.type, 'response.completed');
  }, OpenAI.APIError);
  await dies();
  await assert.rejects(
    client.responses.stream({ model: 'phi', input: 'Tell me a story' }).finalResponse(),
    OpenAI.OpenAIError,
  );
  sim.faults.clear();
});

test('an abort reaches the server', async () => {
  sim.faults.add({ kind: 'stall', after: 1, ms: 60_000 });
  const stream = await client.responses.create({ model: 'phi', input: 'hi', stream: true });
  await until('the server is busy', () => sim.activity().busy > 0);
  stream.controller.abort();
  await until('it is not', () => sim.activity().busy === 0);
  await until('the place is given back', () => gateway.service().scheduler.inFlight === 0);
  sim.faults.clear();
});
