import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsPhase } from '../../src/core/verdict.ts';
import { FOREIGN, smokeAt } from '../phases/smoke/smoking.ts';
import { startRealOllama, whyNoRealOllama } from './ollama-server.ts';

const skip = whyNoRealOllama();

test(
  'smoke judges a plain Ollama fairly: nothing fails, and only hxllm’s own checks do not apply',
  { skip },
  async (t) => {
    const server = await startRealOllama();
    t.after(() => server.close());
    const { report, result, files } = await smokeAt(server.url, { ...FOREIGN, key: undefined });
    for (const { id, outcome, seen } of report.results) t.diagnostic(`${id} ${outcome}: ${seen}`);
    assert.deepEqual(
      report.results.filter(failsPhase).map(({ id, seen }) => `${id}: ${seen}`),
      [],
    );
    for (const id of ['chat.answers', 'chat.unknown-model', 'stream.framed', 'stream.first-token'])
      assert.equal(result(id).outcome, 'pass', `${id}: ${result(id).seen}`);
    // The model writes noise, and may end it before the limit.
    assert.notEqual(result('chat.max-tokens').outcome, 'fail');
    for (const id of ['dialects.ollama', 'performance.errors', 'performance.first-token', 'performance.tokens'])
      assert.equal(result(id).outcome, 'pass', `${id}: ${result(id).seen}`);
    for (const id of ['health.alive', 'auth.query-key-refused', 'backends.used', 'backends.configured'])
      assert.equal(result(id).outcome, 'not-applicable', id);
    assert.match(files.get('measurements.json') ?? '', /"first_token_ms":\{"p50":\d/);
  },
);
