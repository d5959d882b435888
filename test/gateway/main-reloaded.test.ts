import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../src/core/api-key.ts';
import { addressOf, configFolder, MASTER, start } from './main-process.ts';

const KEY = 'sk-0123456789abcdef';

const { write } = await configFolder();

test('/health/readiness?reloaded answers after the reload that was asked for before, also after several', async () => {
  const file = await write('reloaded.yaml', MASTER);
  const run = start(['--config', file, '--port', '0'], { LITELLM_MASTER_KEY: KEY });
  const address = await addressOf(run);
  const get = async (path: string): Promise<Response> =>
    fetch(`http://${address}${path}`, { headers: { authorization: `Bearer ${KEY}` } });
  for (const count of [1, 2, 3]) {
    for (let signal = 0; signal < count; signal += 1) {
      const names = Array.from({ length: count * 10 + signal }, (_, index) => [`a${String(index)}`, 'm']);
      await write('reloaded.yaml', { ...MASTER, router_settings: { model_group_alias: Object.fromEntries(names) } });
      run.child.kill('SIGHUP');
    }
    const ready = await get('/health/readiness?reloaded');
    assert.deepEqual([ready.status, await ready.json()], [200, { status: 'healthy' }]);
    const { data } = (await (await get('/v1/models')).json()) as { data: unknown[] };
    assert.equal(data.length, count * 10 + count);
  }
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0);
});

test('a reload lets in a new key of a client, and refuses one that is blocked or taken out', async () => {
  const [one, two] = [newApiKey(), newApiKey()];
  const withKeys = (...keys: readonly object[]): object => ({ ...MASTER, hxllm: { keys } });
  const entryOf = (alias: string, key: string, more: object = {}): object => ({
    alias,
    hash: apiKeyHash(key),
    ...more,
  });
  const file = await write('keys.yaml', withKeys(entryOf('one', one)));
  const run = start(['--config', file, '--port', '0'], { LITELLM_MASTER_KEY: KEY });
  const address = await addressOf(run);
  const status = async (key: string): Promise<number> =>
    (await fetch(`http://${address}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
  const reloadWith = async (...keys: readonly object[]): Promise<void> => {
    await write('keys.yaml', withKeys(...keys));
    run.child.kill('SIGHUP');
    assert.equal((await fetch(`http://${address}/health/readiness?reloaded`)).status, 200);
  };
  assert.deepEqual([await status(one), await status(two)], [200, 401]);
  await reloadWith(entryOf('one', one, { blocked: true }), entryOf('two', two));
  assert.deepEqual([await status(one), await status(two)], [401, 200]);
  await reloadWith(entryOf('one', one));
  assert.deepEqual([await status(one), await status(two)], [200, 401]);
  // A wrong entry keeps the configuration before.
  await reloadWith({ alias: 'two', hash: two });
  assert.deepEqual([await status(one), await status(two)], [200, 401]);
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0);
  assert.ok(!(run.out + run.err).includes(two.slice(6)));
});
