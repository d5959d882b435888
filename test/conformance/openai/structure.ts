import assert from 'node:assert/strict';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import type { Case } from '../case.ts';
import { HI } from '../wire/asking.ts';
import { isVerdict, sdk, VERDICT } from './sdk.ts';

export const STRUCTURE: readonly Case[] = [
  {
    id: 'json-schema',
    checks: 'an answer keeps to its schema',
    run: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({
        model: target.model,
        ...HI,
        max_tokens: 300,
        seed: 1,
        response_format: { type: 'json_schema', json_schema: { name: 'verdict', schema: VERDICT, strict: true } },
      });
      assert.ok(
        isVerdict(JSON.parse(choices[0]?.message.content ?? '')),
        `expected a verdict, found ${choices[0]?.message.content ?? ''}`,
      );
    },
  },
  {
    id: 'json-schema-stream',
    checks: 'the same holds for a stream',
    run: async (target) => {
      let text = '';
      for await (const chunk of await sdk(target).chat.completions.create({
        model: target.model,
        ...HI,
        max_tokens: 300,
        seed: 1,
        stream: true,
        response_format: { type: 'json_schema', json_schema: { name: 'verdict', schema: VERDICT, strict: true } },
      }))
        text += chunk.choices[0]?.delta.content ?? '';
      assert.ok(isVerdict(JSON.parse(text)), `expected a verdict, found ${text}`);
    },
  },
  {
    id: 'parse-zod',
    checks: 'chat.completions.parse gives what a zod schema describes',
    run: async (target) => {
      const format = zodResponseFormat(z.object({ answer: z.enum(['yes', 'no']), sure: z.boolean() }), 'verdict');
      const { choices } = await sdk(target).chat.completions.parse({
        model: target.model,
        ...HI,
        max_tokens: 300,
        seed: 1,
        response_format: format,
      });
      assert.ok(
        isVerdict(choices[0]?.message.parsed),
        `expected a verdict, found ${JSON.stringify(choices[0]?.message.parsed)}`,
      );
    },
  },
  {
    id: 'json-object',
    checks: 'json_object gives JSON, or ends at its limit with the reason length',
    run: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({
        model: target.model,
        ...HI,
        max_tokens: 100,
        seed: 1,
        response_format: { type: 'json_object' },
      });
      const text = choices[0]?.message.content ?? '';
      if (choices[0]?.finish_reason === 'length') assert.match(text, /^\s*[[{]/);
      else assert.equal(typeof JSON.parse(text), 'object');
    },
  },
];
