import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { HI } from '../wire/asking.ts';
import { sdk } from './sdk.ts';

export const STREAM: readonly Case[] = [
  {
    id: 'same-as-whole',
    checks: 'a stream has the text of the same chat in one piece',
    run: async (target) => {
      const asked = { model: target.model, ...HI, seed: 5 };
      const whole = await sdk(target).chat.completions.create(asked);
      let text = '';
      for await (const chunk of await sdk(target).chat.completions.create({ ...asked, stream: true }))
        text += chunk.choices[0]?.delta.content ?? '';
      assert.equal(text, whole.choices[0]?.message.content);
    },
  },
  {
    id: 'usage',
    checks: 'a stream has the counts of the same chat in one piece',
    run: async (target) => {
      const asked = { model: target.model, ...HI, seed: 5 };
      const whole = await sdk(target).chat.completions.create(asked);
      const final = await sdk(target)
        .chat.completions.stream({ ...asked, stream_options: { include_usage: true } })
        .finalChatCompletion();
      assert.deepEqual(
        [final.usage?.prompt_tokens, final.usage?.completion_tokens],
        [whole.usage?.prompt_tokens, whole.usage?.completion_tokens],
      );
    },
  },
  {
    id: 'length',
    checks: 'a stream that ends at its limit has the finish_reason length',
    run: async (target) => {
      const { choices } = await sdk(target)
        .chat.completions.stream({ model: target.model, messages: HI.messages, max_completion_tokens: 2 })
        .finalChatCompletion()
        .catch((error: unknown) => {
          // The SDK's helper has an error of its own for this reason.
          if (error instanceof Error && error.constructor.name === 'LengthFinishReasonError')
            return { choices: [{ finish_reason: 'length' }] };
          throw error;
        });
      assert.equal(choices[0]?.finish_reason, 'length');
    },
  },
  {
    id: 'abort',
    checks: 'a stream that is aborted ends at once, and the server goes on serving',
    run: async (target) => {
      const stream = await sdk(target).chat.completions.create({
        model: target.model,
        ...HI,
        max_tokens: 2000,
        stream: true,
      });
      let chunks = 0;
      for await (const chunk of stream) {
        chunks += chunk.choices.length;
        stream.controller.abort();
      }
      assert.ok(chunks > 0, 'expected a chunk before the end');
      assert.equal((await sdk(target).chat.completions.create({ model: target.model, ...HI })).choices.length, 1);
    },
  },
];
