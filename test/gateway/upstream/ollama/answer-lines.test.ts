import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerLines } from '../../../../src/gateway/upstream/ollama/answer-lines.ts';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { cutAnywhere, eventsOf } from '../../pieces.ts';
import { CHAT, read, bytesOf, says, done } from './answer-events.ts';

test('text, thinking and tool calls come in the order in which they were said, then the end with its counts', () => {
  const call = { id: 'call_1', function: { index: 0, name: 'weather', arguments: { city: 'Köln' } } };
  assert.deepEqual(
    read([
      says({ thinking: 'hm' }),
      says({ content: 'Grüß ' }),
      says({ content: 'Gott' }),
      says({ tool_calls: [call] }),
      done(),
    ]),
    [
      { kind: 'thinking', text: 'hm' },
      { kind: 'text', text: 'Grüß ' },
      { kind: 'text', text: 'Gott' },
      { kind: 'tool-call', call: { id: 'call_1', name: 'weather', arguments: { city: 'Köln' } } },
      {
        kind: 'end',
        reason: 'tool-calls',
        usage: { promptTokens: 7, completionTokens: 3, totalMs: 9, loadMs: 1, prefillMs: 2, decodeMs: 4 },
      },
    ],
  );
});

test('any cut of the bytes gives the same events', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }).map((content) => says({ content })),
    fc.string({ unit: 'grapheme' }).map((thinking) => says({ thinking })),
    fc
      .record({ name: fc.string(), arguments: fc.dictionary(fc.string(), fc.jsonValue()) })
      .map((made) => says({ tool_calls: [{ id: 'call_x', function: made }] })),
  );
  const answer = fc.array(line, { maxLength: 12 }).map((lines) => bytesOf([...lines, done()]));
  fc.assert(
    fc.property(
      answer.chain((bytes) => fc.tuple(fc.constant(bytes), cutAnywhere(bytes))),
      ([bytes, pieces]) => {
        const create = (emit: (event: ServerEvent) => void): AnswerLines =>
          new AnswerLines(emit, { ...CHAT, stop: ['aa', '\n'], maxTokens: 9 });
        assert.deepEqual(eventsOf(create, pieces), eventsOf(create, [bytes]));
      },
    ),
    { numRuns: 200 },
  );
});

test('a limit that was reached is told as such, and zero fields that are absent count as zero', () => {
  const [end] = read([done({ done_reason: 'length', eval_duration: undefined, load_duration: undefined })]);
  assert.deepEqual(end, {
    kind: 'end',
    reason: 'length',
    usage: { promptTokens: 7, completionTokens: 3, totalMs: 9, loadMs: 0, prefillMs: 2, decodeMs: 0 },
  });
});

test('a stream that ends without done is an answer that was cut short: the guard against repetition ends it so', () => {
  assert.deepEqual(read([says({ content: 'ha' }), says({ content: 'ha' })]).at(-1), {
    kind: 'end',
    reason: 'length',
    usage: { promptTokens: 0, completionTokens: 2 },
  });
});

test('an answer without a line is none, and another server may be asked', () => {
  for (const bytes of [[], [Buffer.from('\n')]])
    assert.partialDeepStrictEqual(
      eventsOf((emit) => new AnswerLines(emit, CHAT), bytes),
      [{ kind: 'failure', failure: { code: 'backend_failed', fault: 'deployment' } }],
    );
});

test('an error in the middle ends the answer, and nothing after it is told', () => {
  const events = read([
    says({ content: 'a' }),
    { error: 'an error was encountered while running the model: unexpected EOF' },
    says({ content: 'b' }),
    done(),
  ]);
  assert.equal(events.length, 2);
  assert.partialDeepStrictEqual(events[1], { kind: 'failure', failure: { kind: 'upstream', fault: 'deployment' } });
});

test('a line that is not JSON is a failure of the deployment', () => {
  const events = eventsOf((emit) => new AnswerLines(emit, CHAT), [Buffer.from('<html>\n{"done":true}\n')]);
  assert.equal(events.length, 1);
  assert.partialDeepStrictEqual(events[0], {
    kind: 'failure',
    failure: { code: 'backend_failed', fault: 'deployment' },
  });
});

test('a call without an id gets one of its own, and calls without a function are left out', () => {
  const events = read([
    says({ tool_calls: [{ function: { name: 'f' } }, { function: { name: 'g', arguments: {} } }, { nothing: true }] }),
    done(),
  ]);
  const ids = events.flatMap((event) => (event.kind === 'tool-call' ? [event.call.id] : []));
  assert.equal(ids.length, 2);
  assert.match(ids[0] ?? '', /^call_[0-9a-f]{32}$/);
  assert.notEqual(ids[0], ids[1]);
});

test('a token that comes without alternatives has an empty list of them', () => {
  const [event] = read([{ ...says({ content: 'H' }), logprobs: [{ token: 'H', logprob: -5, bytes: [72] }] }, done()]);
  assert.deepEqual(event, {
    kind: 'text',
    text: 'H',
    logprobs: [{ token: 'H', logprob: -5, bytes: [72], top_logprobs: [] }],
  });
});

test('arguments of a call that come as text are read, and text that is no object is kept', () => {
  const argumentsFor = (value: unknown): unknown =>
    read([says({ tool_calls: [{ id: 'c', function: { name: 'f', arguments: value } }] }), done()]).find(
      (event) => event.kind === 'tool-call',
    )?.call.arguments;
  assert.deepEqual(argumentsFor('{"x":"1"}'), { x: '1' });
  assert.deepEqual(argumentsFor(''), {});
  assert.deepEqual(argumentsFor('{"x":'), { arguments: '{"x":' });
});

test('an error object in a line is a failure with its message, as the first line and in the middle', () => {
  for (const [error, message] of [
    [{ message: 'boom', type: 'server_error' }, /boom/],
    [{ code: 7 }, /"code":7/],
    ['', /without a reason/],
    ['boom', /boom/],
  ] as const)
    for (const before of [[], [says({ content: 'a' })]]) {
      const last = read([...before, { error }]).at(-1);
      assert.ok(last?.kind === 'failure', JSON.stringify(last));
      assert.match(last.failure.message, message);
    }
  assert.equal(read([says({ content: 'a' }), { error: null }, done()]).at(-1)?.kind, 'end');
});
