import assert from 'node:assert/strict';
import { embedModel, notApplicable, type Case } from '../case.ts';
import { isVerdict, VERDICT } from '../openai/sdk.ts';
import { names } from '../wire/apis.ts';
import { PIXEL, post } from '../wire/asking.ts';
import { client, HI } from './client.ts';

export const ANSWERS: readonly Case[] = [
  {
    id: 'chat',
    checks: 'a chat answers, with its reason to end, counts and durations',
    run: async (target) => {
      const answer = await client(target).chat({ model: target.model, ...HI });
      assert.deepEqual(
        [answer.model, answer.message.role, answer.done, answer.done_reason],
        [target.model, 'assistant', true, 'length'],
      );
      assert.deepEqual([answer.eval_count, answer.prompt_eval_count > 0, answer.total_duration > 0], [8, true, true]);
    },
  },
  {
    id: 'chat-stream',
    checks: 'a streamed chat has the text of the same chat in one piece, and its last line is done',
    run: async (target) => {
      const whole = await client(target).chat({ model: target.model, ...HI });
      let text = '';
      const done: boolean[] = [];
      for await (const part of await client(target).chat({ model: target.model, ...HI, stream: true })) {
        text += part.message.content;
        done.push(part.done);
      }
      assert.equal(text, whole.message.content);
      assert.deepEqual(
        done,
        done.map((_, at) => at === done.length - 1),
        'done',
      );
    },
  },
  {
    id: 'generate',
    checks: 'generate answers, with a context for the next one',
    run: async (target) => {
      const answer = await client(target).generate({
        model: target.model,
        prompt: 'Say something.',
        options: HI.options,
      });
      assert.deepEqual([answer.done, answer.done_reason, Array.isArray(answer.context)], [true, 'length', true]);
      const next = await client(target).generate({
        model: target.model,
        prompt: 'And more.',
        context: answer.context,
        options: HI.options,
      });
      assert.ok(
        next.prompt_eval_count > answer.prompt_eval_count,
        `expected more than ${String(answer.prompt_eval_count)} tokens, found ${String(next.prompt_eval_count)}`,
      );
    },
  },
  {
    id: 'generate-stream',
    checks: 'a streamed generate has the text of the same one in one piece',
    run: async (target) => {
      const asked = { model: target.model, prompt: 'Say something.', options: HI.options };
      const whole = await client(target).generate(asked);
      let text = '';
      for await (const part of await client(target).generate({ ...asked, stream: true })) text += part.response;
      assert.equal(text, whole.response);
    },
  },
  {
    id: 'format-schema',
    checks: 'an answer keeps to a format with a schema',
    run: async (target) => {
      const { message } = await client(target).chat({
        model: target.model,
        messages: HI.messages,
        format: VERDICT,
        options: { num_predict: 300, seed: 1 },
      });
      assert.ok(isVerdict(JSON.parse(message.content)), `expected a verdict, found ${message.content}`);
    },
  },
  {
    id: 'format-json',
    checks: 'format json gives JSON, or ends at its limit with the reason length',
    run: async (target) => {
      const { message, done_reason: reason } = await client(target).chat({
        model: target.model,
        messages: HI.messages,
        format: 'json',
        options: { num_predict: 100, seed: 1 },
      });
      if (reason === 'length') assert.match(message.content, /^\s*[[{]/);
      else assert.equal(typeof JSON.parse(message.content), 'object');
    },
  },
  {
    id: 'think',
    checks: 'thinking is apart from the text, and a model without it refuses think with 400',
    run: async (target) => {
      const answer = await client(target)
        .chat({ model: target.model, messages: HI.messages, think: true, options: { num_predict: 200 } })
        .catch((error: unknown) => error);
      if (answer instanceof Error) {
        assert.equal((answer as { status_code?: number }).status_code, 400, 'status'); // any type
        notApplicable('the model does not think, and the server says so');
      }
      const { message } = answer as Awaited<ReturnType<ReturnType<typeof client>['chat']>>; // not an error, so a response
      if ((message.thinking ?? '') === '') notApplicable('the model did not think');
      assert.doesNotMatch(message.content, /<think>/);
    },
  },
  {
    id: 'image',
    checks: 'an image is seen, or refused with 400 by a model that cannot see',
    run: async (target) => {
      await client(target)
        .chat({ model: target.model, ...HI, messages: [{ role: 'user', content: 'What is it?', images: [PIXEL] }] })
        .catch((error: unknown) => {
          assert.equal((error as { status_code?: number }).status_code, 400, 'status'); // any type
        });
    },
  },
  {
    id: 'seed',
    checks: 'one seed gives one answer',
    run: async (target) => {
      const texts = new Set<string>();
      for (let turn = 0; turn < 3; turn += 1)
        texts.add(
          (
            await client(target).chat({
              model: target.model,
              messages: HI.messages,
              options: { num_predict: 8, temperature: 1, seed: 11 },
            })
          ).message.content,
        );
      assert.equal(texts.size, 1, 'different answers');
    },
  },
  {
    id: 'abort',
    checks: 'a stream that is aborted ends at once, and the server goes on serving',
    run: async (target) => {
      const stream = await client(target).chat({
        model: target.model,
        messages: HI.messages,
        stream: true,
        options: { num_predict: 2000 },
      });
      // The response has begun, and none of it was read yet: a response that is faster than its client may already have arrived
      // whole.
      stream.abort();
      await assert.rejects(
        async () => {
          for await (const part of stream) assert.equal(part.done, false, 'the end of an answer that was aborted');
        },
        { name: 'AbortError' },
      );
      assert.equal((await client(target).chat({ model: target.model, ...HI })).done, true);
    },
  },
];

export const EMBEDDING: readonly Case[] = [
  {
    id: 'embed',
    checks: 'embed gives one vector of length one for each text, in order',
    run: async (target) => {
      const model = embedModel(target);
      const { embeddings } = await client(target).embed({ model, input: ['one', 'two'] });
      const {
        embeddings: [second],
      } = await client(target).embed({ model, input: 'two' });
      assert.equal(embeddings.length, 2, 'vectors');
      assert.ok(Math.abs(Math.hypot(...(embeddings[0] ?? [])) - 1) < 1e-3, 'expected length one');
      assert.ok(
        embeddings[1]?.every((value, at) => Math.abs(value - (second?.[at] ?? Number.NaN)) < 1e-2),
        'expected the second to be that of the second text',
      );
    },
  },
  {
    id: 'embeddings',
    checks: 'the older embeddings gives a vector',
    run: async (target) => {
      const { embedding } = await client(target).embeddings({ model: embedModel(target), prompt: 'one' });
      assert.ok(embedding.length > 0 && typeof embedding[0] === 'number', 'expected numbers');
    },
  },
  {
    id: 'dimensions',
    checks: 'dimensions shortens the vector; more than the model has are refused by name, or a header names them',
    run: async (target) => {
      const model = embedModel(target);
      const embed = (dimensions?: number): Promise<Response> =>
        post(target, '/api/embed', { model, input: 'one', dimensions });
      const lengthIn = async (response: Response): Promise<number> =>
        ((await response.json()) as { embeddings: number[][] }).embeddings[0]?.length ?? 0; // Ollama's shape
      const own = await lengthIn(await embed());
      assert.equal(await lengthIn(await embed(8)), 8, 'length');
      const response = await embed(own + 1);
      if (response.status === 400) assert.match(await response.text(), /dimensions/);
      else
        assert.ok(
          names(response, 'dimensions'),
          `expected dimensions to be named, found ${String(await lengthIn(response))} numbers`,
        );
    },
  },
];
