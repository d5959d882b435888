import assert from 'node:assert/strict';
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { notApplicable, type Case } from '../case.ts';
import { namesCity, QUESTION, sdk, WEATHER } from '../openai/sdk.ts';

const TOOL = {
  type: 'function' as const,
  name: 'get_weather',
  description: WEATHER.function.description,
  parameters: WEATHER.function.parameters,
  strict: true,
};
const ASKED = { tools: [TOOL], max_output_tokens: 300, temperature: 0 };

export const RESPONSE_TOOLS: readonly Case[] = [
  {
    id: 'required',
    checks: 'tool_choice required: the tool is called, with a call_id and arguments as its schema wants them',
    run: async (target) => {
      const { output } = await sdk(target).responses.create({
        model: target.model,
        ...ASKED,
        input: 'Hello',
        tool_choice: 'required',
      });
      const call = output.find((item) => item.type === 'function_call');
      assert.ok(call !== undefined, `expected a function_call, found ${output.map(({ type }) => type).join(', ')}`);
      assert.deepEqual([call.name, call.call_id !== '', namesCity(call.arguments)], ['get_weather', true, true]);
    },
  },
  {
    id: 'stream',
    checks: 'streamed, the arguments come in pieces and once whole',
    run: async (target) => {
      let pieces = '';
      let whole: string | undefined;
      for await (const event of await sdk(target).responses.create({
        model: target.model,
        ...ASKED,
        input: 'Hello',
        tool_choice: 'required',
        stream: true,
      })) {
        if (event.type === 'response.function_call_arguments.delta') pieces += event.delta;
        if (event.type === 'response.function_call_arguments.done') whole = event.arguments;
      }
      assert.ok(whole !== undefined, 'expected the arguments once whole, found none');
      assert.equal(pieces, whole, 'the pieces');
      assert.ok(namesCity(whole), `expected a city, found ${whole}`);
    },
  },
  {
    id: 'round-trip',
    checks: 'the output is sent back with the result, and is answered',
    run: async (target) => {
      const input: ResponseInputItem[] = [...QUESTION];
      const first = await sdk(target).responses.create({
        model: target.model,
        ...ASKED,
        input,
        tool_choice: 'required',
      });
      const call =
        first.output.find((item) => item.type === 'function_call') ??
        notApplicable('no call could be had (see required)');
      input.push(call, { type: 'function_call_output', call_id: call.call_id, output: 'sunny, 21 degrees' });
      const second = await sdk(target).responses.create({
        model: target.model,
        ...ASKED,
        input,
        tool_choice: 'none',
        max_output_tokens: 16,
      });
      assert.equal(second.output.at(-1)?.type, 'message', 'the last item');
    },
  },
];
