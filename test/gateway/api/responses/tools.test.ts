import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBody } from '../../../../src/gateway/upstream/ollama/schema.ts';
import { workingMsOf } from '../../../working-time.ts';
import { chatOf, ended, parsedRequestOf, failureOf, bodyOf } from './parser.ts';

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: true,
};
const TIME = { type: 'function', name: 'get_time' };
const SQL = {
  type: 'custom',
  name: 'sql',
  description: 'runs SQL',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "select"' },
};
const GROUP = {
  type: 'namespace',
  name: 'mcp__files',
  description: 'files',
  tools: [{ type: 'function', name: 'read', parameters: { type: 'object' } }],
};
const names = (more: object): readonly string[] => chatOf(more).tools.map(({ name }) => name);

test('a function arrives as servers know it', () => {
  assert.deepEqual(
    chatOf({ tools: [WEATHER, TIME] }).tools.map(({ definition }) => JSON.parse(JSON.stringify(definition)) as unknown),
    [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'of a city',
          parameters: WEATHER.parameters,
          strict: true,
        },
      },
      { type: 'function', function: { name: 'get_time' } },
    ],
  );
});

test('a choice picks tools, and says whether one has to be called', () => {
  const tools = [WEATHER, TIME, SQL, GROUP];
  const all = ['get_weather', 'get_time', 'sql', 'mcp__files__read'];
  assert.deepEqual(
    [names({ tools }), names({ tools, tool_choice: 'auto' }), names({ tools, tool_choice: 'none' })],
    [all, all, []],
  );
  assert.deepEqual(
    [names({ tools, tool_choice: 'required' }), chatOf({ tools, tool_choice: 'required' }).mustCall],
    [all, true],
  );
  const one = chatOf({ tools, tool_choice: { type: 'function', name: 'get_time' } });
  assert.deepEqual(
    [one.tools.length, one.mustCall, formatBody(one)],
    [
      1,
      true,
      {
        type: 'object',
        properties: { name: { const: 'get_time' }, arguments: { type: 'object', properties: {} } },
        required: ['name', 'arguments'],
        additionalProperties: false,
      },
    ],
  );
  assert.deepEqual(names({ tools, tool_choice: { type: 'custom', name: 'sql' } }), ['sql']);
  const allowed = {
    type: 'allowed_tools',
    mode: 'auto',
    tools: [{ type: 'function', name: 'get_time' }, { type: 'web_search' }],
  };
  assert.deepEqual(
    [names({ tools, tool_choice: allowed }), chatOf({ tools, tool_choice: allowed }).mustCall],
    [['get_time'], false],
  );
  assert.equal(chatOf({ tools, tool_choice: { ...allowed, mode: 'required' } }).mustCall, true);
});

test('a choice among 10,000 tools takes less than 200 ms of work', async () => {
  const named = (prefix: string): readonly object[] =>
    Array.from({ length: 9_999 }, (_, index) => ({ type: 'function', name: `${prefix}${String(index)}` }));
  const workedMs = await workingMsOf(() => {
    assert.deepEqual(
      names({
        tools: named('f'),
        tool_choice: {
          type: 'allowed_tools',
          mode: 'auto',
          tools: [...named('g'), { type: 'function', name: 'f9998' }],
        },
      }),
      ['f9998'],
    );
  });
  assert.ok(workedMs < 200, String(workedMs));
});

test('tools that OpenAI runs itself are named as ignored, and refused where one of them has to be called', () => {
  const builtIn = [
    'web_search',
    'file_search',
    'code_interpreter',
    'computer_use_preview',
    'mcp',
    'image_generation',
    'local_shell',
    'tool_search',
  ].map((type) => ({ type }));
  const parsedRequest = parsedRequestOf({ tools: [...builtIn, TIME] });
  assert.deepEqual(
    parsedRequest.ignoredParams,
    builtIn.map(({ type }) => `tools.${type}`),
  );
  assert.deepEqual(names({ tools: [...builtIn, TIME] }), ['get_time']);
  for (const choice of [
    'required',
    { type: 'web_search' },
    { type: 'function', name: 'gone' },
    { type: 'allowed_tools', mode: 'required', tools: [{ type: 'web_search' }] },
    'sometimes',
  ]) {
    assert.equal(failureOf({ tools: builtIn, tool_choice: choice }).param, 'tool_choice', JSON.stringify(choice));
  }
});

