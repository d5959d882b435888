import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake } from '../fake-upstream.ts';
import { startGateway } from '../running.ts';

const COUNT = 600;
const DIMENSIONS = 1024;
const VECTORS = Array.from({ length: COUNT }, (_, row) =>
  Array.from({ length: DIMENSIONS }, (__, at) => Math.fround(Math.sin(row * DIMENSIONS + at))),
);
const INPUT = VECTORS.map((_, at) => `text ${String(at)}`);

const unpacked = (text: string): readonly number[] => {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
};

/** Longest time between two turns of the event loop, ms, while `work` runs. */
async function longestTurnMs(work: () => Promise<void>): Promise<number> {
  let longestMs = 0;
  let lastMs = performance.now();
  let over = false;
  const look = (): void => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!over) setImmediate(look);
  };
  setImmediate(look);
  await work();
  over = true;
  return longestMs;
}

for (const kind of ['ollama', 'openai'] as const)
  test(`a large batch of embeddings of an ${kind} server comes whole, and stops no other request`, async () => {
    const object =
      kind === 'ollama'
        ? { model: 'm', embeddings: VECTORS, prompt_eval_count: 7 }
        : {
            object: 'list',
            model: 'm',
            data: VECTORS.map((embedding, index) => ({ object: 'embedding', index, embedding })),
            usage: { prompt_tokens: 7, total_tokens: 7 },
          };
    const text = Buffer.from(JSON.stringify(object));
    await using fake = await startFake(async (_got, outgoing) => {
      // In small pieces, so that the server's own work is none of the turns that are measured.
      for (let at = 0; at < text.length; at += 65_536) {
        outgoing.write(text.subarray(at, at + 65_536));
        await new Promise((resolve) => setImmediate(resolve));
      }
      outgoing.end();
    });
    await using gateway = await startGateway([], {
      model_list: [
        {
          model_name: 'm',
          litellm_params: { model: `${kind}/m`, api_base: fake.url, ...(kind === 'openai' ? { api_key: 'k' } : {}) },
        },
      ],
    });
    for (const [path, more] of [
      ['/v1/embeddings', { encoding_format: 'float' }],
      ['/v1/embeddings', { encoding_format: 'base64' }],
      ['/api/embed', {}],
    ] as const) {
      let answer = '';
      const ask = async (): Promise<void> => {
        const response = await gateway.ask(path, {
          method: 'POST',
          body: JSON.stringify({ model: 'm', input: INPUT, ...more }),
        });
        assert.equal(response.status, 200);
        answer = await response.text();
      };
      // Other programs of the machine make some runs longer.
      const longestMs = Math.min(await longestTurnMs(ask), await longestTurnMs(ask), await longestTurnMs(ask));
      const body = JSON.parse(answer) as {
        readonly embeddings?: readonly (readonly number[])[];
        readonly data?: readonly { readonly embedding: string | readonly number[] }[];
      };
      const vectors =
        body.embeddings ??
        body.data?.map(({ embedding }) => (typeof embedding === 'string' ? unpacked(embedding) : embedding));
      assert.deepEqual(vectors, VECTORS, path);
      // One turn of all the work took 150 ms and more on the same machine at rest.
      assert.ok(longestMs < 100, `${path}: ${String(longestMs)}`);
    }
  });
