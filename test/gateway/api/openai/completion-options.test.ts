import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFake } from '../../fake-upstream.ts';
import { errorOf, startGateway } from '../../running.ts';
import { parseEvents } from '../../sse.ts';
import { type Completion, type Sent, startCompletions, line, DONE } from './completion-stage.ts';

const { gateway, complete, whole, stop } = await startCompletions();
after(stop);

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
