import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { ollamaEmbedDecoder } from '../../../../src/gateway/upstream/ollama/embed.ts';
import { eventsOf } from '../../pieces.ts';

const read = (answer: string, wanted: number): readonly ServerEvent[] =>
  eventsOf(
    (emit) => ollamaEmbedDecoder(emit, wanted),
    [...Buffer.from(answer)].map((byte) => Buffer.of(byte)),
  );

test('vectors come with what they cost, in any pieces', () => {
  assert.deepEqual(read('{"embeddings":[[1,2],[3,4]],"prompt_eval_count":5}', 2), [
    {
      kind: 'vectors',
      vectors: [
        [1, 2],
        [3, 4],
      ],
    },
    {
      kind: 'end',
      reason: 'stop',
      usage: { promptTokens: 5, completionTokens: 0, totalMs: 0, loadMs: 0, prefillMs: 0, decodeMs: 0 },
    },
  ]);
});

test('fewer vectors than texts, none, or what is no vector is a failure', () => {
  for (const answer of ['{"embeddings":[[1]]}', '{"embeddings":[]}', '{}', '{"embeddings":[["1"],[2]]}', 'oops']) {
    assert.deepEqual(
      read(answer, 2).map((event) => event.kind),
      ['failure'],
      answer,
    );
  }
});
