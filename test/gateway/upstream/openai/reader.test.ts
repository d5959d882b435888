import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { replyReader, StreamReader } from '../../../../src/gateway/upstream/openai/reader.ts';
import { workingMsOf } from '../../../working-time.ts';
import { cutAnywhere, eventsOf } from '../../pieces.ts';

const stream = (text: string): readonly ServerEvent[] =>
  eventsOf((emit) => new StreamReader(emit), [Buffer.from(text)]);
const chunk = (content: string): object => ({
  id: 'x',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content } }],
});

test('chunks go through as they are, usage is kept for the end, comments and event names say nothing', () => {
  const text = `: hello\n\nevent: message\ndata: ${JSON.stringify(chunk('a'))}\n\ndata:${JSON.stringify(chunk('b'))}\r\n\r\ndata: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\ndata: [DONE]\n\n`;
  assert.deepEqual(stream(text), [
    { kind: 'verbatim', body: chunk('a') },
    { kind: 'verbatim', body: chunk('b') },
    { kind: 'end', reason: 'stop', usage: { promptTokens: 3, completionTokens: 2 } },
  ]);
});

test('any cut of the bytes gives the same events', () => {
  const answer = fc
    .array(fc.string({ unit: 'binary' }), { maxLength: 12 })
    .map((texts) =>
      Buffer.from(`${texts.map((text) => `data: ${JSON.stringify(chunk(text))}\n\n`).join('')}data: [DONE]\n\n`),
    );
  fc.assert(
    fc.property(
      answer.chain((bytes) => fc.tuple(fc.constant(bytes), cutAnywhere(bytes))),
      ([bytes, pieces]) => {
        const create = (emit: (event: ServerEvent) => void): StreamReader => new StreamReader(emit);
        assert.deepEqual(eventsOf(create, pieces), eventsOf(create, [bytes]));
      },
    ),
    { numRuns: 200 },
  );
});

test('a stream that has given its reason needs no [DONE]', () => {
  const last = { ...chunk('a'), choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
  assert.deepEqual(
    stream(`data: ${JSON.stringify(last)}\n\n`).map((event) => event.kind),
    ['verbatim', 'end'],
  );
});

test("a stream of Ollama's that ends without a reason was cut off for repeating itself; a stream that lost the model’s name has failed", () => {
  const said = `data: ${JSON.stringify({ ...chunk('ha'), model: 'm', system_fingerprint: 'fp_ollama' })}\n\n`;
  const nothing = `data: ${JSON.stringify({ ...chunk(''), model: '', system_fingerprint: 'fp_ollama' })}\n\n`;
  assert.partialDeepStrictEqual(stream(said + said).slice(1), [
    { kind: 'verbatim' },
    { kind: 'end', reason: 'length' },
  ]);
  assert.deepEqual(
    stream(said + nothing).map(({ kind }) => kind),
    ['verbatim', 'failure'],
  );
  assert.deepEqual(
    stream(nothing).map(({ kind }) => kind),
    ['failure'],
    'and nothing was said, so another server may be asked',
  );
});

test('a stream that ends without [DONE], says what is not JSON, or names an error has failed', () => {
  for (const text of [
    `data: ${JSON.stringify(chunk('a'))}\n\n`,
    '',
    'data: {oops\n\ndata: [DONE]\n\n',
    'data: {"error":{"message":"out of memory"}}\n\ndata: [DONE]\n\n',
  ]) {
    assert.partialDeepStrictEqual(
      stream(text).at(-1),
      { kind: 'failure', failure: { kind: 'upstream', fault: 'deployment' } },
      text,
    );
  }
});

test('an error in a stream that is the request’s fault is no failure of the server', () => {
  const tooLong =
    'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens';
  assert.partialDeepStrictEqual(stream(`event: error\ndata: ${JSON.stringify({ error: { message: tooLong } })}\n\n`), [
    { kind: 'failure', failure: { kind: 'invalid', code: 'context_length_exceeded', fault: 'request' } },
  ]);
  assert.partialDeepStrictEqual(
    stream('data: {"error":{"message":"no such grammar","type":"BadRequestError","code":400}}\n\n'),
    [{ kind: 'failure', failure: { kind: 'invalid', message: 'no such grammar', fault: 'request' } }],
  );
});

test('an error of null is none', () => {
  assert.deepEqual(
    stream(`data: ${JSON.stringify({ ...chunk('a'), error: null })}\n\ndata: [DONE]\n\n`).map(({ kind }) => kind),
    ['verbatim', 'end'],
  );
});

test('a whole answer goes through with its usage, and one that is not JSON has failed', () => {
  const body = { id: 'x', choices: [{ index: 0 }], usage: { prompt_tokens: 3, completion_tokens: 2 } };
  assert.deepEqual(
    eventsOf((emit) => replyReader(emit, 'choices'), [Buffer.from(JSON.stringify(body))]),
    [
      { kind: 'verbatim', body },
      { kind: 'end', reason: 'stop', usage: { promptTokens: 3, completionTokens: 2 } },
    ],
  );
  for (const text of ['[]', '{oops', '{}', '{"choices":null}', '{"choices":[]}', '{"data":[{}]}'])
    assert.deepEqual(
      eventsOf((emit) => replyReader(emit, 'choices'), [Buffer.from(text)]).map((event) => event.kind),
      ['failure'],
      text,
    );
});

test('the work on a long line grows with its length, not with the number of its chunks', async () => {
  const line = Buffer.from(`data: ${JSON.stringify(chunk('x'.repeat(16 * 1024 * 1024)))}\n\ndata: [DONE]\n\n`);
  const chunks = Array.from({ length: Math.ceil(line.length / 4096) }, (_, at) =>
    line.subarray(at * 4096, (at + 1) * 4096),
  );
  let events: ReturnType<typeof eventsOf> = [];
  const workedMs = await workingMsOf(() => {
    events = eventsOf((emit) => new StreamReader(emit), chunks);
  });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['verbatim', 'end'],
  );
  // Joining the line for each chunk takes more than 10 s, once takes 0.1 s.
  assert.ok(workedMs < 5000, `${String(workedMs)} ms`);
});
