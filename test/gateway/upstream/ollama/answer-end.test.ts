import assert from 'node:assert/strict';
import { test } from 'node:test';

import { read, says, done } from './answer-events.ts';

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

test('text that only looked like a stop sequence is sent after all, with its log probabilities', () => {
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
  const wanted = { calls: { names: ['f'], mayAnswer: false, fits: () => true } };
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

test('text behind the end in the same line is not sent', () => {
  const line = says({ content: 'a STOP', tool_calls: [{ function: { name: 'f' } }] });
  assert.deepEqual(
    read([line, done()], { stop: ['STOP'] }).map(({ kind }) => kind),
    ['text', 'end'],
  );
});
