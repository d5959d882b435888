import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read, readParsedRequest, refuse } from './chat-reading.ts';

test('fields of messages without a place in a prompt are named', () => {
  const named = (...messages: readonly object[]): readonly string[] => readParsedRequest({ messages }).ignoredParams;
  assert.deepEqual(named({ role: 'user', name: 'Ada', content: 'hi' }), ['messages.name']);
  assert.deepEqual(named({ role: 'user', content: 'hi' }, { role: 'assistant', content: null, refusal: 'No.' }), [
    'messages.refusal',
  ]);
  assert.deepEqual(named({ role: 'assistant', content: 'a', refusal: null }, { role: 'user', content: 'hi' }), []);
});

test('arguments of a call in the history that are no JSON object become one', () => {
  const argumentsOf = (text: unknown): unknown =>
    read({
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: null, tool_calls: [{ id: 'c', function: { name: 'f', arguments: text } }] },
      ],
    }).messages[1]?.toolCalls[0]?.arguments;
  for (const empty of ['', 'null', null, undefined, '{}']) assert.deepEqual(argumentsOf(empty), {}, String(empty));
  for (const text of ['{"value": ', '[]', '7', '"a"', '{"a":1}{"b":2}', 'plain words'])
    assert.deepEqual(argumentsOf(text), { arguments: text });
  assert.deepEqual(argumentsOf('{"value": 1}'), { value: 1 });
});

test('reasoning.effort is read as reasoning_effort is, and its value is judged', () => {
  assert.equal(read({ reasoning: { effort: 'none' } }).thinking, false);
  assert.equal(read({ reasoning: { effort: 'high' } }).thinking, 'high');
  assert.equal(read({ reasoning: { effort: 'high' }, reasoning_effort: 'low' }).thinking, 'low');
  assert.equal(read({ reasoning: {}, think: false }).thinking, false);
  assert.deepEqual(readParsedRequest({ reasoning: { effort: 'low' } }).ignoredParams, []);
  assert.equal(refuse({ reasoning: { effort: 'very' } }).param, 'reasoning.effort');
  assert.equal(refuse({ reasoning: { effort: 3 } }).param, 'reasoning.effort');
});
