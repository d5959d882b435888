import assert from 'node:assert/strict';
import { type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { z } from 'zod';
import { notApplicable, type Case } from '../case.ts';
import { isVerdict } from '../openai/sdk.ts';
import { needKeys } from '../wire/keys.ts';
import { EMBEDDERS, WAYS, type Way } from './models.ts';

const HI = 'Say something.';
const QUESTION = 'What is the weather in Paris?';
const SCHEMA = z.object({ answer: z.enum(['yes', 'no']), sure: z.boolean() });
const WEATHER = tool(({ city }) => `sunny in ${city}`, {
  name: 'get_weather',
  description: 'The weather of a city.',
  schema: z.object({ city: z.enum(['Paris', 'Rome']) }),
});
/**
 * The parameter that makes each model call the tool: the one for Responses does not send `required`, and Ollama's own API has no
 * such parameter.
 */
const CHOICE: Readonly<Record<Way, string | undefined>> = {
  openai: 'required',
  'openai-responses': 'get_weather',
  anthropic: 'any',
  ollama: undefined,
};

async function batchWrites(pieces: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk | undefined> {
  let sum: AIMessageChunk | undefined;
  for await (const piece of pieces) sum = sum === undefined ? piece : sum.concat(piece);
  return sum;
}

/** The features of LangChain's chat models, whatever the integration. */
export function answersBy(way: Way): readonly Case[] {
  const model = WAYS[way];
  const bound = (
    ...[target, limit]: Parameters<typeof model>
  ): ReturnType<NonNullable<ReturnType<typeof model>['bindTools']>> => {
    const bind = model(target, limit);
    if (bind.bindTools === undefined) throw new Error('this integration binds no tools');
    const choice = CHOICE[way];
    return bind.bindTools([WEATHER], choice === undefined ? {} : { tool_choice: choice });
  };
  return [
    {
      id: 'invoke',
      checks: 'invoke answers, and counts in usage_metadata',
      run: async (target) => {
        const message = await model(target, 16).invoke(HI);
        assert.equal(message.getType(), 'ai');
        const { input_tokens: input = 0, output_tokens: output = 0 } = message.usage_metadata ?? {};
        assert.ok(input > 0 && output > 0, `expected counts, found ${String(input)} and ${String(output)}`);
      },
    },
    {
      id: 'stream',
      checks: 'the chunks of stream, put together, are the text of invoke',
      run: async (target) => {
        const whole = await model(target, 16).invoke(HI);
        const sum = await batchWrites(await model(target, 16).stream(HI));
        const { output_tokens: output = 0 } = sum?.usage_metadata ?? {};
        assert.deepEqual([sum?.text, output > 0], [whole.text, true], 'text, and whether there are counts');
      },
    },
    {
      id: 'bindTools',
      checks: 'a call comes as tool_calls, and its result is answered',
      run: async (target) => {
        const first = await bound(target, 300).invoke(QUESTION);
        const [call] = first.tool_calls ?? [];
        if (call === undefined && CHOICE[way] === undefined)
          notApplicable('the model calls no tool of its own will, and this API cannot make it');
        assert.ok(call !== undefined, `expected a call, found ${JSON.stringify(first.content).slice(0, 100)}`);
        assert.deepEqual([call.name, typeof call.args['city']], ['get_weather', 'string']);
        const second = await model(target, 16).invoke([
          new HumanMessage(QUESTION),
          first,
          new ToolMessage({ content: 'sunny', tool_call_id: call.id ?? '' }),
        ]);
        assert.equal(second.getType(), 'ai');
      },
    },
    {
      id: 'bindTools-stream',
      checks: 'streamed, the pieces of a call make one call',
      run: async (target) => {
        const sum = await batchWrites(await bound(target, 300).stream(QUESTION));
        if ((sum?.tool_calls ?? []).length === 0 && CHOICE[way] === undefined)
          notApplicable('the model calls no tool of its own will, and this API cannot make it');
        assert.deepEqual(
          sum?.tool_calls?.map(({ name, args }) => [name, typeof args['city']]),
          [['get_weather', 'string']],
        );
      },
    },
    {
      id: 'withStructuredOutput',
      checks: 'an answer keeps to its schema, by the integration’s default method',
      run: async (target) => {
        const said = await model(target, 300).withStructuredOutput(SCHEMA, { name: 'verdict' }).invoke(HI);
        assert.ok(isVerdict(said), `expected a verdict, found ${JSON.stringify(said)}`);
      },
    },
    {
      id: 'wrong-key',
      checks: 'a wrong key is an error with 401',
      run: async (target) => {
        await needKeys(target);
        await assert.rejects(model({ ...target, key: 'sk-somebody-elses-key-0123456789' }, 8).invoke(HI), (error) => {
          assert.equal(
            (error as { status?: number; status_code?: number }).status ??
              (error as { status_code?: number }).status_code,
            401,
            'status',
          ); // either, as the SDK beneath has it
          return true;
        });
      },
    },
  ];
}

/** The features of LangChain's embedding models. */
export function embeddingBy(way: keyof typeof EMBEDDERS): readonly Case[] {
  return [
    {
      id: 'embedDocuments',
      checks: 'embedDocuments and embedQuery give vectors of one length',
      run: async (target) => {
        const vectors = [
          ...(await EMBEDDERS[way](target).embedDocuments(['one', 'two'])),
          await EMBEDDERS[way](target).embedQuery('three'),
        ];
        assert.equal(vectors.length, 3, 'vectors');
        assert.ok(
          (vectors[0]?.length ?? 0) > 0 && vectors.every(({ length }) => length === vectors[0]?.length),
          'expected one length',
        );
      },
    },
  ];
}
