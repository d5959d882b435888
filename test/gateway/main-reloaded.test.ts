import assert from 'node:assert/strict';
import { test } from 'node:test';
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