test('a tool that is none is refused', () => {
  assert.equal(failureOf({ tools: [{ type: 'function', function: { name: 'f' } }] }).param, 'tools[0].name');
  assert.equal(failureOf({ tools: [TIME, 'web_search'] }).param, 'tools[1]');
  assert.equal(failureOf({ tools: [{ ...TIME, parameters: 'none' }] }).param, 'tools[0].parameters');
  assert.equal(failureOf({ tools: [{ ...GROUP, tools: [{ type: 'function' }] }] }).param, 'tools[0].tools[0].name');
});

test('fields of a tool without effect are named, for functions, tools with free text, and groups', () => {
  const unmet = {
    async: true,
    defer_loading: true,
    allowed_callers: ['programmatic'],
    output_schema: { type: 'object' },
  };
  const all = ['tools.async', 'tools.defer_loading', 'tools.allowed_callers', 'tools.output_schema'];
  const group = { ...GROUP, tools: [{ ...TIME, ...unmet }] };
  for (const tool of [{ ...TIME, ...unmet }, { type: 'custom', name: 'sql', ...unmet }, group])
    assert.deepEqual(parsedRequestOf({ tools: [tool] }).ignoredParams, all);
  for (const [field, value] of Object.entries(unmet))
    assert.deepEqual(parsedRequestOf({ tools: [{ ...TIME, [field]: value }] }).ignoredParams, [`tools.${field}`]);
  assert.deepEqual(
    parsedRequestOf({ tools: [{ ...TIME, allowed_callers: ['direct', 'programmatic'] }] }).ignoredParams,
    ['tools.allowed_callers'],
  );
  const met = { async: false, defer_loading: false, allowed_callers: ['direct'], output_schema: null };
  assert.deepEqual(parsedRequestOf({ tools: [{ ...TIME, ...met }] }).ignoredParams, []);
  assert.deepEqual(
    parsedRequestOf({ tools: [{ ...TIME, async: null, defer_loading: null, allowed_callers: null }] }).ignoredParams,
    [],
  );
});

test('a tool that takes free text is called with it; its grammar is told, and named as not enforced', () => {
  const parsedRequest = parsedRequestOf({ tools: [SQL] });
  assert.deepEqual(parsedRequest.ignoredParams, ['tools.format']);
  assert.match(JSON.stringify(chatOf({ tools: [SQL] }).tools), /follow this grammar \(lark\):\\nstart/);
  const { output } = bodyOf({ tools: [SQL] }, [
    { kind: 'tool-call', call: { id: 'call_1', name: 'sql', arguments: { input: 'select 1' } } },
    ended('tool-calls'),
  ]);
  assert.partialDeepStrictEqual(output, [
    { type: 'custom_tool_call', status: 'completed', input: 'select 1', call_id: 'call_1', name: 'sql' },
  ]);
});

test('a call of a tool in a group goes back by its group, and comes again as the model knows it', () => {
  const call = { id: 'call_1', name: 'mcp__files__read', arguments: { path: 'a' } };
  const { output } = bodyOf({ tools: [GROUP] }, [{ kind: 'tool-call', call }, ended('tool-calls')]) as {
    output: readonly object[];
  };
  assert.partialDeepStrictEqual(output, [
    { type: 'function_call', name: 'read', namespace: 'mcp__files', arguments: '{"path":"a"}', call_id: 'call_1' },
  ]);
  const again = chatOf({
    tools: [GROUP],
    input: [...output, { type: 'function_call_output', call_id: 'call_1', output: 'text' }],
  });
  assert.deepEqual([again.messages[0]?.toolCalls, again.messages[1]?.answers?.name], [[call], 'mcp__files__read']);
});
