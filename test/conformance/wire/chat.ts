import assert from 'node:assert/strict';
import { notApplicable, type Case } from '../case.ts';
import { chat, PIXEL } from './asking.ts';

export const CHAT: readonly Case[] = [
  {
    id: 'fields',
    checks: 'a chat has all the fields that the API requires',
    run: async (target) => {
      const response = await chat(target, {});
      assert.equal(response.status, 200, 'status');
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/, 'content-type');
      const body = (await response.json()) as {
        id: string;
        created: number;
        choices: Record<string, unknown>[];
        usage: Record<string, number>;
      };
      assert.partialDeepStrictEqual(body, {
        object: 'chat.completion',
        model: target.model,
        choices: [{ index: 0, message: { role: 'assistant' } }],
      });
      assert.match(body.id, /^chatcmpl-/);
      assert.ok(
        Math.abs(body.created - Date.now() / 1000) < 120,
        `expected created to be now, found ${String(body.created)}`,
      );
      assert.match(String(body.choices[0]?.['finish_reason']), /^(?:stop|length)$/);
    },
  },
  {
    id: 'null-fields',
    checks: 'fields that are null in the API are null and not missing: logprobs, refusal',
    run: async (target) => {
      const { choices } = (await (await chat(target, {})).json()) as {
        choices: { logprobs?: null; message: { refusal?: null } }[];
      };
      assert.deepEqual(
        { logprobs: choices[0]?.logprobs, refusal: choices[0]?.message.refusal },
        { logprobs: null, refusal: null },
      );
    },
  },
  {
    id: 'usage',
    checks: 'usage counts the prompt, at most as many tokens as were allowed, and their sum',
    run: async (target) => {
      const { usage } = (await (await chat(target, {})).json()) as { usage: Record<string, number> };
      const { prompt_tokens: prompt = 0, completion_tokens: completion = 0, total_tokens: total = 0 } = usage;
      assert.ok(
        prompt > 0 && completion > 0 && completion <= 8 && total === prompt + completion,
        `expected counts that add up, found ${JSON.stringify(usage)}`,
      );
    },
  },
  {
    id: 'request-id',
    checks: 'every answer has its own x-request-id',
    run: async (target) => {
      const ids = await Promise.all(
        [chat(target, {}), chat(target, { stream: true }), chat(target, { messages: [] })].map(async (asked) => {
          const response = await asked;
          await response.arrayBuffer();
          return response.headers.get('x-request-id');
        }),
      );
      assert.ok(
        ids.every((id) => (id ?? '') !== ''),
        `expected three ids, found ${JSON.stringify(ids)}`,
      );
      assert.equal(new Set(ids).size, 3, 'different ids');
    },
  },
  {
    id: 'image',
    checks: 'an image is seen, or refused with 400 by a model that cannot see',
    run: async (target) => {
      const response = await chat(target, {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
            ],
          },
        ],
      });
      const text = await response.text();
      if (response.status !== 200) assert.equal(response.status, 400, `status (${text.slice(0, 100)})`);
    },
  },
  {
    id: 'reasoning-effort',
    checks: 'reasoning_effort is taken, or refused with 400 by a model that does not reason',
    run: async (target) => {
      for (const reasoning_effort of ['none', 'low', 'medium', 'high']) {
        const response = await chat(target, { max_tokens: 2, reasoning_effort });
        const text = await response.text();
        if (response.status !== 200) assert.equal(response.status, 400, `${reasoning_effort} (${text.slice(0, 100)})`);
      }
    },
  },
  {
    id: 'reasoning',
    checks: 'thinking comes as reasoning_content, as most clients read it, and not in the text',
    run: async (target) => {
      const response = await chat(target, { max_tokens: 200, reasoning_effort: 'high' });
      if (response.status === 400) notApplicable('the model does not think, and the server says so');
      const { choices } = (await response.json()) as {
        choices: { message: { content: string | null; reasoning_content?: string; reasoning?: string } }[];
      };
      const message = choices[0]?.message;
      if (
        message?.reasoning_content === undefined &&
        message?.reasoning === undefined &&
        message?.content?.includes('<think>') !== true
      )
        notApplicable('the model did not think');
      assert.equal(typeof message?.reasoning_content, 'string', 'reasoning_content');
      assert.doesNotMatch(message?.content ?? '', /<think>/);
    },
  },
];
