import assert from 'node:assert/strict';
import { post, sdk, type Case } from '../target.ts';

export const EMBEDDINGS: readonly Case[] = [
  {
    name: 'there is one vector for each text, in order, the same in either encoding',
    needs: 'embed',
    check: async (target) => {
      const asked = { model: target.embed ?? '', input: ['one', 'two', 'three'] };
      const packed = await sdk(target).embeddings.create(asked);
      const plain = await sdk(target).embeddings.create({ ...asked, encoding_format: 'float' });
      assert.partialDeepStrictEqual(plain, { object: 'list', model: target.embed });
      assert.ok(plain.usage.prompt_tokens > 0 && plain.usage.total_tokens === plain.usage.prompt_tokens);
      assert.deepEqual(plain.data.map(({ index, object }) => [index, object]), [[0, 'embedding'], [1, 'embedding'], [2, 'embedding']]);
      for (const [index, { embedding }] of plain.data.entries()) {
        assert.ok(embedding.length > 0);
        for (const [at, value] of embedding.entries()) assert.ok(Math.abs(value - (packed.data[index]?.embedding[at] ?? NaN)) < 1e-5);
      }
    },
  },
  {
    name: 'one text may stand alone',
    needs: 'embed',
    check: async (target) => {
      const { data } = await sdk(target).embeddings.create({ model: target.embed ?? '', input: 'alone' });
      assert.equal(data.length, 1);
    },
  },
  {
    name: 'tokens, nothing and empty texts are refused',
    needs: 'embed',
    check: async (target) => {
      for (const input of [undefined, [], '', ['a', ''], [1, 2]]) {
        const response = await post(target, '/embeddings', { model: target.embed, input });
        assert.equal(response.status, 400, JSON.stringify(input));
        assert.partialDeepStrictEqual(await response.json(), { error: { type: 'invalid_request_error', param: 'input' } });
      }
    },
  },
];
