import assert from 'node:assert/strict';
import { parseEvents } from '../../sse.ts';
import { HI, post, sdk, type Case } from '../target.ts';

interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly { readonly index: number; readonly delta: { readonly role?: string; readonly content?: string }; readonly finish_reason: string | null }[];
  readonly usage?: { readonly total_tokens: number } | null;
}

export const STREAMING: readonly Case[] = [
  {
    name: 'a stream is server-sent events to the letter: one head, the role first, one reason in a chunk of its own, [DONE]',
    check: async (target) => {
      const response = await post(target, '/chat/completions', { model: target.chat, ...HI, stream: true });
      assert.deepEqual(['content-type', 'cache-control', 'x-accel-buffering', 'content-length', 'content-encoding'].map((name) => response.headers.get(name)), ['text/event-stream; charset=utf-8', 'no-cache', 'no', null, null]);
      assert.ok((response.headers.get('x-request-id') ?? '') !== '');
      const events = parseEvents(await response.text());
      assert.equal(events.at(-1), '[DONE]');
      const chunks = events.slice(0, -1) as readonly Chunk[];
      assert.equal(new Set(chunks.map(({ id, object, created, model }) => `${id} ${object} ${String(created)} ${model}`)).size, 1);
      assert.deepEqual([chunks[0]?.object, chunks[0]?.model, chunks[0]?.choices[0]?.delta.role], ['chat.completion.chunk', target.chat, 'assistant']);
      assert.ok(chunks.every(({ choices }) => choices.length === 1 && choices[0]?.index === 0));
      assert.deepEqual(chunks.map(({ choices }) => typeof choices[0]?.finish_reason === 'string'), chunks.map((_, index) => index === chunks.length - 1));
      assert.deepEqual(chunks.at(-1)?.choices[0]?.delta, {});
      assert.ok(chunks.every((chunk) => !('usage' in chunk)));
    },
  },
  {
    name: 'with include_usage there is one more chunk, without choices, and all others say null',
    check: async (target) => {
      const response = await post(target, '/chat/completions', { model: target.chat, ...HI, stream: true, stream_options: { include_usage: true } });
      const chunks = parseEvents(await response.text()).slice(0, -1) as readonly Chunk[];
      const last = chunks.at(-1);
      assert.deepEqual(last?.choices, []);
      assert.ok((last?.usage?.total_tokens ?? 0) > 0);
      assert.ok(chunks.slice(0, -1).every(({ usage }) => usage === null));
    },
  },
  {
    name: 'a stream says what the same chat says in one piece',
    check: async (target) => {
      const asked = { model: target.chat, ...HI, seed: 5 };
      const whole = await sdk(target).chat.completions.create(asked);
      let text = '';
      for await (const chunk of await sdk(target).chat.completions.create({ ...asked, stream: true })) text += chunk.choices[0]?.delta.content ?? '';
      assert.equal(text, whole.choices[0]?.message.content);
    },
  },
  {
    name: 'several choices are streamed side by side, each with its index, role and reason',
    check: async (target) => {
      const response = await post(target, '/chat/completions', { model: target.chat, ...HI, n: 2, stream: true });
      const events = parseEvents(await response.text());
      const choices = (events.slice(0, -1) as readonly Chunk[]).flatMap((chunk) => chunk.choices);
      for (const index of [0, 1]) {
        const own = choices.filter((choice) => choice.index === index);
        assert.equal(own[0]?.delta.role, 'assistant');
        assert.equal(own.filter(({ finish_reason: reason }) => reason !== null).length, 1);
      }
      assert.equal(events.at(-1), '[DONE]');
    },
  },
  {
    name: 'a stream that is aborted ends, and the server goes on serving',
    check: async (target) => {
      const stream = await sdk(target).chat.completions.create({ model: target.chat, ...HI, max_tokens: 2000, stream: true });
      for await (const chunk of stream) {
        assert.ok(chunk.id !== '');
        stream.controller.abort();
      }
      const { choices } = await sdk(target).chat.completions.create({ model: target.chat, ...HI });
      assert.equal(choices.length, 1);
    },
  },
];
