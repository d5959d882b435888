import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { notApplicable, type Case } from '../case.ts';
import { findStop, HI } from '../wire/asking.ts';
import { sdk } from './sdk.ts';

export const CHAT: readonly Case[] = [
  {
    id: 'whole',
    checks: 'a chat answers',
    run: async (target) => {
      const { choices, _request_id: id } = await sdk(target).chat.completions.create({ model: target.model, ...HI });
      assert.deepEqual(
        [choices.length, choices[0]?.message.role, typeof choices[0]?.message.content],
        [1, 'assistant', 'string'],
      );
      assert.ok((id ?? '') !== '', 'expected _request_id, found none');
    },
  },
  {
    id: 'unique-ids',
    checks: 'ids are unique',
    run: async (target) => {
      // Eighty out of a thousand numbers drawn at random are all different once in twenty-four times.
      const ids = new Set<string>();
      for (let round = 0; round < 10; round += 1) {
        const answers = await Promise.all(
          Array.from({ length: 8 }, () =>
            sdk(target).chat.completions.create({ model: target.model, ...HI, max_tokens: 1 }),
          ),
        );
        for (const { id } of answers) ids.add(id);
      }
      assert.equal(ids.size, 80, 'different ids of 80');
    },
  },
  ...(['max_tokens', 'max_completion_tokens'] as const).map((limit): Case => ({
    id: limit,
    checks: `${limit} holds, and finish_reason is length`,
    run: async (target) => {
      const { choices, usage } = await sdk(target).chat.completions.create({
        model: target.model,
        messages: HI.messages,
        temperature: 0,
        [limit]: 2,
      });
      assert.deepEqual([usage?.completion_tokens, choices[0]?.finish_reason], [2, 'length'], 'tokens and reason');
    },
  })),
  {
    id: 'seed',
    checks: 'one seed gives one answer',
    run: async (target) => {
      const texts = new Set<string>();
      for (let turn = 0; turn < 3; turn += 1)
        texts.add(
          (await sdk(target).chat.completions.create({ model: target.model, ...HI, temperature: 1, seed: 11 }))
            .choices[0]?.message.content ?? '',
        );
      assert.equal(texts.size, 1, 'different answers');
    },
  },
  {
    id: 'n',
    checks: 'n choices come with their indices, and the prompt counts once',
    run: async (target) => {
      const one = await sdk(target).chat.completions.create({ model: target.model, ...HI });
      const { choices, usage } = await sdk(target).chat.completions.create({ model: target.model, ...HI, n: 3 });
      assert.deepEqual(
        choices.map(({ index }) => index),
        [0, 1, 2],
        'indices',
      );
      assert.equal(usage?.prompt_tokens, one.usage?.prompt_tokens, 'prompt_tokens');
    },
  },
  {
    id: 'stop',
    checks: 'a stop sequence ends the answer and is not part of it',
    run: async (target) => {
      // Random weights produce bytes that are no characters and are left out, so adjacent characters in the text may not have been
      // adjacent: one answer that stops is enough.
      let seen: { readonly wanted: unknown; readonly seen: unknown } | undefined;
      for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
        const asked = { ...HI, model: target.model, max_tokens: 16, temperature: 1, seed };
        const text = (await sdk(target).chat.completions.create(asked)).choices[0]?.message.content ?? '';
        const stop = findStop(text);
        if (stop === undefined) continue;
        const { choices } = await sdk(target).chat.completions.create({ ...asked, stop: [stop] });
        const wanted = [text.slice(0, text.indexOf(stop)), 'stop'];
        seen = { wanted, seen: [choices[0]?.message.content, choices[0]?.finish_reason] };
        if (isDeepStrictEqual(seen.seen, wanted)) return;
      }
      if (seen === undefined) notApplicable('no answer had two plain characters to stop at');
      assert.deepEqual(seen.seen, seen.wanted);
    },
  },
  {
    id: 'logprobs',
    checks: 'log probabilities come for the tokens of the text, with top_logprobs alternatives',
    run: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({
        model: target.model,
        ...HI,
        logprobs: true,
        top_logprobs: 2,
      });
      const tokens = choices[0]?.logprobs?.content ?? [];
      assert.ok(tokens.length > 0, 'expected logprobs.content, found none');
      for (const token of tokens)
        assert.deepEqual([typeof token.token, token.logprob <= 0, token.top_logprobs.length], ['string', true, 2]);
    },
  },
  {
    id: 'roles',
    checks: 'developer messages, content parts, null contents and earlier tool calls are accepted',
    run: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({
        ...HI,
        model: target.model,
        messages: [
          { role: 'developer', content: 'Be short.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is' },
              { type: 'text', text: 'the weather?' },
            ],
          },
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
        ],
      });
      assert.equal(choices[0]?.message.role, 'assistant');
    },
  },
];
