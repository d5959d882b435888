import assert from 'node:assert/strict';
import { APICallError, embedMany, generateText, isStepCount, Output, streamText, tool } from 'ai';
import { z } from 'zod';
import { notApplicable, type Case } from '../case.ts';
import { isVerdict } from '../openai/sdk.ts';
import { PIXEL } from '../wire/asking.ts';
import { needKeys } from '../wire/keys.ts';
import { EMBEDDERS, WAYS, type Way } from './models.ts';

const HI = { prompt: 'Say something.', maxOutputTokens: 16, temperature: 0, maxRetries: 0 };
const OUTPUT = Output.object({ schema: z.object({ answer: z.enum(['yes', 'no']), sure: z.boolean() }) });

/** Otherwise the SDK refers to stored responses, and few servers store any. */
const STATELESS = { providerOptions: { openai: { store: false } } };
const THINKING = { providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } } };

/** The features of the SDK's language models, whatever the provider. */
export function answersBy(way: Way): readonly Case[] {
  const model = WAYS[way];
  return [
    {
      id: 'generateText',
      checks: 'generateText gives an answer, its finish reason, and counts',
      run: async (target) => {
        const { content, finishReason, usage } = await generateText({ model: model(target), ...HI });
        assert.ok(content.length > 0, 'expected content, found none');
        assert.match(finishReason, /^(?:stop|length)$/);
        assert.ok(
          (usage.inputTokens ?? 0) > 0 && (usage.outputTokens ?? 0) > 0,
          `expected counts, found ${JSON.stringify(usage)}`,
        );
      },
    },
    {
      id: 'streamText',
      checks: 'streamText ends with the text of generateText, a reason and counts, and without errors',
      run: async (target) => {
        const whole = await generateText({ model: model(target), ...HI });
        const errors: unknown[] = [];
        const result = streamText({ model: model(target), ...HI, onError: ({ error }) => void errors.push(error) });
        let text = '';
        for await (const piece of result.textStream) text += piece;
        assert.deepEqual(errors, []);
        assert.deepEqual(
          [text, await result.finishReason, ((await result.usage).outputTokens ?? 0) > 0],
          [whole.text, whole.finishReason, true],
        );
      },
    },
    {
      id: 'object',
      checks: 'an object keeps to its schema (generateText with Output.object)',
      run: async (target) => {
        const { output } = await generateText({ model: model(target), ...HI, maxOutputTokens: 300, output: OUTPUT });
        assert.ok(isVerdict(output), `expected a verdict, found ${JSON.stringify(output)}`);
      },
    },
    {
      id: 'object-stream',
      checks: 'a streamed object keeps to its schema (streamText with Output.object)',
      run: async (target) => {
        const errors: unknown[] = [];
        const result = streamText({
          model: model(target),
          ...HI,
          maxOutputTokens: 300,
          output: OUTPUT,
          onError: ({ error }) => void errors.push(error),
        });
        let last: unknown;
        for await (const part of result.partialOutputStream) last = part;
        assert.deepEqual(errors, []);
        assert.ok(isVerdict(last), `expected a verdict, found ${JSON.stringify(last)}`);
      },
    },
    ...[false, true].map((streamed): Case => ({
      id: streamed ? 'tools-stream' : 'tools',
      checks: `a tool is called and run, and its result answered, in two steps${streamed ? ', streamed' : ''}`,
      run: async (target) => {
        const cities: string[] = [];
        const get_weather = tool({
          description: 'The weather of a city.',
          inputSchema: z.object({ city: z.enum(['Paris', 'Rome']) }),
          execute: ({ city }) => `sunny in ${String(cities.push(city))} city`,
        });
        const errors: unknown[] = [];
        const asked = {
          model: model(target),
          ...HI,
          maxOutputTokens: 300,
          tools: { get_weather },
          ...(way === 'openai-responses' ? STATELESS : {}),
          stopWhen: isStepCount(2),
          prepareStep: ({ stepNumber }: { readonly stepNumber: number }) => ({
            toolChoice: stepNumber === 0 ? ('required' as const) : ('none' as const),
          }),
        };
        const result = streamed
          ? streamText({ ...asked, onError: ({ error }) => void errors.push(error) })
          : await generateText(asked);
        const steps = await result.steps;
        assert.deepEqual(errors, []);
        assert.deepEqual(
          steps.map(({ finishReason }) => (finishReason === 'length' ? 'stop' : finishReason)),
          ['tool-calls', 'stop'],
          'reasons of the steps',
        );
        assert.equal(cities.length, 1, 'calls');
      },
    })),
    {
      id: 'reasoning',
      checks: 'thinking comes as reasoning, and not in the text',
      run: async (target) => {
        const { reasoningText, text } = await generateText({
          model: model(target),
          prompt: HI.prompt,
          maxRetries: 0,
          maxOutputTokens: 400,
          ...(way === 'anthropic' ? THINKING : {}),
        }).catch((error: unknown) => {
          if (APICallError.isInstance(error) && error.statusCode === 400)
            notApplicable('the model does not think, and the server says so');
          throw error;
        });
        if (way === 'openai-chat' && !text.includes('<think>'))
          notApplicable('this provider reads no reasoning from chats');
        if ((reasoningText ?? '') === '' && !text.includes('<think>'))
          notApplicable('the model did not think, or this provider does not read it');
        assert.ok((reasoningText ?? '') !== '' && !text.includes('<think>'), 'expected thoughts apart from the text');
      },
    },
    {
      id: 'image',
      checks: 'an image is seen, or refused with 400 by a model that cannot see',
      run: async (target) => {
        await generateText({
          model: model(target),
          ...HI,
          prompt: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is it?' },
                { type: 'file', data: PIXEL, mediaType: 'image/png' },
              ],
            },
          ],
        }).catch((error: unknown) => {
          assert.ok(APICallError.isInstance(error), String(error));
          assert.equal(error.statusCode, 400, 'status');
        });
      },
    },
    {
      id: 'wrong-key',
      checks: 'a wrong key is an APICallError with 401 that is not retryable',
      run: async (target) => {
        await needKeys(target);
        await assert.rejects(
          generateText({ model: model({ ...target, key: 'sk-somebody-elses-key-0123456789' }), ...HI }),
          { name: 'AI_APICallError', statusCode: 401, isRetryable: false },
        );
      },
    },
    {
      id: 'unknown-model',
      checks: 'an unknown model is an error with 404 whose message names it',
      run: async (target) => {
        await assert.rejects(generateText({ model: model({ ...target, model: 'no-such-model' }), ...HI }), {
          name: 'AI_APICallError',
          statusCode: 404,
          message: /no-such-model/,
        });
      },
    },
  ];
}

/** The features of the SDK's embedding models. */
export function embeddingBy(way: keyof typeof EMBEDDERS): readonly Case[] {
  return [
    {
      id: 'embedMany',
      checks: 'embedMany gives a vector for each text, and counts',
      run: async (target) => {
        const { embeddings, usage } = await embedMany({
          model: EMBEDDERS[way](target),
          values: ['one', 'two', 'three'],
          maxRetries: 0,
        });
        assert.deepEqual([embeddings.length, (embeddings[0]?.length ?? 0) > 0, usage.tokens > 0], [3, true, true]);
      },
    },
  ];
}
