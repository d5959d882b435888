import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { embedModel, type Case } from '../case.ts';
import { names } from '../wire/apis.ts';
import { post } from '../wire/asking.ts';
import { sdk } from './sdk.ts';

export const EMBEDDINGS: readonly Case[] = [
  {
    id: 'several',
    checks: 'there is one vector for each text, in order, and usage',
    run: async (target) => {
      const { object, data, usage } = await sdk(target).embeddings.create({
        model: embedModel(target),
        input: ['one', 'two', 'three'],
        encoding_format: 'float',
      });
      assert.deepEqual([object, data.map(({ index }) => index)], ['list', [0, 1, 2]]);
      assert.ok(
        data.every(({ embedding }) => embedding.length > 0 && typeof embedding[0] === 'number'),
        'expected numbers',
      );
      assert.ok(
        usage.prompt_tokens > 0 && usage.total_tokens === usage.prompt_tokens,
        `expected counts, found ${JSON.stringify(usage)}`,
      );
    },
  },
  {
    id: 'base64',
    checks: 'base64 is the same vector as float',
    run: async (target) => {
      const asked = { model: embedModel(target), input: 'alone' };
      // The SDK's default encoding, which it unpacks.
      const packed = await sdk(target).embeddings.create(asked);
      const plain = await sdk(target).embeddings.create({ ...asked, encoding_format: 'float' });
      const [one, other] = [packed.data[0]?.embedding ?? [], plain.data[0]?.embedding ?? []];
      assert.equal(one.length, other.length, 'length');
      assert.ok(
        other.every((value, at) => Math.abs(value - (one[at] ?? Number.NaN)) < 1e-5),
        'expected the same numbers',
      );
    },
  },
  {
    id: 'dimensions',
    checks: 'dimensions shortens the vector, or is refused by name',
    run: async (target) => {
      try {
        const { data } = await sdk(target).embeddings.create({
          model: embedModel(target),
          input: 'short',
          dimensions: 8,
          encoding_format: 'float',
        });
        assert.equal(data[0]?.embedding.length, 8, 'length');
      } catch (error) {
        if (!(error instanceof OpenAI.BadRequestError)) throw error;
        assert.equal(error.param, 'dimensions', 'param');
      }
    },
  },
  {
    id: 'dimensions-beyond',
    checks: 'dimensions that the model does not have are refused by name, or a header names them',
    run: async (target) => {
      const model = embedModel(target);
      const own = await sdk(target).embeddings.create({ model, input: 'short', encoding_format: 'float' });
      const dimensions = 1 + (own.data[0]?.embedding.length ?? 0);
      const response = await post(target, '/v1/embeddings', { model, input: 'short', dimensions });
      const text = await response.text();
      if (response.status === 400) assert.match(text, /dimensions/);
      else assert.ok(names(response, 'dimensions'), `expected dimensions to be named, found ${text.slice(0, 80)}`);
    },
  },
  {
    id: 'empty',
    checks: 'an empty list of texts is 400',
    run: async (target) => {
      await assert.rejects(sdk(target).embeddings.create({ model: embedModel(target), input: [] }), { status: 400 });
    },
  },
];
