import assert from 'node:assert/strict';
import { notApplicable, type Case } from '../case.ts';
import { needKeys } from '../wire/keys.ts';
import { client, HI, TOOL } from './client.ts';

export const TOOLS: readonly Case[] = [
  {
    id: 'taken',
    checks: 'tools and the results of earlier calls are accepted',
    run: async (target) => {
      const messages = [
        { role: 'user', content: 'What is the weather in Paris?' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ function: { name: 'get_weather', arguments: { city: 'Paris' } } }],
        },
        { role: 'tool', content: 'rain', tool_name: 'get_weather' },
      ];
      const { message } = await client(target).chat({ model: target.model, ...HI, messages, tools: [TOOL] });
      assert.equal(message.role, 'assistant');
    },
  },
  ...[false, true].map((stream): Case => ({
    id: stream ? 'own-will-stream' : 'own-will',
    checks: 'a call that the model decides on comes as tool_calls, its arguments an object',
    run: async (target) => {
      const asked = {
        model: target.model,
        messages: [{ role: 'user', content: 'What is the weather in Paris?' }],
        tools: [TOOL],
        options: { num_predict: 200 },
      };
      const parts = [];
      if (stream) for await (const part of await client(target).chat({ ...asked, stream })) parts.push(part);
      else parts.push(await client(target).chat(asked));
      const [call] = parts.flatMap(({ message }) => message.tool_calls ?? []);
      if (call === undefined) notApplicable('the model calls no tool of its own will');
      assert.deepEqual([call.function.name, typeof call.function.arguments['city']], ['get_weather', 'string']);
    },
  })),
];

export const ERRORS: readonly Case[] = [
  {
    id: 'wrong-key',
    checks: 'a wrong key is 401',
    run: async (target) => {
      await needKeys(target);
      const stranger = client({ ...target, key: 'sk-somebody-elses-key-0123456789' });
      await assert.rejects(stranger.list(), { name: 'ResponseError', status_code: 401 });
      await assert.rejects(stranger.chat({ model: target.model, ...HI }), { name: 'ResponseError', status_code: 401 });
    },
  },
  {
    id: 'unknown-model',
    checks: 'an unknown model is 404 and named',
    run: async (target) => {
      await assert.rejects(client(target).chat({ model: 'no-such-model', ...HI }), {
        name: 'ResponseError',
        status_code: 404,
        message: /no-such-model/,
      });
    },
  },
  {
    id: 'pull',
    checks: 'clients may not change the models: pull and delete are refused',
    run: async (target) => {
      await needKeys(target);
      await assert.rejects(client(target).pull({ model: 'no-such-model-to-pull' }), {
        name: 'ResponseError',
        status_code: 403,
      });
      await assert.rejects(client(target).delete({ model: 'no-such-model-to-delete' }), {
        name: 'ResponseError',
        status_code: 403,
      });
    },
  },
];
