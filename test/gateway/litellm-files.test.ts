import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { answersShortly, startFake } from './fake-upstream.ts';
import { addressOf, configFolder, start } from './main-process.ts';

const KEY = 'sk-0123456789abcdef';

// Ends the processes of a failed test.
await configFolder();

/** Files of the kinds that LiteLLM's users have, with the statuses and words of requests in turn. */
const FILES: readonly { readonly file: string; readonly asks: readonly (readonly [string, number, RegExp])[] }[] = [
  {
    file: 'cloud-first.yaml',
    asks: [
      ['best', 200, /here/],
      ['careful', 200, /here/],
      ['local', 200, /here/],
      ['gpt-4o', 200, /here/],
      ['both', 404, /model_not_found/],
      ['ollama_chat/m', 200, /here/],
    ],
  },
  {
    file: 'wildcard.yaml',
    asks: [
      ['usual', 200, /here/],
      ['ollama/m', 200, /here/],
      ['nothing', 404, /model_not_found/],
    ],
  },
  {
    file: 'limited.yaml',
    asks: [
      ['small', 200, /here/],
      ['small', 200, /here/],
      ['small', 429, /rate_limit_exceeded/],
    ],
  },
  {
    file: 'by-model-name.yaml',
    asks: [
      ['smart', 200, /here/],
      ['fast', 200, /here/],
      ['old', 200, /Use fast\./],
    ],
  },
];

for (const { file, asks } of FILES)
  test(`LiteLLM’s file ${file} passes --check, starts and serves its names`, async () => {
    await using fake = await startFake(answersShortly('here'));
    const path = join(import.meta.dirname, 'litellm-files', file);
    const environment = { OLLAMA_URL: fake.url, DOWN_URL: 'http://127.0.0.1:9', LITELLM_MASTER_KEY: KEY };
    const check = start(['--config', path, '--port', '0', '--check'], environment);
    assert.equal(await check.code, 0, check.err);
    const run = start(['--config', path, '--port', '0'], environment);
    const address = await addressOf(run);
    assert.equal(run.err, check.err, 'the same warnings');
    for (const [model, status, text] of asks) {
      const response = await fetch(`http://${address}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, connection: 'close' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
      });
      assert.equal(response.status, status, model);
      assert.match(await response.text(), text, model);
    }
    run.child.kill('SIGTERM');
    assert.equal(await run.code, 0);
  });

test('without its master key a file is refused, and nothing else that is unset refuses it', async () => {
  const path = join(import.meta.dirname, 'litellm-files', 'cloud-first.yaml');
  const run = start(['--config', path, '--check'], { LITELLM_MASTER_KEY: '' });
  assert.equal(await run.code, 78);
  assert.match(run.err, /error: .+ general_settings\.master_key/);
  assert.equal(run.err.match(/^error:/gm)?.length, 1);
  for (const name of ['wildcard.yaml', 'limited.yaml', 'by-model-name.yaml']) {
    const other = join(import.meta.dirname, 'litellm-files', name);
    assert.equal(await start(['--config', other, '--check'], { LITELLM_MASTER_KEY: '' }).code, 0, name);
  }
});
