import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerLines, type WantedAnswer } from '../../../../src/gateway/upstream/ollama/answer-lines.ts';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { cutAnywhere, eventsOf } from '../../pieces.ts';

const CHAT: WantedAnswer = {
  within: 'message',
  text: 'content',
  stop: [],
  maxTokens: undefined,
  parallelCalls: true,
  callSchema: undefined,
};
const read = (lines: readonly unknown[], wanted: Partial<WantedAnswer> = {}): readonly ServerEvent[] =>
  eventsOf((emit) => new AnswerLines(emit, { ...CHAT, ...wanted }), [bytesOf(lines)]);

function bytesOf(lines: readonly unknown[]): Buffer {
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

const says = (message: object): object => ({
  model: 'm',
  created_at: '2026-01-01T00:00:00Z',
  message: { role: 'assistant', content: '', ...message },
  done: false,
});
const done = (more: object = {}): object => ({
  model: 'm',
  message: { role: 'assistant', content: '' },
  done: true,
  done_reason: 'stop',
  total_duration: 9e6,
  load_duration: 1e6,
  prompt_eval_count: 7,
  prompt_eval_duration: 2e6,
  eval_count: 3,
  eval_duration: 4e6,
  ...more,
});

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

test('what is not JSON is a failure of the deployment', () => {
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

test('with a limit of 0 only the end is told, as reached by length', () => {
  assert.deepEqual(
    read([says({ content: 'x' }), done()], { maxTokens: 0 }).map((event) =>
      event.kind === 'end' ? event.reason : event.kind,
    ),
    ['length'],
  );
});

test('a limit that the server ignores ends the answer early, with length', () => {
  const events = read(
    [says({ thinking: 'a' }), says({ content: 'b' }), says({ content: 'c' }), says({ content: 'd' }), done()],
    { maxTokens: 2 },
  );
  assert.deepEqual(events, [
    { kind: 'thinking', text: 'a' },
    { kind: 'text', text: 'b' },
    { kind: 'end', reason: 'length', usage: { promptTokens: 0, completionTokens: 2 }, early: true },
  ]);
  assert.partialDeepStrictEqual(
    read([says({ content: 'b' }), done({ done_reason: 'length' })], { maxTokens: 1 }).at(-1),
    { kind: 'end', usage: { promptTokens: 7 } },
  );
});

test('a stop sequence that the server ignores ends the answer early, in whichever pieces it comes, and nothing of it is told', () => {
  for (const pieces of [['one STOP two'], ['one S', 'TO', 'P two', ' three'], 'one STOP two'.split('')]) {
    const events = read([...pieces.map((content) => says({ content })), done()], { stop: ['STOP', 'two'] });
    assert.equal(events.map((event) => (event.kind === 'text' ? event.text : '')).join(''), 'one ', pieces.join('|'));
    assert.partialDeepStrictEqual(events.at(-1), { kind: 'end', reason: 'stop', early: true });
  }
});

test('what only looked like a stop sequence is told after all, and with it its log probabilities', () => {
  const token = (text: string): object => ({ token: text, logprob: -1, bytes: null, top_logprobs: [] });
  const said = (content: string): object => ({ ...says({ content }), logprobs: [token(content)] });
  assert.deepEqual(
    read([said('a'), said('S'), said('T'), said('x'), said('S'), done()], { stop: ['STOP'] }).slice(0, -1),
    [
      { kind: 'text', text: 'a', logprobs: [token('a')] },
      { kind: 'text', text: 'STx', logprobs: [token('S'), token('T'), token('x')] },
      { kind: 'text', text: 'S', logprobs: [token('S')] },
    ],
  );
  assert.deepEqual(read([said('ab'), said('ST'), said('OP'), done()], { stop: ['bSTOP'] }).slice(0, -1), [
    { kind: 'text', text: 'a', logprobs: [] },
  ]);
});

test('where only one call is wanted the first is the only one', () => {
  const call = (name: string): object => ({ id: `call_${name}`, function: { name, arguments: {} } });
  const events = read([says({ tool_calls: [call('f'), call('g')] }), says({ tool_calls: [call('h')] }), done()], {
    parallelCalls: false,
  });
  assert.deepEqual(
    events.map((event) => (event.kind === 'tool-call' ? event.call.name : event.kind)),
    ['f', 'end'],
  );
});

test('a completion is read from its own field', () => {
  const line = (response: string): object => ({ model: 'm', response, done: false });
  assert.deepEqual(
    read([line('a'), { ...line(''), thinking: 'hm' }, { ...line('b'), done: true, done_reason: 'stop' }], {
      within: undefined,
      text: 'response',
    }).map((event) => ('text' in event ? event.text : event.kind)),
    ['a', 'hm', 'b', 'end'],
  );
});

test('an answer that has to be a call is one, whether its server sees that or not, and text where it was cut off', () => {
  const wanted = { callSchema: {} };
  const kinds = (lines: readonly unknown[]): unknown =>
    read(lines, wanted).map((event) =>
      event.kind === 'tool-call'
        ? [event.call.name, event.call.arguments]
        : event.kind === 'end'
          ? event.reason
          : event.kind,
    );
  assert.deepEqual(
    kinds([says({ content: '{"name": "f", ' }), says({ content: '"arguments": {"a": 1}}\n' }), done()]),
    [['f', { a: 1 }], 'tool-calls'],
  );
  assert.deepEqual(kinds([says({ tool_calls: [{ id: 'c', function: { name: 'f', arguments: { a: 1 } } }] }), done()]), [
    ['f', { a: 1 }],
    'tool-calls',
  ]);
  assert.deepEqual(kinds([says({ content: '{"name": "f", ' }), done({ done_reason: 'length' })]), ['text', 'length']);
  assert.deepEqual(kinds([done()]), ['stop']);
});

test('what follows the end in the same line is not told', () => {
  const line = says({ content: 'a STOP', tool_calls: [{ function: { name: 'f' } }] });
  assert.deepEqual(
    read([line, done()], { stop: ['STOP'] }).map(({ kind }) => kind),
    ['text', 'end'],
  );
});
