import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessages } from '../../../../src/gateway/api/anthropic/parsed-request.ts';
import { readApiChat } from '../../../../src/gateway/api/ollama/parsed-request.ts';
import { optionsFor } from '../../../../src/gateway/upstream/ollama/options.ts';
import { readChat } from '../../../../src/gateway/api/openai/parsed-request.ts';

const KEEPING = { model: 'm', keepAlive: undefined, options: {} };
const CHAT = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

function bytesOf(json: string): Buffer {
  return Buffer.from(`${JSON.stringify(CHAT).slice(0, -1)},${json}}`);
}

test('a temperature that kills a runner is none', () => {
  const sent = [1e-40, 1e-7, 1e-6, 0, -1].map(
    (temperature) =>
      optionsFor({ sampling: { temperature }, stop: [], maxTokens: undefined }, KEEPING)?.['temperature'],
  );
  assert.deepEqual(sent, [0, 0, 1e-6, 0, -1]);
});

test('options that kill a runner, or take all of its memory, are refused to Ollama’s clients by name', () => {
  const deadly = [
    '"repeat_penalty":0',
    '"repeat_penalty":-1',
    '"frequency_penalty":-1e38',
    '"presence_penalty":1e39',
    '"temperature":1e39',
    '"top_p":1e999',
    '"repeat_last_n":2147483647',
    '"top_k":1e10',
    '"num_keep":-1e10',
    '"seed":1e300',
    '"num_predict":1e999',
  ];
  for (const option of deadly) {
    const order = readApiChat(bytesOf(`"options":{${option}}`));
    const name = option.slice(1, option.indexOf('":'));
    assert.deepEqual(!order.ok && [order.failure.kind, order.failure.param], ['invalid', `options.${name}`], option);
  }
  const usual =
    '"options":{"repeat_penalty":1.1,"frequency_penalty":-2,"temperature":0,"top_p":1,"repeat_last_n":-1,"top_k":0,"num_keep":-1,"seed":-1,"num_predict":-2}';
  assert.equal(readApiChat(bytesOf(usual)).ok, true);
});

test('a penalty of nothing is refused to other clients, too', () => {
  const order = readChat(bytesOf('"repeat_penalty":0'), 0);
  assert.deepEqual(!order.ok && [order.failure.kind, order.failure.param], ['invalid', 'repeat_penalty']);
});

test('stop sequences without end, which are looked for in every piece of an answer, are refused to every client', () => {
  const stop = JSON.stringify(Array.from({ length: 1001 }, (_, index) => String(index)));
  const failures = [
    readApiChat(bytesOf(`"options":{"stop":${stop}}`)),
    readChat(bytesOf(`"stop":${stop}`), 0),
    readMessages(bytesOf(`"max_tokens":9,"stop_sequences":${stop}`)),
  ].map((order) => !order.ok && [order.failure.kind, order.failure.param]);
  assert.deepEqual(failures, [
    ['invalid', 'options.stop'],
    ['invalid', 'stop'],
    ['invalid', 'stop_sequences'],
  ]);
});
