import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ask } from '../../../src/gateway/exchange.ts';
import { readChatOrder } from '../../../src/gateway/api/openai/order.ts';
import { fit, type Lack } from '../../../src/gateway/upstream/fitting.ts';

const TOOLS = [{ type: 'function', function: { name: 'f' } }];
const IMAGE = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } }] }];

function ask(more: object): Ask {
  const order = readChatOrder(
    Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more })),
    0,
  );
  const asks = order.ok ? order.value.shares[0]?.asks : undefined;
  assert.ok(asks?.kind === 'chat');
  return asks;
}

/** What is left out or refused: the parameters, or the code and the parameter. */
function fitted(more: object, lacks: readonly Lack[], strict = false): unknown {
  const result = fit(ask(more), new Set(lacks), strict);
  return 'asks' in result ? result.unmet : [result.code, result.param, result.fault];
}

const ALL: readonly Lack[] = ['tools', 'thinking', 'images'];

test('a model that can do what is asked is asked for it', () => {
  assert.deepEqual(fitted({ tools: TOOLS, reasoning_effort: 'low', messages: IMAGE }, []), []);
  assert.deepEqual(fitted({}, ALL), []);
  assert.deepEqual(fitted({ reasoning_effort: 'none' }, ALL), []);
});

test('tools are left out and named where they may be, and refused where one has to be called', () => {
  assert.deepEqual(fitted({ tools: TOOLS }, ['tools']), ['tools']);
  assert.deepEqual(fitted({ tools: TOOLS, tool_choice: 'none' }, ['tools']), []);
  for (const choice of ['required', { type: 'function', function: { name: 'f' } }])
    assert.deepEqual(fitted({ tools: TOOLS, tool_choice: choice }, ['tools']), [
      'tools_not_supported',
      'tool_choice',
      'request',
    ]);
  assert.deepEqual(fitted({ tools: TOOLS }, ['tools'], true), ['tools_not_supported', 'tools', 'request']);
});

test('reasoning is left out by the name that the client used, and only its measure where the model has none', () => {
  assert.deepEqual(fitted({ reasoning_effort: 'high' }, ['thinking']), ['reasoning_effort']);
  assert.deepEqual(fitted({ think: true }, ['thinking']), ['think']);
  assert.deepEqual(fitted({ reasoning_effort: 'high' }, ['thinking'], true), [
    'reasoning_not_supported',
    'reasoning_effort',
    'request',
  ]);
  const result = fit(ask({ reasoning_effort: 'high' }), new Set<Lack>(['effort']), false);
  assert.ok('asks' in result && result.asks.kind === 'chat');
  assert.deepEqual([result.asks.request.thinking, result.unmet], [true, ['reasoning_effort']]);
});

test('an image for a model that cannot see is refused', () => {
  assert.deepEqual(fitted({ messages: IMAGE }, ['images']), ['images_not_supported', 'messages', 'request']);
});
