import assert from 'node:assert/strict';
import type { Case, Target } from '../case.ts';
import { chat, readEvents } from './asking.ts';

interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: { readonly role?: string; readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: { readonly total_tokens: number } | null;
}

async function stream(target: Target, more: object = {}): Promise<readonly Chunk[]> {
  const events = await readEvents(await chat(target, { stream: true, ...more }));
  assert.equal(events.at(-1)?.data, '[DONE]', 'the end of the stream');
  return events.slice(0, -1).map(({ data }) => data as Chunk); // judged by the case
}

export const STREAM: readonly Case[] = [
  {
    id: 'one-head',
    checks: 'all chunks of a stream have one id, one time, and the requested model',
    run: async (target) => {
      const chunks = await stream(target);
      assert.deepEqual(
        [...new Set(chunks.map(({ object, model }) => `${object} ${model}`))],
        [`chat.completion.chunk ${target.model}`],
      );
      assert.equal(new Set(chunks.map(({ id }) => id)).size, 1, 'ids');
      assert.equal(new Set(chunks.map(({ created }) => created)).size, 1, 'times');
    },
  },
  {
    id: 'role-first',
    checks: 'the role comes first, and every chunk has one choice',
    run: async (target) => {
      const chunks = await stream(target);
      assert.equal(chunks[0]?.choices[0]?.delta.role, 'assistant', 'the first role');
      assert.ok(
        chunks.every(({ choices }) => choices.length === 1 && choices[0]?.index === 0),
        'expected one choice in each chunk',
      );
    },
  },
  {
    id: 'one-reason',
    checks: 'one chunk has a finish_reason, the last, and all others null',
    run: async (target) => {
      const reasons = (await stream(target)).map(({ choices }) => choices[0]?.finish_reason);
      assert.ok(
        reasons.slice(0, -1).every((reason) => reason === null) && typeof reasons.at(-1) === 'string',
        `expected nulls and a reason, found ${JSON.stringify(reasons)}`,
      );
    },
  },
  {
    id: 'no-usage-unasked',
    checks: 'without include_usage no chunk has usage',
    run: async (target) => {
      assert.ok(
        (await stream(target)).every(({ usage }) => usage === undefined || usage === null),
        'expected no usage, found some',
      );
    },
  },
  {
    id: 'usage',
    checks: 'with include_usage there is one more chunk, without choices, and all others say null',
    run: async (target) => {
      const chunks = await stream(target, { stream_options: { include_usage: true } });
      assert.deepEqual(chunks.at(-1)?.choices, [], 'choices of the last chunk');
      assert.ok((chunks.at(-1)?.usage?.total_tokens ?? 0) > 0, 'expected counts in the last chunk');
      assert.deepEqual(
        [...new Set(chunks.slice(0, -1).map(({ usage }) => (usage === undefined ? 'missing' : usage)))],
        [null],
        'usage of the others',
      );
    },
  },
  {
    id: 'n',
    checks: 'several choices are streamed with their indices, each with its role and its reason',
    run: async (target) => {
      const choices = (await stream(target, { n: 2 })).flatMap((chunk) => chunk.choices);
      for (const index of [0, 1]) {
        const own = choices.filter((choice) => choice.index === index);
        assert.equal(own[0]?.delta.role, 'assistant', `role of choice ${String(index)}`);
        assert.equal(
          own.filter(({ finish_reason: reason }) => reason !== null).length,
          1,
          `reasons of choice ${String(index)}`,
        );
      }
    },
  },
];
