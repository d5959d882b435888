import assert from 'node:assert/strict';
import { notApplicable, type Case } from '../case.ts';
import { askIn, CHAT_APIS, type ChatApi } from './apis.ts';
import { chat, post } from './asking.ts';

type Json = Readonly<Record<string, unknown>>;

const QUESTION = [{ text: 'Call a tool.' }];
const NO_ARGUMENTS = { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'] };

/** The choice of one of two tools, which has to be called, in the words of each API that has it. */
const ALLOWED: Partial<Record<ChatApi['api'], Json>> = {
  chat: {
    type: 'allowed_tools',
    allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'g' } }] },
  },
  responses: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'g' }] },
};

/** Cases of calls, over one API. */
export function callCases(name: ChatApi['api']): readonly Case[] {
  return CHAT_APIS.filter(({ api }) => api === name).flatMap((api) => [
    {
      id: `${name}-broken-arguments`,
      checks: 'arguments of an earlier call that are no JSON object do not end the conversation',
      run: async (target) => {
        for (const given of ['null', '', '{"value": ', '[]', null]) {
          const response = await askIn(api, target, api.continues(given));
          const text = await response.text();
          assert.equal(response.status, 200, `status of ${JSON.stringify(given)} (${text.slice(0, 120)})`);
        }
      },
    },
    {
      id: `${name}-allowed-tools`,
      checks: 'of allowed_tools with the mode required, one of the allowed tools is called',
      run: async (target) => {
        const tool_choice = ALLOWED[name] ?? notApplicable('the API has no allowed_tools');
        const tools = api.tools(['f', 'g'].map((tool) => ({ name: tool, schema: NO_ARGUMENTS })));
        const response = await askIn(api, target, api.asks(QUESTION, 200), tools, { tool_choice });
        const text = await response.text();
        assert.equal(response.status, 200, `status (${text.slice(0, 120)})`);
        assert.deepEqual(
          [...new Set(api.callsIn(JSON.parse(text) as Json).map((call) => call.name))],
          ['g'],
          'called tools',
        );
      },
    },
  ]);
}

/** Cases of OpenAI's chat alone. */
export const CHAT_CALLS: readonly Case[] = [
  {
    id: 'custom-tool',
    checks:
      'a custom tool is called with free text, whole and streamed; a call that the limit cuts off ends with the reason length',
    run: async (target) => {
      const asked = {
        max_tokens: 200,
        tools: [{ type: 'custom', custom: { name: 'sql' } }],
        tool_choice: { type: 'custom', custom: { name: 'sql' } },
      };
      const response = await chat(target, asked);
      const text = await response.text();
      assert.equal(response.status, 200, `status (${text.slice(0, 120)})`);
      const { choices } = JSON.parse(text) as {
        choices: { finish_reason: string; message: { tool_calls?: Json[] } }[];
      };
      if (choices[0]?.finish_reason !== 'length')
        assert.partialDeepStrictEqual(choices[0]?.message.tool_calls, [{ type: 'custom', custom: { name: 'sql' } }]);
      const stream = await (await chat(target, { ...asked, stream: true })).text();
      assert.match(stream, /"type":"custom".*"name":"sql"|"finish_reason":"length"/);
    },
  },
  {
    id: 'reasoning-object',
    checks: 'reasoning: {effort} counts as reasoning_effort does',
    run: async (target) => {
      for (const body of [{ reasoning: { effort: 'none' } }, { reasoning_effort: 'none' }]) {
        const response = await chat(target, body);
        const text = await response.text();
        assert.equal(response.status, 200, `status (${text.slice(0, 120)})`);
        assert.doesNotMatch(text, /"reasoning(?:_content)?":"/, 'thoughts');
      }
    },
  },
];

/** The same for Responses. */
export const RESPONSES_CALLS: readonly Case[] = [
  {
    id: 'responses-custom-tool',
    checks: 'a custom tool is called with free text; a call that the limit cuts off makes the response incomplete',
    run: async (target) => {
      const response = await post(target, '/v1/responses', {
        model: target.model,
        input: 'Call a tool.',
        max_output_tokens: 200,
        tools: [{ type: 'custom', name: 'sql' }],
        tool_choice: { type: 'custom', name: 'sql' },
      });
      const text = await response.text();
      assert.equal(response.status, 200, `status (${text.slice(0, 120)})`);
      const { status, output } = JSON.parse(text) as { status: string; output: Json[] };
      if (status === 'incomplete') return;
      const made = output.find(({ type }) => type === 'custom_tool_call');
      assert.deepEqual([made?.['name'], typeof made?.['input']], ['sql', 'string']);
    },
  },
];
