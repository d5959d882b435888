import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatRequest } from '../../../../src/gateway/exchange.ts';
import { callsInGrammar } from '../../../../src/gateway/upstream/ollama/schema.ts';
import { PLAIN_CHAT } from '../chat-request.ts';
import { done, read, says } from './answer-events.ts';

const tool = (parameters: object): ChatRequest['tools'][number] => ({
  name: 'weather',
  definition: { type: 'function', function: { name: 'weather', parameters } },
});
const LISTED = tool({ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] });
const FREE = tool({ type: 'object' });

/** The events of a response in which Ollama itself found a call of `weather` with these arguments. */
function eventsOf(given: object, used: ChatRequest['tools'][number], mustCall = false): readonly string[] {
  const request: ChatRequest = { ...PLAIN_CHAT, tools: [used], mustCall, format: { type: 'object' } };
  const calls = callsInGrammar(request);
  const call = { id: 'call_1', function: { name: 'weather', arguments: given } };
  return read([says({ tool_calls: [call] }), done()], { calls }).map((event) =>
    event.kind === 'text' ? event.text : event.kind === 'end' ? event.reason : event.kind,
  );
}

test('an answer that Ollama takes for a call, since it has a tool’s name in it, is given back as the answer', () => {
  assert.deepEqual(eventsOf({ topic: 'weather', done: true }, LISTED), ['{"topic":"weather","done":true}', 'stop']);
  assert.deepEqual(eventsOf({ city: 'weather', done: true }, LISTED), ['{"city":"weather","done":true}', 'stop']);
  assert.deepEqual(eventsOf({}, LISTED), ['{}', 'stop']);
});

test('a call whose arguments have the tool’s keys stays a call, as does every call of a tool without a list', () => {
  assert.deepEqual(eventsOf({ city: 'Rome' }, LISTED), ['tool-call', 'tool-calls']);
  assert.deepEqual(eventsOf({ any: 1 }, FREE), ['tool-call', 'tool-calls']);
});

test('where a call is forced there is no answer to take it for', () => {
  assert.deepEqual(eventsOf({ topic: 'weather' }, LISTED, true), ['tool-call', 'tool-calls']);
});
