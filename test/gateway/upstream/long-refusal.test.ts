import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientFailure } from '../../../src/gateway/proxy/client-failure.ts';
import { ollamaFailure } from '../../../src/gateway/upstream/ollama/ollama-failure.ts';
import { openaiFailure } from '../../../src/gateway/upstream/openai/openai-failure.ts';
import { workingMsOf } from '../../working-time.ts';

// The beginnings of the texts that are looked for: a client can have its server quote 800 KB of them, and then its own words are read so too.
const BEGINNINGS = [
  'tokens when context ',
  'think value ',
  'template: :1',
  'option "a',
  'maximum context ',
  'a.',
  'a-',
  '::',
];

test('a refusal of 800 KB is read in a moment, whatever it is made of', async () => {
  for (const beginning of BEGINNINGS) {
    const message = beginning.repeat(800_000 / beginning.length);
    const body = JSON.stringify({ error: { message } });
    const workingMs = await workingMsOf(() => {
      for (const failure of [openaiFailure(400, body), ollamaFailure(400, body)]) {
        assert.equal(failure.kind, 'invalid');
        assert.equal(clientFailure(failure, []).message.length, 1000);
      }
    });
    // A pattern with `.*` in it took 23 s.
    assert.ok(workingMs < 1000, `${beginning}: ${String(workingMs)} ms`);
  }
});
