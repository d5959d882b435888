import assert from 'node:assert/strict';
import OpenAI from 'openai';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { notApplicable, type Case } from '../case.ts';
import { isVerdict, sdk, VERDICT } from '../openai/sdk.ts';
import { post } from '../wire/asking.ts';

const HI = { input: 'Say something.', max_output_tokens: 16, temperature: 0 };

export const RESPONSES: readonly Case[] = [
  {
    id: 'whole',
    checks: 'a response has text, status, ids and counts',
    run: async (target) => {
      const response = await sdk(target).responses.create({ model: target.model, ...HI });
      assert.deepEqual([response.object, response.model, response.error], ['response', target.model, null]);
      assert.match(response.id, /^resp_/);
      assert.match(response.status ?? '', /^(?:completed|incomplete)$/);
      assert.ok(response.output_text.length > 0, 'expected text');
      const { input_tokens: input = 0, output_tokens: output = 0, total_tokens: total = 0 } = response.usage ?? {};
      assert.ok(
        input > 0 && output > 0 && total === input + output,
        `expected counts that add up, found ${JSON.stringify(response.usage)}`,
      );
    },
  },
  {
    id: 'incomplete',
    checks: 'max_output_tokens holds, and the response is incomplete with the reason',
    run: async (target) => {
      const {
        status,
        incomplete_details: details,
        usage,
      } = await sdk(target).responses.create({ model: target.model, ...HI });
      if ((usage?.output_tokens ?? 0) < 16)
        assert.equal(status, 'completed', 'status of an answer that ended by itself');
      else assert.deepEqual([status, details], ['incomplete', { reason: 'max_output_tokens' }]);
    },
  },
  {
    id: 'input-items',
    checks: 'messages with parts, developer messages and instructions are accepted',
    run: async (target) => {
      const { output } = await sdk(target).responses.create({
        model: target.model,
        ...HI,
        instructions: 'Be short.',
        input: [
          { role: 'developer', content: 'Be kind.' },
          { role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
        ],
      });
      assert.equal(output.at(-1)?.type, 'message', 'the last item');
    },
  },
  {
    id: 'stream-order',
    checks:
      'events are numbered from 0, begin with created and in_progress, open and close the message and its part once, and end once',
    run: async (target) => {
      const events: ResponseStreamEvent[] = [];
      for await (const event of await sdk(target).responses.create({
        model: target.model,
        ...HI,
        max_output_tokens: 64,
        stream: true,
      }))
        events.push(event);
      assert.deepEqual(
        events.map((event) => event.sequence_number),
        events.map((_, at) => at),
        'sequence numbers',
      );
      assert.deepEqual(
        events.slice(0, 3).map(({ type }) => type),
        ['response.created', 'response.in_progress', 'response.output_item.added'],
        'the first events',
      );
      assert.match(events.at(-1)?.type ?? '', /^response\.(?:completed|incomplete)$/);
      const message = events.find(
        (event) => event.type === 'response.output_item.added' && event.item.type === 'message',
      );
      if (message?.type !== 'response.output_item.added') notApplicable('the model said nothing');
      const types = events
        .filter((event) => 'output_index' in event && event.output_index === message.output_index)
        .map(({ type }) => type.slice('response.'.length));
      assert.deepEqual(
        types.filter((type, at) => type !== types[at - 1]),
        [
          'output_item.added',
          'content_part.added',
          'output_text.delta',
          'output_text.done',
          'content_part.done',
          'output_item.done',
        ],
        'events of the message',
      );
    },
  },
  {
    id: 'stream-same',
    checks: 'a stream, put together by the SDK, has the text of the same response in one piece',
    run: async (target) => {
      const asked = { model: target.model, ...HI, seed: 5 };
      const whole = await sdk(target).responses.create(asked);
      const final = await sdk(target).responses.stream(asked).finalResponse();
      assert.deepEqual(
        [final.output_text, final.usage?.output_tokens],
        [whole.output_text, whole.usage?.output_tokens],
      );
    },
  },
  {
    id: 'json-schema',
    checks: 'an answer keeps to text.format json_schema',
    run: async (target) => {
      const { output_text: text } = await sdk(target).responses.create({
        model: target.model,
        input: HI.input,
        max_output_tokens: 300,
        text: { format: { type: 'json_schema', name: 'verdict', schema: VERDICT, strict: true } },
      });
      assert.ok(isVerdict(JSON.parse(text)), `expected a verdict, found ${text}`);
    },
  },
  {
    id: 'previous-response',
    checks: 'a response that was not kept is refused as previous_response_id, by name, and never ignored',
    run: async (target) => {
      await assert.rejects(
        sdk(target).responses.create({
          model: target.model,
          ...HI,
          previous_response_id: 'resp_00000000000000000000000000000000',
        }),
        (error) => {
          assert.ok(error instanceof OpenAI.APIError, String(error));
          assert.ok(error.status === 400 || error.status === 404, `expected 400 or 404, found ${String(error.status)}`);
          assert.equal(error.param, 'previous_response_id', 'param');
          return true;
        },
      );
    },
  },
  {
    id: 'errors',
    checks: 'an unknown model is NotFoundError, a missing input 400',
    run: async (target) => {
      await assert.rejects(sdk(target).responses.create({ model: 'no-such-model', ...HI }), OpenAI.NotFoundError);
      assert.equal((await post(target, '/v1/responses', { model: target.model })).status, 400, 'status without input');
    },
  },
];
