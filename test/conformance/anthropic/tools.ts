import assert from 'node:assert/strict';
import type Anthropic from '@anthropic-ai/sdk';
import { notApplicable, type Case, type Target } from '../case.ts';
import { HI, hasCity, sdk, TOOL } from './sdk.ts';

const ASKED = { messages: HI.messages, max_tokens: 300, temperature: 0, tools: [TOOL] };

async function call(
  target: Target,
  tool_choice: Anthropic.ToolChoice,
  messages: Anthropic.MessageParam[] = HI.messages,
): Promise<{ readonly message: Anthropic.Message; readonly made: Anthropic.ToolUseBlock | undefined }> {
  const message = await sdk(target).messages.create({ ...ASKED, model: target.model, messages, tool_choice });
  return { message, made: message.content.find((block) => block.type === 'tool_use') };
}

export const TOOLS: readonly Case[] = [
  ...(
    [
      ['any', { type: 'any' }],
      ['named', { type: 'tool', name: 'get_weather' }],
    ] as const
  ).map(([id, choice]): Case => ({
    id,
    checks: `tool_choice ${id}: the tool is called, with an id and the input that its schema wants, and stop_reason is tool_use`,
    run: async (target) => {
      const { message, made } = await call(target, choice);
      assert.ok(made !== undefined, `expected tool_use, found ${JSON.stringify(message.content).slice(0, 100)}`);
      assert.deepEqual(
        [made.name, made.id !== '', message.stop_reason, hasCity(made.input)],
        ['get_weather', true, 'tool_use', true],
      );
    },
  })),
  {
    id: 'stream',
    checks: 'streamed, the input comes as JSON in pieces',
    run: async (target) => {
      let pieces = '';
      const stream = sdk(target)
        .messages.stream({ ...ASKED, model: target.model, tool_choice: { type: 'any' } })
        .on('streamEvent', (event) => {
          if (event.type === 'content_block_delta' && event.delta.type === 'input_json_delta')
            pieces += event.delta.partial_json;
        });
      const { stop_reason: reason } = await stream.finalMessage();
      assert.equal(reason, 'tool_use', 'stop_reason');
      assert.ok(hasCity(JSON.parse(pieces)), `expected a city, found ${pieces}`);
    },
  },
  {
    id: 'none',
    checks: 'tool_choice none: no tool is called',
    run: async (target) => {
      const { made } = await call(target, { type: 'none' }, [
        { role: 'user', content: 'What is the weather in Paris?' },
      ]);
      assert.equal(made, undefined);
    },
  },
  {
    id: 'own-will',
    checks: 'a call that the model decides on comes as tool_use',
    run: async (target) => {
      const { message, made } = await call(target, { type: 'auto' }, [
        { role: 'user', content: 'What is the weather in Paris?' },
      ]);
      if (made === undefined) notApplicable('the model calls no tool of its own will');
      assert.deepEqual([made.name, message.stop_reason], ['get_weather', 'tool_use']);
    },
  },
  {
    id: 'round-trip',
    checks: 'a call, its result, and an answer to it',
    run: async (target) => {
      const { message, made } = await call(target, { type: 'any' });
      if (made === undefined) notApplicable('no call could be had (see any)');
      const { message: second } = await call(target, { type: 'none' }, [
        ...HI.messages,
        { role: 'assistant', content: message.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: made.id, content: 'sunny, 21 degrees' }] },
      ]);
      assert.equal(second.type, 'message');
    },
  },
];
