import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areNumbers } from '../../../src/core/json.ts';
import type { ServerEvent } from '../../../src/gateway/exchange.ts';
import { ollamaEmbedDecoder } from '../../../src/gateway/upstream/ollama/embed.ts';
import { openaiEmbedDecoder } from '../../../src/gateway/upstream/openai/embed.ts';
import { workingMsOf } from '../../working-time.ts';

const COUNT = 1024;
const VECTOR = Array.from({ length: 4096 }, (_, index) => Math.fround(Math.sin(index)));
const PACKED = Buffer.from(Float32Array.from(VECTOR).buffer).toString('base64');

const list = (item: string): string => Array.from({ length: COUNT }, () => item).join(',');
const text = JSON.stringify(VECTOR);
const RESPONSES = {
  ollama: [15, ollamaEmbedDecoder, `{"model":"m","embeddings":[${list(text)}]}`],
  'openai in numbers': [15, openaiEmbedDecoder, `{"data":[${list(`{"embedding":${text}}`)}]}`],
  'openai in base64': [40, openaiEmbedDecoder, `{"data":[${list(`{"embedding":"${PACKED}"}`)}]}`],
} as const;

for (const [name, [limitMs, decoderFor, body]] of Object.entries(RESPONSES))
  test(`the end of a large embeddings response takes less than ${String(limitMs)} ms: ${name}`, async () => {
    const times: number[] = [];
    const bytes = Buffer.from(body);
    // The first one is not compiled yet.
    for (let run = 0; run < 3; run += 1) {
      const events: ServerEvent[] = [];
      const decoder = decoderFor((event) => void events.push(event), COUNT);
      for (let at = 0; at < bytes.length; at += 65_536) decoder.push(bytes.subarray(at, at + 65_536));
      times.push(
        await workingMsOf(() => {
          decoder.end();
        }),
      );
      const [first] = events;
      assert.ok(first?.kind === 'vectors');
      assert.equal(first.vectors.length, COUNT);
      assert.deepEqual(first.vectors[COUNT - 1], VECTOR);
    }
    assert.ok(Math.min(...times) < limitMs, times.join(' '));
  });

test('a list of numbers has no other value and no hole', () => {
  for (const other of ['1', null, undefined, 1n, [1]]) assert.equal(areNumbers([1, 2.5, other]), false);
  const holes: unknown[] = [1];
  holes.length = 2;
  assert.equal(areNumbers(holes), false);
  assert.equal(areNumbers([1, Number.NaN, -0]), true);
  assert.equal(areNumbers([]), true);
});
