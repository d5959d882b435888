import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseEvents } from '../../sse.ts';
import { type Completion, startCompletions } from './completion-stage.ts';

const { fake, complete, whole, stop } = await startCompletions();
after(stop);

test('a prompt is gone on with, with and without /v1', async () => {
  for (const path of ['/v1/completions', '/completions']) {
    const response = await complete({}, path);
    assert.equal(response.status, 200);
    const body = (await response.json()) as Completion;
    assert.match(body.id, /^cmpl-[0-9a-f]{32}$/);
    assert.partialDeepStrictEqual(body, {
      object: 'text_completion',
      model: 'm',
      choices: [{ index: 0, text: ' upon Once', logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 },
    });
  }
});

test('the server is asked by its native API, and told to cut nothing in silence', async () => {
  await complete({ temperature: 0, seed: 3, stop: ['\n'], max_tokens: 9 });
  const got = fake.requests.at(-1);
  assert.equal(got?.path, '/api/generate');
  assert.deepEqual(JSON.parse(got.body), {
    model: 'm',
    prompt: 'Once',
    stream: true,
    truncate: false,
    shift: false,
    options: { temperature: 0, seed: 3, stop: ['\n'], num_predict: 9 },
  });
  await complete({ suffix: 'end', raw: true });
  assert.partialDeepStrictEqual(JSON.parse(fake.requests.at(-1)?.body ?? ''), { suffix: 'end', raw: true });
});

test('several prompts are answered in their order, n choices each, and every prompt counts once', async () => {
  const { choices, usage } = await whole({ prompt: ['a', 'b'], n: 2 });
  assert.deepEqual(
    choices.map(({ index, text }) => [index, text]),
    [
      [0, ' upon a'],
      [1, ' upon a'],
      [2, ' upon b'],
      [3, ' upon b'],
    ],
  );
  assert.deepEqual(usage, { prompt_tokens: 8, completion_tokens: 8, total_tokens: 16 });
});

test('more prompts than are served at once are all answered', async () => {
  const prompt = Array.from({ length: 21 }, (_, index) => `p${String(index)}`);
  const { choices } = await whole({ prompt });
  assert.deepEqual(
    choices.map(({ text }) => text),
    prompt.map((one) => ` upon ${one}`),
  );
});

test('echo repeats the prompt before the answer, also where it is streamed', async () => {
  assert.equal((await whole({ echo: true })).choices[0]?.text, 'Once upon Once');
  const chunks = parseEvents(await (await complete({ prompt: ['a', 'b'], echo: true, stream: true })).text()).slice(
    0,
    -1,
  ) as readonly Completion[];
  for (const [index, prompt] of ['a', 'b'].entries()) {
    const texts = chunks
      .flatMap(({ choices }) => choices)
      .filter((choice) => choice.index === index)
      .map(({ text }) => text);
    assert.deepEqual(texts, [prompt, ' upon', ` ${prompt}`, '']);
  }
});

test('a stream has chunks of text, one reason, the usage where it was asked for, and [DONE]', async () => {
  const response = await complete({ stream: true, stream_options: { include_usage: true } });
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const events = parseEvents(await response.text());
  assert.equal(events.at(-1), '[DONE]');
  const chunks = events.slice(0, -1) as readonly Completion[];
  assert.deepEqual(
    chunks.flatMap(({ choices }) => choices.map(({ text, finish_reason: reason }) => [text, reason])),
    [
      [' upon', null],
      [' Once', null],
      ['', 'stop'],
    ],
  );
  assert.deepEqual(
    chunks.map(({ usage }) => usage),
    [null, null, null, { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 }],
  );
  assert.equal(new Set(chunks.map(({ id, object }) => `${id} ${object}`)).size, 1);
});
