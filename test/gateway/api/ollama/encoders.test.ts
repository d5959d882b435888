import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ollamaChat, ollamaCompletion } from '../../../../src/gateway/upstream/ollama/call.ts';
import { readApiChat, readApiGenerate } from '../../../../src/gateway/api/ollama/parsed-request.ts';
import type { ParsedRequest } from '../../../../src/gateway/client-dialect.ts';
import { cutAnywhere, eventsOf } from '../../pieces.ts';
import { withoutTimes, type Line } from './client.ts';

const KEEPING = { model: 'real', keepAlive: undefined, options: {} };
const STAMP = { model: 'real', created_at: '2026-11-25T01:04:38.285381509Z' };
const TOKEN = { token: '€', logprob: -4.5, bytes: [226, 130, 172], top_logprobs: [{ token: 'c', logprob: -4 }] };
const END = {
  done: true,
  done_reason: 'stop',
  total_duration: 296_104_002,
  load_duration: 292_737_524,
  prompt_eval_count: 22,
  prompt_eval_duration: 1_187_230,
  eval_count: 3,
  eval_duration: 221_409,
};

const CALLS = [0, 1].map((index) => ({
  id: `call_${String(index)}`,
  function: { index, name: 'f', arguments: { a: index } },
}));

/** Lines that a real server sent, which are also the lines that a client gets. */
const CHAT = [
  { ...STAMP, message: { role: 'assistant', content: '', thinking: 'hm ü' }, done: false },
  { ...STAMP, message: { role: 'assistant', content: 'a€\u2028' }, done: false, logprobs: [TOKEN] },
  ...CALLS.map((call) => ({ ...STAMP, message: { role: 'assistant', content: '', tool_calls: [call] }, done: false })),
  { ...STAMP, message: { role: 'assistant', content: '' }, ...END },
];
const GENERATE = [
  { ...STAMP, response: '', thinking: 'hm', done: false },
  { ...STAMP, response: '€', done: false },
  { ...STAMP, response: '', ...END },
];

function encoded(parsedRequest: ParsedRequest, chunks: readonly Buffer[]): readonly Line[] {
  const [subrequest] = parsedRequest.subrequests;
  assert.ok(subrequest !== undefined && subrequest.request.kind !== 'load' && subrequest.request.kind !== 'embed');
  const call =
    subrequest.request.kind === 'chat'
      ? ollamaChat(subrequest.request.params, KEEPING)
      : ollamaCompletion(subrequest.request.params, KEEPING);
  const encoder = subrequest.encoder();
  const text =
    eventsOf((emit) => call.read(emit), chunks)
      .map((event) => encoder.encode(event))
      .join('') + parsedRequest.close([]);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => withoutTimes(JSON.parse(line) as Line));
}

function parsedRequestOf(path: 'chat' | 'generate', stream: boolean): ParsedRequest {
  const body = {
    model: 'alias',
    stream,
    logprobs: true,
    ...(path === 'chat' ? { messages: [{ role: 'user', content: 'x' }] } : { prompt: 'x' }),
  };
  const parsedRequest = (path === 'chat' ? readApiChat : readApiGenerate)(Buffer.from(JSON.stringify(body)));
  assert.ok(parsedRequest.ok);
  return parsedRequest.value;
}

for (const [path, sent] of [
  ['chat', CHAT],
  ['generate', GENERATE],
] as const) {
  const bytes = Buffer.from(sent.map((line) => `${JSON.stringify(line)}\n`).join(''));

  test(`the lines of a ${path} are the server’s, under the alias, in whatever pieces they come`, () => {
    const wanted = sent.map((line) =>
      withoutTimes({ ...line, model: 'alias', created_at: '2026-11-25T01:04:38.285Z' }),
    );
    fc.assert(
      fc.property(cutAnywhere(bytes), (chunks) => {
        assert.deepEqual(encoded(parsedRequestOf(path, true), chunks), wanted);
      }),
      { numRuns: 500 },
    );
  });

  test(`a ${path} in one piece holds what its stream says`, () => {
    const [whole] = encoded(parsedRequestOf(path, false), [bytes]);
    const events =
      path === 'chat'
        ? {
            message: { role: 'assistant', content: 'a€\u2028', thinking: 'hm ü', tool_calls: CALLS },
            logprobs: [TOKEN],
          }
        : { response: '€', thinking: 'hm' };
    assert.deepEqual(
      whole,
      withoutTimes({ model: 'alias', created_at: '2026-11-25T01:04:38.285Z', ...events, ...END }),
    );
  });
}

test('silence is filled with a piece in which nothing is said', () => {
  const piece = (path: 'chat' | 'generate') =>
    withoutTimes(JSON.parse(parsedRequestOf(path, true).keepAlive ?? '') as Line);
  assert.deepEqual(piece('chat'), {
    model: 'alias',
    created_at: 'then',
    message: { role: 'assistant', content: '' },
    done: false,
  });
  assert.deepEqual(piece('generate'), { model: 'alias', created_at: 'then', response: '', done: false });
});

test('durations that the server leaves out are measured', () => {
  const [subrequest] = parsedRequestOf('chat', true).subrequests;
  const encoder = subrequest?.encoder();
  encoder?.encode({ kind: 'text', text: 'a' });
  const last = JSON.parse(
    encoder?.encode({ kind: 'end', reason: 'tool-calls', usage: { promptTokens: 5, completionTokens: 7 } }) ?? '',
  ) as Line;
  assert.partialDeepStrictEqual(last, { done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 7 });
  assert.ok(Number(last['total_duration']) > 0 && Number(last['eval_duration']) > 0);
});
