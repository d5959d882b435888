import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { HI, sdk, type Case } from '../target.ts';

const WEATHER = {
  type: 'function' as const,
  function: { name: 'get_weather', description: 'The weather of a city.', parameters: { type: 'object', properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } }, required: ['city'] } },
};
const QUESTION = { ...HI, max_tokens: 200, messages: [{ role: 'user' as const, content: 'What is the weather in Paris?' }], tools: [WEATHER] };

export const TOOLS: readonly Case[] = [
  {
    name: 'tools are taken, whether or not the model can call any',
    check: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({ model: target.chat, ...QUESTION, max_tokens: 8 });
      assert.match(choices[0]?.finish_reason ?? '', /^(?:stop|length|tool_calls)$/);
    },
  },
  {
    name: 'a call has an id, a name, and arguments that are JSON',
    needs: 'tools',
    check: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({ model: target.tools ?? '', ...QUESTION });
      const [call] = choices[0]?.message.tool_calls ?? [];
      assert.deepEqual([choices[0]?.finish_reason, choices[0]?.message.content, call?.type], ['tool_calls', null, 'function']);
      assert.ok(call?.type === 'function' && call.id !== '');
      assert.equal(call.function.name, 'get_weather');
      assert.equal(typeof (JSON.parse(call.function.arguments) as { city: unknown }).city, 'string');
    },
  },
  {
    name: 'a streamed call has its index, id and name first, then its arguments, and ends with tool_calls',
    needs: 'tools',
    check: async (target) => {
      const calls = new Map<number, { id: string; name: string; arguments: string }>();
      const reasons: string[] = [];
      for await (const chunk of await sdk(target).chat.completions.create({ model: target.tools ?? '', ...QUESTION, stream: true })) {
        const [choice] = chunk.choices;
        if (typeof choice?.finish_reason === 'string') reasons.push(choice.finish_reason);
        for (const delta of choice?.delta.tool_calls ?? []) {
          const known = calls.get(delta.index);
          if (known === undefined) calls.set(delta.index, { id: delta.id ?? '', name: delta.function?.name ?? '', arguments: delta.function?.arguments ?? '' });
          else known.arguments += delta.function?.arguments ?? '';
        }
      }
      assert.deepEqual([[...calls.keys()], reasons], [[0], ['tool_calls']]);
      const call = calls.get(0);
      assert.deepEqual([call?.id !== '', call?.name], [true, 'get_weather']);
      assert.equal(typeof (JSON.parse(call?.arguments ?? '') as { city: unknown }).city, 'string');
    },
  },
  {
    name: 'a tool that has to be called is called, or the request is refused',
    check: async (target) => {
      for (const tool_choice of ['required' as const, { type: 'function' as const, function: { name: 'get_weather' } }]) {
        const asked = sdk(target).chat.completions.create({ model: target.chat, ...QUESTION, max_tokens: 400, seed: 2, temperature: 1, messages: HI.messages, tool_choice });
        const answer = await asked.catch((error: unknown) => error);
        if (answer instanceof OpenAI.APIError) assert.deepEqual([answer.status, answer.param], [400, 'tool_choice']);
        else {
          const [choice] = (await asked).choices;
          const [call] = choice?.message.tool_calls ?? [];
          assert.ok(call?.type === 'function');
          assert.deepEqual([choice?.finish_reason, call.function.name, typeof (JSON.parse(call.function.arguments) as { city: unknown }).city], ['tool_calls', 'get_weather', 'string']);
        }
      }
    },
  },
  {
    name: 'where none is to be called none is',
    needs: 'tools',
    check: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({ model: target.tools ?? '', ...QUESTION, max_tokens: 8, tool_choice: 'none' });
      assert.equal(choices[0]?.message.tool_calls, undefined);
    },
  },
];
