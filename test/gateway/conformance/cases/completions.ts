import assert from 'node:assert/strict';
import { parseEvents } from '../../sse.ts';
import { post, sdk, type Case } from '../target.ts';

const ONCE = { prompt: 'Once upon a time', max_tokens: 6, temperature: 0 };

export const COMPLETIONS: readonly Case[] = [
  {
    name: 'a prompt is gone on with',
    check: async (target) => {
      const body = await sdk(target).completions.create({ model: target.chat, ...ONCE });
      assert.partialDeepStrictEqual(body, { object: 'text_completion', model: target.chat, choices: [{ index: 0, logprobs: null }] });
      assert.match(body.id, /^cmpl-/);
      assert.ok((body.usage?.prompt_tokens ?? 0) > 0 && (body.usage?.completion_tokens ?? 9) <= 6);
      assert.match(body.choices[0]?.finish_reason ?? '', /^(?:stop|length)$/);
    },
  },
  {
    name: 'several prompts are answered in order, each begins with its prompt where that is wanted',
    check: async (target) => {
      const prompt = ['Once', 'Twice', 'Thrice'];
      const { choices } = await sdk(target).completions.create({ model: target.chat, ...ONCE, prompt, echo: true });
      assert.deepEqual(choices.map(({ index }) => index), [0, 1, 2]);
      for (const [index, { text }] of choices.entries()) assert.ok(text.startsWith(prompt[index] ?? '?'));
    },
  },
  {
    name: 'a stream of text says what the same completion says in one piece',
    check: async (target) => {
      const asked = { model: target.chat, ...ONCE, seed: 4 };
      const whole = await sdk(target).completions.create(asked);
      const response = await post(target, '/completions', { ...asked, stream: true, stream_options: { include_usage: true } });
      const events = parseEvents(await response.text());
      const chunks = events.slice(0, -1) as readonly { choices: { text: string; finish_reason: string | null }[]; usage: object | null }[];
      assert.equal(chunks.flatMap(({ choices }) => choices.map(({ text }) => text)).join(''), whole.choices[0]?.text);
      assert.deepEqual(chunks.at(-1)?.usage, whole.usage);
      assert.equal(chunks.flatMap(({ choices }) => choices).filter(({ finish_reason: reason }) => reason !== null).length, 1);
    },
  },
  {
    name: 'the older log probabilities are four lists of one length',
    check: async (target) => {
      const { choices } = await sdk(target).completions.create({ model: target.chat, ...ONCE, logprobs: 2 });
      const { tokens, token_logprobs: values, top_logprobs: others, text_offset: offsets } = choices[0]?.logprobs ?? {};
      const length = tokens?.length ?? 0;
      assert.ok(length > 0 || choices[0]?.text === '');
      assert.deepEqual([values?.length ?? 0, others?.length ?? 0, offsets?.length ?? 0], [length, length, length]);
    },
  },
  {
    name: 'a prompt of tokens is refused',
    check: async (target) => {
      await assert.rejects(sdk(target).completions.create({ model: target.chat, prompt: [1, 2, 3] }), { status: 400, param: 'prompt' });
    },
  },
];
