import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEmbeddings } from '../../../../src/gateway/api/openai/parsed-request.ts';

const read = (body: object): ReturnType<typeof readEmbeddings> => readEmbeddings(Buffer.from(JSON.stringify(body)));

test('vectors are written as numbers, or as little-endian floats in base64', () => {
  const vectors = [
    [0.5, -1.25],
    [3, 4],
  ];
  const embeddings = (format: string): unknown => {
    const parsedRequest = read({ model: 'e', input: ['a', 'b'], encoding_format: format });
    assert.ok(parsedRequest.ok);
    const encoder = parsedRequest.value.subrequests[0]?.encoder();
    assert.equal(encoder?.encode({ kind: 'vectors', vectors }), '');
    return JSON.parse(parsedRequest.value.close([{ promptTokens: 4, completionTokens: 0 }]));
  };
  const usage = { prompt_tokens: 4, total_tokens: 4 };
  assert.deepEqual(embeddings('float'), {
    object: 'list',
    model: 'e',
    usage,
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  });
  const packed = embeddings('base64') as { data: { embedding: string }[] };
  const unpacked = packed.data.map(({ embedding }) => {
    const bytes = Buffer.from(embedding, 'base64');
    return [bytes.readFloatLE(0), bytes.readFloatLE(4)];
  });
  assert.deepEqual(unpacked, vectors);
});

test('a server that knows no base64 does not make the SDK read numbers as such', () => {
  const data = [
    { object: 'embedding', index: 0, embedding: [0.5, -1.25] },
    { object: 'embedding', index: 1, embedding: 'AAAAPw==' },
  ];
  const told = (format: string): unknown => {
    const parsedRequest = read({ model: 'e', input: ['a', 'b'], encoding_format: format });
    assert.ok(parsedRequest.ok);
    parsedRequest.value.subrequests[0]?.encoder().encode({
      kind: 'verbatim',
      body: { object: 'list', model: 'theirs', data, usage: { prompt_tokens: 1, total_tokens: 1 } },
    });
    return (
      JSON.parse(parsedRequest.value.close([{ promptTokens: 1, completionTokens: 0 }])) as {
        data: readonly { embedding: unknown }[];
      }
    ).data.map(({ embedding }) => embedding);
  };
  assert.deepEqual(told('base64'), ['AAAAPwAAoL8=', 'AAAAPw==']);
  assert.deepEqual(told('float'), [[0.5, -1.25], 'AAAAPw==']);
});

test('tokens, nothing, and empty texts are refused', () => {
  for (const input of [undefined, [], '', ['a', ''], [1, 2], [[1, 2]], { a: 1 }]) {
    const parsedRequest = read({ model: 'e', input });
    assert.ok(!parsedRequest.ok, JSON.stringify(input));
    assert.equal(parsedRequest.failure.param, 'input');
  }
});
