import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import Anthropic from '@anthropic-ai/sdk';
import { notApplicable, type Case } from '../case.ts';
import { findStop, PIXEL } from '../wire/asking.ts';
import { HI, sdk } from './sdk.ts';

export const MESSAGES: readonly Case[] = [
  {
    id: 'whole',
    checks: 'a message has an id, its model, text and counts',
    run: async (target) => {
      const message = await sdk(target).messages.create({ model: target.model, ...HI, max_tokens: 64 });
      assert.deepEqual([message.type, message.role, message.model], ['message', 'assistant', target.model]);
      assert.match(message.id, /^msg_/);
      assert.ok(
        message.content.length > 0 && message.content.every(({ type }) => type === 'text' || type === 'thinking'),
        `expected text, found ${JSON.stringify(message.content).slice(0, 100)}`,
      );
      assert.ok(
        message.usage.input_tokens > 0 && message.usage.output_tokens > 0,
        `expected counts, found ${JSON.stringify(message.usage)}`,
      );
    },
  },
  {
    id: 'request-id',
    checks: 'the SDK knows the request’s id (header request-id)',
    run: async (target) => {
      const { _request_id: id } = await sdk(target).messages.create({ model: target.model, ...HI });
      assert.ok((id ?? '') !== '', 'expected the header request-id, found none');
    },
  },
  {
    id: 'max-tokens',
    checks: 'max_tokens holds, and stop_reason is max_tokens',
    run: async (target) => {
      const { stop_reason: reason, usage } = await sdk(target).messages.create({
        model: target.model,
        ...HI,
        max_tokens: 2,
      });
      assert.deepEqual([reason, usage.output_tokens], ['max_tokens', 2], 'reason and tokens');
    },
  },
  {
    id: 'system',
    checks: 'system is part of the prompt, as text and as blocks, and counts',
    run: async (target) => {
      const input = async (more: object): Promise<number> =>
        (await sdk(target).messages.create({ model: target.model, ...HI, ...more })).usage.input_tokens;
      const text = 'You are kind and you answer in one short sentence.';
      const [without, asText, asBlocks] = [
        await input({}),
        await input({ system: text }),
        await input({ system: [{ type: 'text', text }] }),
      ];
      assert.ok(asText > without, `expected more than ${String(without)} tokens, found ${String(asText)}`);
      assert.equal(asBlocks, asText, 'tokens with blocks');
    },
  },
  {
    id: 'blocks',
    checks: 'a conversation of blocks and earlier answers is accepted',
    run: async (target) => {
      const { role } = await sdk(target).messages.create({
        model: target.model,
        max_tokens: 8,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Hello' },
              { type: 'text', text: 'there' },
            ],
          },
          { role: 'assistant', content: [{ type: 'text', text: 'Hi!' }] },
          { role: 'user', content: 'How are you?' },
        ],
      });
      assert.equal(role, 'assistant');
    },
  },
  {
    id: 'stop-sequence',
    checks: 'a stop sequence ends the answer, is not part of it, and is named',
    run: async (target) => {
      // Random weights produce bytes that are no characters and are left out, so adjacent characters in the text may not have been
      // adjacent: one answer that stops is enough.
      let seen: { readonly wanted: unknown; readonly seen: unknown } | undefined;
      for (let turn = 0; turn < 12; turn += 1) {
        // The model repeats itself at temperature 0.
        const asked = {
          model: target.model,
          max_tokens: 60,
          temperature: 0,
          messages: [{ role: 'user' as const, content: `Say something about the number ${String(turn)}.` }],
        };
        const [block] = (await sdk(target).messages.create(asked)).content;
        const text = block?.type === 'text' ? block.text : '';
        const stop = findStop(text);
        if (stop === undefined) continue;
        const {
          content,
          stop_reason: reason,
          stop_sequence: named,
        } = await sdk(target).messages.create({ ...asked, stop_sequences: [stop] });
        const said = content[0]?.type === 'text' ? content[0].text : '';
        const wanted = [text.slice(0, text.indexOf(stop)), 'stop_sequence', stop];
        seen = { wanted, seen: [said, reason, named] };
        if (isDeepStrictEqual(seen.seen, wanted)) return;
      }
      if (seen === undefined) notApplicable('no answer had two plain characters to stop at');
      assert.deepEqual(seen.seen, seen.wanted);
    },
  },
  {
    id: 'image',
    checks: 'an image is seen, or refused with 400 by a model that cannot see',
    run: async (target) => {
      await sdk(target)
        .messages.create({
          model: target.model,
          max_tokens: 8,
          messages: [
            {
              role: 'user',
              content: [
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
                { type: 'text', text: 'What is it?' },
              ],
            },
          ],
        })
        .catch((error: unknown) => {
          assert.equal((error as { status?: number }).status, 400, 'status'); // any type
        });
    },
  },
  {
    id: 'thinking',
    checks: 'thinking comes as blocks of its own, before the text, each with a signature',
    run: async (target) => {
      const { content } = await sdk(target)
        .messages.create({
          model: target.model,
          max_tokens: 2000,
          messages: HI.messages,
          thinking: { type: 'enabled', budget_tokens: 1024 },
        })
        .catch((error: unknown) => {
          if (error instanceof Anthropic.BadRequestError)
            notApplicable('the model does not think, and the server says so');
          throw error;
        });
      if (content[0]?.type !== 'thinking') notApplicable('the model did not think');
      assert.ok(
        content[0].thinking !== '' && typeof content[0].signature === 'string',
        `expected thoughts and a signature, found ${JSON.stringify(content[0]).slice(0, 100)}`,
      );
      assert.ok(
        content.slice(1).every(({ type }) => type !== 'thinking'),
        'expected thoughts first',
      );
    },
  },
];
