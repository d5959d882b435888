import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatRequest } from '../../../../src/gateway/exchange.ts';
import { ollamaChatBody } from '../../../../src/gateway/upstream/ollama/chat-body.ts';
import type { AliasSettings } from '../../../../src/gateway/upstream/ollama/options.ts';
import { PLAIN_CHAT } from '../chat-request.ts';
import { partsOf } from '../../parts.ts';

const REQUEST: ChatRequest = {
  ...PLAIN_CHAT,
  messages: [{ role: 'user', parts: partsOf('hi'), thinking: undefined, toolCalls: [], answers: undefined }],
  stream: false,
  original: {},
};
const KEEPING: AliasSettings = { model: 'phi3:3.8b', keepAlive: undefined, options: {} };

function body(request: Partial<ChatRequest>, settings: Partial<AliasSettings> = {}): unknown {
  return JSON.parse(ollamaChatBody({ ...REQUEST, ...request }, { ...KEEPING, ...settings }));
}

test('parameters that the client left out are not sent, and prompts are never cut in silence', () => {
  assert.deepEqual(body({}), {
    model: 'phi3:3.8b',
    messages: [{ role: 'user', content: 'hi' }],
    stream: true,
    truncate: false,
    shift: false,
  });
});

test('a request decides over the options of its alias, but for those that would reload the model', () => {
  const options = { num_ctx: 8192, temperature: 0.1, num_predict: 64 };
  assert.partialDeepStrictEqual(
    body({ sampling: { temperature: 0.9, num_ctx: 1 }, maxTokens: 5, stop: ['\n'] }, { options, keepAlive: '5m' }),
    {
      keep_alive: '5m',
      options: { num_ctx: 8192, temperature: 0.9, num_predict: 5, stop: ['\n'] },
    },
  );
});

test('stop sequences of a request take the place of those of its alias', () => {
  assert.partialDeepStrictEqual(body({}, { options: { stop: ['END'] } }), { options: { stop: ['END'] } });
  assert.partialDeepStrictEqual(body({ stop: ['a'] }, { options: { stop: ['END'] } }), { options: { stop: ['a'] } });
});

test('a limit of 0 is sent as 1, since 0 would never stop', () => {
  assert.partialDeepStrictEqual(body({ maxTokens: 0 }), { options: { num_predict: 1 } });
});

test('calls and their answers keep their ids and names', () => {
  const call = { id: 'call_1', name: 'weather', arguments: { city: 'Köln' } };
  const messages: ChatRequest['messages'] = [
    { role: 'assistant', parts: [], thinking: undefined, toolCalls: [call], answers: undefined },
    {
      role: 'tool',
      parts: partsOf('3 °C'),
      thinking: undefined,
      toolCalls: [],
      answers: { id: 'call_1', name: 'weather' },
    },
  ];
  assert.partialDeepStrictEqual(body({ messages }), {
    messages: [
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'call_1', function: { index: 0, name: 'weather', arguments: { city: 'Köln' } } }],
      },
      { role: 'tool', content: '3 °C', tool_name: 'weather', tool_call_id: 'call_1' },
    ],
  });
});

test('format, thinking, logprobs and images go where Ollama looks for them', () => {
  const messages: ChatRequest['messages'] = [
    {
      role: 'user',
      parts: [{ images: ['aGk='], text: 'what is it' }],
      thinking: undefined,
      toolCalls: [],
      answers: undefined,
    },
  ];
  assert.partialDeepStrictEqual(body({ messages, format: { type: 'object' }, thinking: 'low', logprobs: 3 }), {
    messages: [{ images: ['aGk='] }],
    format: { type: 'object' },
    think: 'low',
    logprobs: true,
    top_logprobs: 3,
  });
  assert.equal(Object.hasOwn(body({ logprobs: 0 }) as object, 'top_logprobs'), false);
});
