import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { read } from './parser.ts';
import { textIn } from '../../parts.ts';

test('tools are offered, forced, chosen or withheld as tool_choice says', () => {
  const tools = ['f', 'g'].map((name) => ({
    name,
    description: 'd',
    input_schema: { type: 'object', properties: {} },
  }));
  const choose = (choice: object | undefined): unknown => {
    const { tools: offered, mustCall, parallelCalls } = read({ tools, tool_choice: choice }).request;
    return [offered.map(({ name }) => name).join(''), mustCall, parallelCalls];
  };
  assert.deepEqual(choose(undefined), ['fg', false, true]);
  assert.deepEqual(choose({ type: 'auto', disable_parallel_tool_use: true }), ['fg', false, false]);
  assert.deepEqual(choose({ type: 'any' }), ['fg', true, true]);
  assert.deepEqual(choose({ type: 'tool', name: 'g' }), ['g', true, true]);
  assert.deepEqual(choose({ type: 'none' }), ['', false, true]);
  assert.deepEqual(read({ tools }).request.tools[0]?.definition, {
    type: 'function',
    function: { name: 'f', description: 'd', parameters: { type: 'object', properties: {} } },
  });
});

test('thinking is off unless it is asked for, and as much as a model can be told', () => {
  const think = (more: object): unknown => {
    const { request, thinking, ignoredParams } = read(more);
    return [request.thinking, thinking, ...ignoredParams];
  };
  assert.deepEqual(think({}), [false, 'none']);
  assert.deepEqual(think({ thinking: { type: 'disabled' }, output_config: { effort: 'low' } }), [
    false,
    'none',
    'output_config.effort',
  ]);
  assert.deepEqual(think({ thinking: { type: 'enabled', budget_tokens: 2000 } }), [
    true,
    'shown',
    'thinking.budget_tokens',
  ]);
  assert.deepEqual(think({ thinking: { type: 'adaptive' } }), [undefined, 'shown']);
  assert.deepEqual(think({ thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'xhigh' } }), [
    'high',
    'withheld',
  ]);
});

test('hints are accepted in silence, and parameters without effect are named', () => {
  const silent = {
    metadata: { user_id: 'u' },
    service_tier: 'standard_only',
    cache_control: { type: 'ephemeral' },
    speed: 'standard',
    mcp_servers: [],
    container: null,
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  };
  assert.deepEqual(read(silent).ignoredParams, []);
  const said = {
    speed: 'fast',
    inference_geo: 'eu',
    context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
    output_config: { task_budget: {} },
    logit_bias: {},
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'x' }] },
    ],
  };
  assert.deepEqual(read(said).ignoredParams.toSorted(), [
    'context_management',
    'inference_geo',
    'logit_bias',
    'output_config.task_budget',
    'redacted_thinking',
    'speed',
  ]);
  const schema = { type: 'object' };
  for (const more of [
    { output_config: { format: { type: 'json_schema', schema } } },
    { output_format: { type: 'json_schema', schema } },
  ])
    assert.deepEqual(read(more).request.format, schema);
});

test('a request of Claude Code is read whole: its sealed thought is opened, the billing block is left out, and the tool result comes last', () => {
  const { body } = JSON.parse(readFileSync(new URL('fixtures/claude-code.json', import.meta.url), 'utf8')) as {
    body: Readonly<Record<string, unknown>>;
  };
  const { request, stream, thinking, ignoredParams } = read(body);
  const [system, environment, user, assistant, answer] = request.messages;
  assert.deepEqual(
    request.messages.map(({ role }) => role),
    ['system', 'system', 'user', 'assistant', 'tool'],
  );
  assert.match(textIn(system), /^You are a Claude agent/);
  assert.match(textIn(environment), /^# Environment/);
  assert.match(textIn(user), /What does Read say\?$/);
  assert.deepEqual([assistant?.thinking, assistant?.toolCalls[0]?.name], ['The honest market remem', 'Read']);
  assert.match(textIn(answer), /^<tool_use_error>/);
  assert.deepEqual(
    [stream, thinking, request.thinking, request.tools.length, ignoredParams],
    [true, 'withheld', 'high', 3, []],
  );
});
