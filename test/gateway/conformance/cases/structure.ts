import assert from 'node:assert/strict';
import { HI, post, sdk, type Case } from '../target.ts';

const SCHEMA = { type: 'object', properties: { answer: { type: 'string', enum: ['yes', 'no'] }, sure: { type: 'boolean' } }, required: ['answer', 'sure'], additionalProperties: false };

export const STRUCTURE: readonly Case[] = [
  {
    name: 'an answer keeps to its schema',
    check: async (target) => {
      const { choices } = await sdk(target).chat.completions.create({ model: target.chat, ...HI, max_tokens: 300, seed: 1, response_format: { type: 'json_schema', json_schema: { name: 'verdict', schema: SCHEMA, strict: true } } });
      const said = JSON.parse(choices[0]?.message.content ?? '') as { answer: string; sure: boolean };
      assert.deepEqual([Object.keys(said).toSorted(), /^(?:yes|no)$/.test(said.answer), typeof said.sure], [['answer', 'sure'], true, 'boolean']);
    },
  },
  {
    name: 'a format that is none is refused, and so is a schema that is missing',
    check: async (target) => {
      for (const [response_format, param] of [[{ type: 'xml' }, 'response_format.type'], [{ type: 'json_schema', json_schema: { name: 'x' } }, 'response_format.json_schema.schema']] as const) {
        const response = await post(target, '/chat/completions', { model: target.chat, ...HI, response_format });
        assert.equal(response.status, 400);
        assert.partialDeepStrictEqual(await response.json(), { error: { type: 'invalid_request_error', param } });
      }
    },
  },
];
