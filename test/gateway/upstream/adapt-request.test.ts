import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelRequest } from '../../../src/gateway/exchange.ts';
import { readChat } from '../../../src/gateway/api/openai/parsed-request.ts';
import { adaptRequest, type MissingCapability } from '../../../src/gateway/upstream/adapt-request.ts';

const TOOLS = [{ type: 'function', function: { name: 'f' } }];
const IMAGE = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } }] }];

function ask(more: object): ModelRequest {
  const order = readChat(
    Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more })),
    0,
  );
  const request = order.ok ? order.value.subrequests[0]?.request : undefined;
  assert.ok(request?.kind === 'chat');
  return request;
}

/** The parameters that are left out, or the code and the parameter of the failure. */
function adapted(more: object, missing: readonly MissingCapability[], strict = false): unknown {
  const result = adaptRequest(ask(more), new Set(missing), strict);
  return 'request' in result ? result.ignoredParams : [result.code, result.param, result.fault];
}

const ALL: readonly MissingCapability[] = ['tools', 'thinking', 'images'];

test('a model that can do what is asked is asked for it', () => {
  assert.deepEqual(adapted({ tools: TOOLS, reasoning_effort: 'low', messages: IMAGE }, []), []);
  assert.deepEqual(adapted({}, ALL), []);
  assert.deepEqual(adapted({ reasoning_effort: 'none' }, ALL), []);
});

test('tools are left out and named where they may be, and refused where one has to be called', () => {
  assert.deepEqual(adapted({ tools: TOOLS }, ['tools']), ['tools']);
  assert.deepEqual(adapted({ tools: TOOLS, tool_choice: 'none' }, ['tools']), []);
  for (const choice of ['required', { type: 'function', function: { name: 'f' } }])
    assert.deepEqual(adapted({ tools: TOOLS, tool_choice: choice }, ['tools']), [
      'tools_not_supported',
      'tool_choice',
      'request',
    ]);
  assert.deepEqual(adapted({ tools: TOOLS }, ['tools'], true), ['tools_not_supported', 'tools', 'request']);
});

test('reasoning is left out by the name that the client used, and only its measure where the model has none', () => {
  assert.deepEqual(adapted({ reasoning_effort: 'high' }, ['thinking']), ['reasoning_effort']);
  assert.deepEqual(adapted({ think: true }, ['thinking']), ['think']);
  assert.deepEqual(adapted({ reasoning_effort: 'high' }, ['thinking'], true), [
    'reasoning_not_supported',
    'reasoning_effort',
    'request',
  ]);
  const result = adaptRequest(ask({ reasoning_effort: 'high' }), new Set<MissingCapability>(['effort:high']), false);
  assert.ok('request' in result && result.request.kind === 'chat');
  assert.deepEqual([result.request.params.thinking, result.ignoredParams], [true, ['reasoning_effort']]);
});

test('an image for a model that cannot see is refused', () => {
  assert.deepEqual(adapted({ messages: IMAGE }, ['images']), ['images_not_supported', 'messages', 'request']);
});
