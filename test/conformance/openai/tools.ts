import assert from 'node:assert/strict';
import type {
  ChatCompletion,
  ChatCompletionMessageParam,
  ChatCompletionToolChoiceOption,
} from 'openai/resources/chat/completions';
import { notApplicable, type Case, type Target } from '../case.ts';
import { HI } from '../wire/asking.ts';
import { namesCity, QUESTION, sdk, WEATHER } from './sdk.ts';

const NAMED = { type: 'function' as const, function: { name: 'get_weather' } };

async function call(
  target: Target,
  tool_choice: ChatCompletionToolChoiceOption,
  messages: ChatCompletionMessageParam[] = QUESTION,
): Promise<ChatCompletion.Choice | undefined> {
  const { choices } = await sdk(target).chat.completions.create({
    model: target.model,
    messages,
    tools: [WEATHER],
    tool_choice,
    max_tokens: 300,
    temperature: 0,
    seed: 2,
  });
  return choices[0];
}

/** A call of the weather tool, streamed: the text collected for each index. */
async function streamed(
  target: Target,
  tool_choice: ChatCompletionToolChoiceOption,
): Promise<{
  readonly calls: ReadonlyMap<number, { id: string; name: string; arguments: string }>;
  readonly reason: string | null;
}> {
  const calls = new Map<number, { id: string; name: string; arguments: string }>();
  let reason: string | null = null;
  for await (const chunk of await sdk(target).chat.completions.create({
    model: target.model,
    messages: QUESTION,
    tools: [WEATHER],
    tool_choice,
    max_tokens: 300,
    temperature: 0,
    stream: true,
  })) {
    reason = chunk.choices[0]?.finish_reason ?? reason;
    for (const delta of chunk.choices[0]?.delta.tool_calls ?? []) {
      const known = calls.get(delta.index) ?? { id: delta.id ?? '', name: delta.function?.name ?? '', arguments: '' };
      calls.set(delta.index, { ...known, arguments: known.arguments + (delta.function?.arguments ?? '') });
    }
  }
  return { calls, reason };
}

export const TOOLS: readonly Case[] = [
  ...(
    [
      ['required', 'required'],
      ['named', NAMED],
    ] as const
  ).map(([id, choice]): Case => ({
    id,
    checks: `tool_choice ${id}: the tool is called, with an id and arguments that are JSON as its schema wants them`,
    run: async (target) => {
      const choice_ = await call(target, choice, HI.messages);
      const [made] = choice_?.message.tool_calls ?? [];
      assert.ok(
        made?.type === 'function',
        `expected a call, found ${JSON.stringify(choice_?.message.content).slice(0, 100)}`,
      );
      assert.deepEqual(
        [choice_?.finish_reason, made.function.name, made.id !== ''],
        ['tool_calls', 'get_weather', true],
      );
      assert.ok(namesCity(made.function.arguments), `expected a city, found ${made.function.arguments}`);
    },
  })),
  {
    id: 'required-stream',
    checks: 'streamed, the call has one index, its id and name first, then its arguments, and the reason is tool_calls',
    run: async (target) => {
      const { calls, reason } = await streamed(target, 'required');
      const [[index, made] = []] = [...calls];
      assert.deepEqual([index, made?.name, made?.id !== '', reason], [0, 'get_weather', true, 'tool_calls']);
      assert.ok(namesCity(made?.arguments ?? ''), `expected a city, found ${made?.arguments ?? ''}`);
    },
  },
  {
    id: 'none',
    checks: 'tool_choice none: no tool is called',
    run: async (target) => {
      const choice = await call(target, 'none');
      assert.equal(choice?.message.tool_calls?.length ?? 0, 0, 'calls');
    },
  },
  {
    id: 'own-will',
    checks: 'a call that the model decides on comes as tool_calls, and not as text',
    run: async (target) => {
      const choice = await call(target, 'auto');
      const [made] = choice?.message.tool_calls ?? [];
      if (made?.type !== 'function') notApplicable('the model calls no tool of its own will');
      assert.deepEqual(
        [choice?.finish_reason, made.function.name, namesCity(made.function.arguments)],
        ['tool_calls', 'get_weather', true],
      );
    },
  },
  {
    id: 'own-will-stream',
    checks: 'the same holds for a stream',
    run: async (target) => {
      const { calls, reason } = await streamed(target, 'auto');
      if (calls.size === 0) notApplicable('the model calls no tool of its own will');
      assert.deepEqual([[...calls.keys()][0], calls.get(0)?.name, reason], [0, 'get_weather', 'tool_calls']);
    },
  },
  {
    id: 'round-trip',
    checks: 'a call, its result, and an answer to it',
    run: async (target) => {
      const made = (await call(target, 'required'))?.message;
      const id = made?.tool_calls?.[0]?.id;
      if (made === undefined || id === undefined) notApplicable('no call could be had (see required)');
      const choice = await call(target, 'none', [
        ...QUESTION,
        made,
        { role: 'tool', tool_call_id: id, content: 'sunny, 21 degrees' },
      ]);
      assert.equal(typeof choice?.message.content, 'string', 'content');
    },
  },
];
