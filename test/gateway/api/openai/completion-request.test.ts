import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedRequest } from '../../../../src/gateway/client-dialect.ts';
import type { CompletionRequest, Failure } from '../../../../src/gateway/exchange.ts';
import { readCompletion } from '../../../../src/gateway/api/openai/parsed-request.ts';

function readParsedRequest(more: object): ParsedRequest {
  const parsedRequest = readCompletion(Buffer.from(JSON.stringify({ model: 'm', prompt: 'Once', ...more })), 0);
  assert.ok(parsedRequest.ok, JSON.stringify(parsedRequest));
  return parsedRequest.value;
}

function readAll(more: object): readonly CompletionRequest[] {
  return readParsedRequest(more).subrequests.map(({ request }) => {
    assert.equal(request.kind, 'completion');
    return request.params;
  });
}

function refuse(more: object): Failure {
  const parsedRequest = readCompletion(Buffer.from(JSON.stringify({ model: 'm', prompt: 'Once', ...more })), 0);
  assert.ok(!parsedRequest.ok, `taken: ${JSON.stringify(more)}`);
  return parsedRequest.failure;
}

const REFUSED: readonly (readonly [param: string, more: object])[] = [
  ['model', { model: undefined }],
  ['prompt', { prompt: undefined }],
  ['prompt', { prompt: '' }],
  ['prompt', { prompt: [] }],
  ['prompt', { prompt: ['a', ''] }],
  ['prompt', { prompt: [1, 2, 3] }],
  ['prompt', { prompt: [[1, 2], [3]] }],
  ['prompt', { prompt: { text: 'a' } }],
  ['prompt', { prompt: Array.from({ length: 17 }, () => 'a'), n: 8 }],
  ['suffix', { suffix: 7 }],
  ['echo', { echo: 'yes' }],
  ['n', { n: 9 }],
  ['best_of', { n: 3, best_of: 2 }],
  ['best_of', { best_of: 9 }],
  ['best_of', { best_of: 2, stream: true }],
  ['logprobs', { logprobs: true }],
  ['max_tokens', { max_tokens: -1 }],
  ['stream_options', { stream_options: {} }],
];

for (const [param, more] of REFUSED) {
  test(`${JSON.stringify(more).slice(0, 80)} is refused and names ${param}`, () => {
    const failure = refuse(more);
    assert.deepEqual([failure.kind, failure.param], ['invalid', param]);
  });
}

test('every prompt is asked for n times, each choice with a seed of its own', () => {
  assert.deepEqual(
    readAll({ prompt: ['a', 'b'], n: 2, seed: 1 }).map(({ prompt, sampling, original }) => [
      prompt,
      sampling['seed'],
      original?.['prompt'],
    ]),
    [
      ['a', 1, 'a'],
      ['a', 2, 'a'],
      ['b', 1, 'b'],
      ['b', 2, 'b'],
    ],
  );
});

test('without a limit it is 16 tokens, as the API has it', () => {
  assert.equal(readAll({})[0]?.maxTokens, 16);
  assert.equal(readAll({ max_tokens: 300 })[0]?.maxTokens, 300);
});

test('a parameter without effect is named, as the log probabilities of a prompt', () => {
  assert.deepEqual(readParsedRequest({ echo: true, logprobs: 1, logit_bias: { 5: 1 } }).ignoredParams.toSorted(), [
    'logit_bias',
    'logprobs',
  ]);
  assert.deepEqual(
    readParsedRequest({ n: 2, best_of: 2, echo: true, suffix: '', user: 'u', raw: true, logit_bias: {} }).ignoredParams,
    [],
  );
});
