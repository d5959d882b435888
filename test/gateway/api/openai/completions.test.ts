import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFake, type FakeUpstream } from '../../fake-upstream.ts';
import { errorOf, startGateway, type Running } from '../../running.ts';
import { parseEvents } from '../../sse.ts';

interface Completion {
  readonly id: string;
  readonly object: string;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly text: string;
    readonly logprobs: object | null;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object | null;
}

interface Sent {
  readonly prompt: string;
  readonly [field: string]: unknown;
}

const line = (response: string, more: object = {}): string =>
  `${JSON.stringify({ model: 'm', response, done: false, ...more })}\n`;
const DONE = line('', { done: true, done_reason: 'stop', prompt_eval_count: 4, eval_count: 2 });

let fake: FakeUpstream;
let gateway: Running;

before(async () => {
  fake = await startFake((got, outgoing) => {
    const { prompt, logprobs } = JSON.parse(got.body) as Sent;
    if (prompt === undefined || prompt === '') outgoing.end(line('', { done: true, done_reason: 'load' }));
    else if (prompt === 'too long')
      outgoing.writeHead(400).end('{"error":"the input length exceeds the context length"}');
    else if (prompt === 'no insert')
      outgoing.writeHead(400).end('{"error":"registry.ollama.ai/library/m:latest does not support insert"}');
    else {
      const token = (text: string): object =>
        logprobs === true
          ? { logprobs: [{ token: text, logprob: -0.5, bytes: [1], top_logprobs: [{ token: 'x', logprob: -2 }] }] }
          : {};
      outgoing.end(line(' upon', token(' upon')) + line(` ${prompt}`, token(` ${prompt}`)) + DONE);
    }
  });
  gateway = await startGateway([fake], { hxllm: { backends: { [fake.url]: { num_parallel: 8 } } } });
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
});

const complete = (body: object, path = '/v1/completions'): Promise<Response> =>
  gateway.ask(path, { method: 'POST', body: JSON.stringify({ model: 'm', prompt: 'Once', ...body }) });
const whole = async (body: object): Promise<Completion> => (await (await complete(body)).json()) as Completion;

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

test('log probabilities come as four lists, with the place of every token', async () => {
  assert.deepEqual((await whole({ logprobs: 1 })).choices[0]?.logprobs, {
    tokens: [' upon', ' Once'],
    token_logprobs: [-0.5, -0.5],
    top_logprobs: [
      { x: -2, ' upon': -0.5 },
      { x: -2, ' Once': -0.5 },
    ],
    text_offset: [0, 5],
  });
  const chunks = parseEvents(await (await complete({ logprobs: 1, stream: true })).text()).slice(
    0,
    -1,
  ) as readonly Completion[];
  assert.partialDeepStrictEqual(chunks[1]?.choices[0], {
    text: ' Once',
    logprobs: { tokens: [' Once'], text_offset: [5] },
  });
});

test('of the best n are the likeliest, likeliest first, and nothing is told of what they were chosen by', async () => {
  let asked = 0;
  await using ranked = await startFake((got, outgoing) => {
    const { prompt } = JSON.parse(got.body) as Sent;
    if (prompt === undefined) {
      outgoing.end(line('', { done: true, done_reason: 'load' }));
      return;
    }
    const logprob = [-3, -0.1, -2, -1][asked % 4];
    asked += 1;
    outgoing.end(line(String(logprob), { logprobs: [{ token: 'x', logprob }] }) + DONE);
  });
  await using own = await startGateway([ranked]);
  const response = await own.ask('/v1/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'm', prompt: 'Once', n: 2, best_of: 4, seed: 1 }),
  });
  assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
  const { choices, usage } = (await response.json()) as Completion;
  assert.deepEqual(
    choices.map(({ index, text, logprobs }) => [index, text, logprobs]),
    [
      [0, '-0.1', null],
      [1, '-1', null],
    ],
  );
  assert.deepEqual(usage, { prompt_tokens: 4, completion_tokens: 8, total_tokens: 12 }, 'all of them were computed');
});

test('a prompt that is too long, or a suffix that the model cannot take, is refused by its name', async () => {
  for (const [body, param, code] of [
    [{ prompt: 'too long' }, 'prompt', 'context_length_exceeded'],
    [{ prompt: 'no insert', suffix: 'x' }, 'suffix', 'suffix_not_supported'],
  ] as const) {
    const response = await complete(body);
    assert.equal(response.status, 400);
    assert.partialDeepStrictEqual(await errorOf(response), { type: 'invalid_request_error', param, code });
  }
});

test('a body without a prompt, or one of tokens, is refused, and a GET is not allowed', async () => {
  for (const prompt of [undefined, [1, 2], ''])
    assert.partialDeepStrictEqual(await errorOf(await complete({ prompt })), { param: 'prompt' });
  const get = await gateway.ask('/v1/completions');
  assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST, OPTIONS']);
});

test('a server that speaks OpenAI gets the request as it came, and its answer comes back as it is', async () => {
  const body = {
    id: 'cmpl-7',
    object: 'text_completion',
    created: 1,
    model: 'theirs',
    choices: [{ index: 0, text: 'hi', logprobs: { tokens: ['hi'] }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, prompt_tokens_details: { cached_tokens: 1 } },
  };
  await using other = await startFake((got, outgoing) => {
    if ((JSON.parse(got.body) as { stream?: boolean }).stream === true)
      outgoing.end(
        `data: ${JSON.stringify({ ...body, usage: undefined })}\n\ndata: ${JSON.stringify({ ...body, choices: [] })}\n\ndata: [DONE]\n\n`,
      );
    else outgoing.end(JSON.stringify(body));
  });
  await using passing = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/theirs', api_base: `${other.url}/v1` } }],
  });
  const post = (more: object): Promise<Response> =>
    passing.ask('/v1/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'm', prompt: 'Once', echo: true, logprobs: 2, logit_bias: { 1: 2 }, ...more }),
    });
  const response = await post({});
  assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
  assert.partialDeepStrictEqual(await response.json(), {
    object: 'text_completion',
    model: 'm',
    choices: body.choices,
    usage: body.usage,
  });
  assert.deepEqual(
    [other.requests[0]?.path, JSON.parse(other.requests[0]?.body ?? '')],
    ['/v1/completions', { model: 'theirs', prompt: 'Once', echo: true, logprobs: 2, logit_bias: { 1: 2 } }],
  );
  const events = parseEvents(await (await post({ stream: true, stream_options: { include_usage: true } })).text());
  assert.partialDeepStrictEqual(events[0], { model: 'm', choices: body.choices, usage: null });
  assert.partialDeepStrictEqual(events[1], { choices: [], usage: body.usage });
  assert.equal(events.length, 3);
});
