import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { ollamaDetailsQuestion, type BackendDetails } from '../../src/facts/ollama-details.ts';
import { startSim } from '../../src/sim/server.ts';

function asked(url: string, models: readonly string[]): Promise<BackendDetails | undefined> {
  const question = ollamaDetailsQuestion(url, models);
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['-c', question.script, 'hxllm', ...(question.arguments ?? [])],
      { env: { ...process.env, SHLVL: '1' } },
      (error, stdout) => {
        if (error !== null) reject(error);
        else resolve(question.parse({ stdout, exitCode: 0 }));
      },
    );
  });
}

test('the models in memory and num_ctx, weights and trained context of others are read without curl', async (t) => {
  const sim = await startSim({
    models: [
      { name: 'phi3:3.8b', numCtx: 8192, trainedContext: 131_072 },
      { name: 'llama3', trainedContext: 8192 },
    ],
  });
  t.after(() => sim.close());
  await fetch(`${sim.url}/api/generate`, { method: 'POST', body: JSON.stringify({ model: 'llama3', stream: false }) });
  const found = await asked(sim.url, ['phi3:3.8b', 'llama3', 'absent', 'no"t a name']);
  assert.deepEqual(
    found?.loaded.map(({ name }) => name),
    ['llama3:latest'],
  );
  assert.ok((found?.loaded[0]?.context ?? 0) > 0);
  assert.deepEqual(
    found?.shown.map(({ name, numCtx, trainedContext }) => [name, numCtx, trainedContext]),
    [
      ['phi3:3.8b', 8192, 131_072],
      ['llama3', undefined, 8192],
    ],
    'a model that the server has not, and a text that is no name, are left out',
  );
  assert.match(found?.shown[0]?.weights ?? '', /^\/.*\/blobs\/sha256-[0-9a-f]{64}$/);
});

test('a server that does not answer has no details', async () => {
  assert.equal(await asked('http://127.0.0.1:1', ['phi3']), undefined);
});
