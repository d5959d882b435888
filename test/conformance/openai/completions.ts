import assert from 'node:assert/strict';
import { notApplicable, type Case } from '../case.ts';
import { sdk } from './sdk.ts';

const ONCE = { prompt: 'Once upon a time', max_tokens: 6, temperature: 0 };

export const COMPLETIONS: readonly Case[] = [
  {
    id: 'whole',
    checks: 'a prompt is continued',
    run: async (target) => {
      const body = await sdk(target).completions.create({ model: target.model, ...ONCE });
      assert.partialDeepStrictEqual(body, {
        object: 'text_completion',
        model: target.model,
        choices: [{ index: 0, finish_reason: 'length' }],
      });
      assert.ok((body.usage?.prompt_tokens ?? 0) > 0, 'expected usage');
    },
  },
  {
    id: 'stream',
    checks: 'a stream has the text of the same completion in one piece',
    run: async (target) => {
      const asked = { model: target.model, ...ONCE, seed: 4 };
      const whole = await sdk(target).completions.create(asked);
      let text = '';
      for await (const chunk of await sdk(target).completions.create({ ...asked, stream: true }))
        text += chunk.choices[0]?.text ?? '';
      assert.equal(text, whole.choices[0]?.text);
    },
  },
  {
    id: 'several',
    checks: 'several prompts are answered in order',
    run: async (target) => {
      const { choices } = await sdk(target).completions.create({
        model: target.model,
        ...ONCE,
        prompt: ['Once', 'Twice', 'Thrice'],
      });
      assert.deepEqual(
        choices.map(({ index }) => index),
        [0, 1, 2],
      );
    },
  },
  {
    id: 'echo',
    checks: 'with echo the text begins with its prompt',
    run: async (target) => {
      const { choices } = await sdk(target).completions.create({ model: target.model, ...ONCE, echo: true });
      assert.ok(
        choices[0]?.text.startsWith(ONCE.prompt) === true,
        `expected the prompt first, found ${JSON.stringify(choices[0]?.text)}`,
      );
    },
  },
  {
    id: 'logprobs',
    checks: 'the older log probabilities are four lists of one length',
    run: async (target) => {
      const { choices } = await sdk(target).completions.create({
        model: target.model,
        ...ONCE,
        max_tokens: 24,
        logprobs: 2,
      });
      const {
        tokens = [],
        token_logprobs: values,
        top_logprobs: others,
        text_offset: offsets,
      } = choices[0]?.logprobs ?? {};
      if (choices[0]?.text === '') notApplicable('the model said nothing');
      assert.ok(tokens.length > 0, 'expected tokens, found none');
      assert.deepEqual(
        [values?.length, others?.length, offsets?.length],
        [tokens.length, tokens.length, tokens.length],
      );
    },
  },
];
