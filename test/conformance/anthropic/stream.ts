import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { post, readEvents } from '../wire/asking.ts';
import { HI, sdk } from './sdk.ts';

export const STREAM: readonly Case[] = [
  {
    id: 'order',
    checks: 'events come in the API’s order, each named as its type',
    run: async (target) => {
      const events = await readEvents(
        await post(
          target,
          '/v1/messages',
          { model: target.model, ...HI, max_tokens: 64, stream: true },
          { 'x-api-key': target.key, 'anthropic-version': '2023-06-01' },
        ),
      );
      const data = events.map((event) => event.data as { type: string; index?: number }); // judged here
      assert.deepEqual(
        events.map(({ event }) => event),
        data.map(({ type }) => type),
        'names of events',
      );
      const types = data.map(({ type }) => type).filter((type) => type !== 'ping');
      assert.deepEqual([types[0], types.slice(-2)], ['message_start', ['message_delta', 'message_stop']], 'the ends');
      const blocks = types.slice(1, -2).filter((type, at, all) => type !== all[at - 1]);
      assert.ok(
        blocks.length > 0 &&
          blocks.every(
            (type, at) => type === ['content_block_start', 'content_block_delta', 'content_block_stop'][at % 3],
          ),
        `expected blocks that start, grow and stop, found ${blocks.join(' ')}`,
      );
      const indices = data.filter(({ type }) => type === 'content_block_start').map(({ index }) => index);
      assert.deepEqual(
        indices,
        indices.map((_, at) => at),
        'indices of blocks',
      );
    },
  },
  {
    id: 'sdk',
    checks: 'the SDK puts the stream together to the message of the same request in one piece',
    run: async (target) => {
      const asked = { model: target.model, ...HI };
      const whole = await sdk(target).messages.create(asked);
      const final = await sdk(target).messages.stream(asked).finalMessage();
      const said = ({ content, stop_reason: reason, usage }: typeof whole): unknown => [
        content.map((block) => (block.type === 'text' ? block.text : block.type)),
        reason,
        usage.input_tokens,
        usage.output_tokens,
      ];
      assert.deepEqual(said(final), said(whole));
    },
  },
  {
    id: 'abort',
    checks: 'a stream that is aborted ends at once, and the server goes on serving',
    run: async (target) => {
      const stream = await sdk(target).messages.create({
        model: target.model,
        messages: HI.messages,
        max_tokens: 2000,
        stream: true,
      });
      for await (const event of stream) if (event.type === 'content_block_delta') stream.controller.abort();
      assert.equal((await sdk(target).messages.create({ model: target.model, ...HI })).type, 'message');
    },
  },
];
