import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import type { ResponseDecoder } from '../../../../src/gateway/upstream/wire-request.ts';
import { openaiChat, openaiCompletion, openaiEmbed } from '../../../../src/gateway/upstream/openai/call.ts';
import { cutAnywhere, eventsOf } from '../../pieces.ts';
import { USAGE, COUNTED, sse, delta, finished, streamed, piece, calls, calledIn } from './interpreting.ts';
import { PLAIN_CHAT } from '../chat-request.ts';

test('a call counts where the server says stop, and where one call is wanted there is one', () => {
  const said = [calls(piece(0, 'a', 'f', '{}'), piece(1, 'b', 'g', '{}')), ...finished('stop')];
  assert.partialDeepStrictEqual(streamed(sse(...said)).at(-1), { kind: 'end', reason: 'tool-calls' });
  assert.deepEqual(calledIn(streamed(sse(...said), { parallelCalls: false })), [['f', {}]]);
});

test('a call with broken arguments is no call: the answer has failed, by no fault of the server, or was cut off', () => {
  const broken = [calls(piece(0, 'a', 'f', '{}')), calls(piece(1, 'b', 'g', '{"y":'))];
  assert.partialDeepStrictEqual(streamed(sse(...broken, ...finished('tool_calls'))), [
    { kind: 'failure', failure: { kind: 'upstream', fault: 'request' } },
  ]);
  const cut = streamed(sse(...broken, ...finished('length')));
  assert.deepEqual(calledIn(cut), [['f', {}]]);
  assert.partialDeepStrictEqual(cut.at(-1), { kind: 'end', reason: 'length' });
});

test('a stream that breaks off, or names an error in its middle, has failed; a stream with a finish_reason needs no [DONE]', () => {
  const begun = `data: ${JSON.stringify(delta({ content: 'a' }))}\n\n`;
  for (const text of [
    begun,
    `${begun}data: {"error":{"message":"out of memory"}}\n\ndata: [DONE]\n\n`,
    `${begun}data: {oops\n\n`,
  ]) {
    assert.deepEqual(
      streamed(text).map(({ kind }) => kind),
      ['text', 'failure'],
      text,
    );
  }
  assert.partialDeepStrictEqual(
    streamed(`${begun}data: ${JSON.stringify(delta({}, { finish_reason: 'stop' }))}\n\n`).at(-1),
    { kind: 'end', reason: 'stop' },
  );
});

test('tokens come with their text, also from the lists of a completion', () => {
  const token = { token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [] };
  assert.deepEqual(streamed(sse(delta({ content: 'a' }, { logprobs: { content: [token] } }), ...finished('stop')))[0], {
    kind: 'text',
    text: 'a',
    logprobs: [token],
  });
  const text = sse({
    choices: [
      {
        index: 0,
        text: 'ab',
        logprobs: { tokens: ['a', 'b'], token_logprobs: [-0.5, null], top_logprobs: [{ a: -0.5, c: -2 }, null] },
        finish_reason: 'stop',
      },
    ],
    usage: USAGE,
  });
  assert.deepEqual(
    eventsOf(
      (emit) => openaiCompletion({ ...PLAIN_CHAT, prompt: 'p', suffix: undefined, raw: true }, 'theirs').read(emit),
      [Buffer.from(text)],
    ),
    [
      {
        kind: 'text',
        text: 'ab',
        logprobs: [
          {
            token: 'a',
            logprob: -0.5,
            bytes: null,
            top_logprobs: [
              { token: 'a', logprob: -0.5, bytes: null },
              { token: 'c', logprob: -2, bytes: null },
            ],
          },
          { token: 'b', logprob: null, bytes: null, top_logprobs: [] },
        ],
      },
      { kind: 'end', reason: 'stop', usage: COUNTED },
    ],
  );
});

test('any cut of the bytes gives the same events', () => {
  const said = fc.oneof(
    fc.string({ unit: 'binary' }).map((content) => delta({ content })),
    fc.string({ unit: 'binary' }).map((reasoning) => delta({ reasoning })),
    fc
      .tuple(fc.nat(3), fc.uuid(), fc.string(), fc.jsonValue())
      .map(([index, id, name, given]) => calls(piece(index, id, name, JSON.stringify(given)))),
  );
  const answer = fc.array(said, { maxLength: 12 }).map((chunks) => Buffer.from(sse(...chunks, ...finished('stop'))));
  fc.assert(
    fc.property(
      answer.chain((bytes) => fc.tuple(fc.constant(bytes), cutAnywhere(bytes))),
      ([bytes, pieces]) => {
        const read = (emit: (event: ServerEvent) => void): ResponseDecoder =>
          openaiChat(PLAIN_CHAT, 'theirs').read(emit);
        assert.deepEqual(eventsOf(read, pieces), eventsOf(read, [bytes]));
      },
    ),
    { numRuns: 200 },
  );
});

test('vectors come in the order of their texts, as numbers or packed, and all of them or none', () => {
  const read = (emit: (event: ServerEvent) => void): ResponseDecoder =>
    openaiEmbed(
      { model: 'mine', input: ['a', 'b'], dimensions: undefined, base64: false, original: undefined },
      'theirs',
    ).read(emit);
  const heard = (body: unknown): readonly ServerEvent[] => eventsOf(read, [Buffer.from(JSON.stringify(body))]);
  const packed = Buffer.from(new Float32Array([0.5, -2]).buffer).toString('base64');
  assert.deepEqual(
    heard({
      data: [
        { index: 1, embedding: packed },
        { index: 0, embedding: [1, 2] },
      ],
      usage: { prompt_tokens: 4 },
    }),
    [
      {
        kind: 'vectors',
        vectors: [
          [1, 2],
          [0.5, -2],
        ],
      },
      { kind: 'end', reason: 'stop', usage: { promptTokens: 4, completionTokens: 0 } },
    ],
  );
  for (const body of [
    {},
    [],
    { data: [{ embedding: [1] }] },
    { data: [{ embedding: [1] }, { embedding: ['x'] }] },
    { data: [{ embedding: [1] }, { embedding: 'AAA' }] },
    { data: [{ embedding: [1] }, null] },
  ]) {
    assert.partialDeepStrictEqual(
      heard(body),
      [{ kind: 'failure', failure: { kind: 'upstream', fault: 'deployment' } }],
      JSON.stringify(body),
    );
  }
});
