import assert from 'node:assert/strict';
import { HI, post, sdk, type Case } from '../target.ts';

export const CHAT: readonly Case[] = [
  {
    name: 'a chat has all the fields that the API requires',
    check: async (target) => {
      const response = await post(target, '/chat/completions', { model: target.chat, ...HI });
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
      assert.ok((response.headers.get('x-request-id') ?? '') !== '');
      const body = (await response.json()) as { id: string; created: number; choices: Record<string, unknown>[]; usage: Record<string, number> };
      assert.partialDeepStrictEqual(body, { object: 'chat.completion', model: target.chat, choices: [{ index: 0, logprobs: null, message: { role: 'assistant', refusal: null } }] });
      assert.match(body.id, /^chatcmpl-/);
      assert.ok(Math.abs(body.created - Date.now() / 1000) < 120);
      assert.match(String(body.choices[0]?.['finish_reason']), /^(?:stop|length)$/);
      const { prompt_tokens: prompt = 0, completion_tokens: completion = 0, total_tokens: total = 0 } = body.usage;
      assert.ok(prompt > 0 && completion > 0 && completion <= 8 && total === prompt + completion);
    },
  },
  {
    name: 'ids are never the same, however often they are asked for',
    check: async (target) => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => sdk(target).chat.completions.create({ model: target.chat, ...HI, max_tokens: 1 })));
      assert.equal(new Set(answers.map(({ id }) => id)).size, 12);
    },
  },
  {
    name: 'a limit holds by either name, and 0 is one',
    check: async (target) => {
      const { messages } = HI;
      for (const limit of [{ max_tokens: 2 }, { max_completion_tokens: 2 }]) {
        const { choices, usage } = await sdk(target).chat.completions.create({ model: target.chat, messages, ...limit });
        assert.ok((usage?.completion_tokens ?? 9) <= 2);
        assert.ok(choices[0]?.finish_reason === 'length' || choices[0]?.finish_reason === 'stop');
      }
      const { choices } = await sdk(target).chat.completions.create({ model: target.chat, ...HI, max_tokens: 0 });
      assert.deepEqual([choices[0]?.message.content, choices[0]?.finish_reason], ['', 'length']);
    },
  },
  {
    name: 'one seed gives one answer',
    check: async (target) => {
      const texts = new Set<string>();
      for (let turn = 0; turn < 3; turn += 1) {
        const { choices } = await sdk(target).chat.completions.create({ model: target.chat, ...HI, temperature: 1, seed: 11 });
        texts.add(choices[0]?.message.content ?? '');
      }
      assert.equal(texts.size, 1);
    },
  },
  {
    name: 'n choices come with their indices, and the prompt counts once',
    check: async (target) => {
      const one = await sdk(target).chat.completions.create({ model: target.chat, ...HI });
      const { choices, usage } = await sdk(target).chat.completions.create({ model: target.chat, ...HI, n: 3 });
      assert.deepEqual(choices.map(({ index, message }) => [index, message.role]), [[0, 'assistant'], [1, 'assistant'], [2, 'assistant']]);
      assert.equal(usage?.prompt_tokens, one.usage?.prompt_tokens);
    },
  },
  {
    name: 'a stop sequence ends the answer and is no part of it',
    check: async (target) => {
      const whole = await sdk(target).chat.completions.create({ model: target.chat, ...HI, max_tokens: 12, seed: 3 });
      const text = whole.choices[0]?.message.content ?? '';
      const stop = text.slice(Math.floor(text.length / 2)).slice(0, 2);
      if (stop.trim().length < 2) return;
      const { choices } = await sdk(target).chat.completions.create({ model: target.chat, ...HI, max_tokens: 12, seed: 3, stop: [stop] });
      assert.deepEqual([choices[0]?.message.content, choices[0]?.finish_reason], [text.slice(0, text.indexOf(stop)), 'stop']);
    },
  },
  {
    name: 'log probabilities come for every token of the text, with as many others as were asked for',
    check: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({ model: target.chat, ...HI, logprobs: true, top_logprobs: 2 });
      const tokens = choices[0]?.logprobs?.content ?? [];
      assert.ok(tokens.length > 0 || choices[0]?.message.content === '');
      for (const token of tokens) {
        assert.deepEqual([typeof token.token, token.logprob <= 0, token.top_logprobs.length <= 2], ['string', true, true]);
        assert.ok(token.bytes === null || Array.isArray(token.bytes));
      }
    },
  },
  {
    name: 'developers, parts, null contents and earlier calls of tools are understood',
    check: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({
        ...HI,
        model: target.chat,
        messages: [
          { role: 'developer', content: 'Be short.' },
          { role: 'user', content: [{ type: 'text', text: 'What is' }, { type: 'text', text: 'the weather?' }] },
          { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } }] },
          { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
        ],
      });
      assert.equal(choices[0]?.message.role, 'assistant');
    },
  },
  {
    name: 'an image is seen, or refused by a model that cannot see; one by its address is never fetched',
    check: async (target) => {
      const pixel = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
      const show = (url: string): Promise<Response> => post(target, '/chat/completions', { ...HI, model: target.chat, messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url } }] }] });
      const shown = await show(pixel);
      if (shown.status !== 200) {
        assert.equal(shown.status, 400);
        assert.partialDeepStrictEqual(await shown.json(), { error: { type: 'invalid_request_error', param: 'messages' } });
      }
      const fetched = await show('http://127.0.0.1/a.png');
      assert.equal(fetched.status, 400);
      assert.partialDeepStrictEqual(await fetched.json(), { error: { param: 'messages[0].content[1].image_url.url' } });
    },
  },
  {
    name: 'reasoning may be asked for of any model',
    check: async (target) => {
      for (const reasoning_effort of ['none', 'minimal', 'low', 'medium', 'high']) assert.equal((await post(target, '/chat/completions', { model: target.chat, ...HI, max_tokens: 2, reasoning_effort })).status, 200, reasoning_effort);
    },
  },
];
