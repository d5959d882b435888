import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, configFolder, start } from './main-process.ts';

const { write } = await configFolder();

const ENTRY = { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: 'http://127.0.0.1:9' } };

/** The notes of `--check`, and of a start. */
async function notesOf(config: object, args: readonly string[] = []): Promise<readonly string[]> {
  const file = await write('config.yaml', config);
  const notes = (text: string): readonly string[] => text.split('\n').filter((line) => line.startsWith('note: '));
  const check = start(['--config', file, '--check', '--port', '0', ...args]);
  assert.equal(await check.code, 0, check.err);
  const run = start(['--config', file, '--port', '0', ...args]);
  await addressOf(run);
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0);
  assert.deepEqual(notes(check.err), notes(run.err));
  return notes(run.err);
}

test('each difference from LiteLLM in the parts that a file leaves open is said once, by --check as by a start', async () => {
  const limited = { ...ENTRY, litellm_params: { ...ENTRY.litellm_params, rpm: 3, tpm: 1000 } };
  const [strategy, address, rates, ...more] = await notesOf({ model_list: [limited, limited, ENTRY] });
  assert.match(strategy ?? '', /no router_settings\.routing_strategy: fleet, .* LiteLLM uses simple-shuffle/);
  assert.match(
    address ?? '',
    /no address: listening on 127\.0\.0\.1, LiteLLM on 0\.0\.0\.0; set hxllm\.listen to 0\.0\.0\.0:\d+/,
  );
  assert.match(rates ?? '', /rpm and tpm of entries are weights and no limits, .* \[enforce_model_rate_limits\]/);
  assert.deepEqual(more, []);
});

test('a file that says all of it has no note', async () => {
  const router_settings = { routing_strategy: 'least-busy', optional_pre_call_checks: ['enforce_model_rate_limits'] };
  const limited = { ...ENTRY, litellm_params: { ...ENTRY.litellm_params, rpm: 3, tpm: 1000 } };
  assert.deepEqual(await notesOf({ model_list: [limited], router_settings, hxllm: { listen: '127.0.0.1:0' } }), []);
  assert.deepEqual(await notesOf({ router_settings }, ['--host', '127.0.0.1']), []);
});

test('a strategy that knows no weights leaves rpm without effect', async () => {
  const limited = { ...ENTRY, litellm_params: { ...ENTRY.litellm_params, rpm: 3 } };
  const [note] = await notesOf(
    { model_list: [limited], router_settings: { routing_strategy: 'latency-based-routing' } },
    ['--host', '127.0.0.1'],
  );
  assert.match(note ?? '', /rpm of entries without effect with latency-based-routing/);
});

test('--check warns of what serves less well than its writer expects; a start is silent about it', async () => {
  const other = { ...ENTRY, litellm_params: { ...ENTRY.litellm_params, num_ctx: 4096 } };
  const file = await write('lint.yaml', {
    model_list: [ENTRY, { ...other, model_name: 'n' }],
    hxllm: { listen: '127.0.0.1:0' },
  });
  const check = start(['--config', file, '--check']);
  assert.equal(await check.code, 0, check.err);
  assert.match(
    check.err,
    /warning: .*[\s\S]*one num_ctx for all aliases of m on a server, found none for m and 4096 for n/i,
  );
  const run = start(['--config', file]);
  await addressOf(run);
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0);
  assert.doesNotMatch(run.err, /num_ctx/);
});
