import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { addressOf, configFolder, MAIN, MASTER, start, watch, type Run } from './main-process.ts';
import { until } from './running.ts';

const { folder, write } = await configFolder();
const NEW = `sk-${'ab'.repeat(32)}`;
const OLD = `sk-${'cd'.repeat(32)}`;

const ask = async (run: Run, headers: Record<string, string>, path = '/v1/models'): Promise<number> =>
  (await fetch(`http://${await addressOf(run)}${path}`, { headers })).status;
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const linesOf = (run: Run): readonly string[] => run.out.split('\n').filter((line) => line.includes('"request"'));

async function withCredential(text: string, config: object): Promise<Run> {
  await writeFile(join(folder, 'litellm.env'), text, { mode: 0o600 });
  const args = ['--config', await write('keys.yaml', config), '--host', '127.0.0.1', '--port', '0'];
  return start(args, { CREDENTIALS_DIRECTORY: folder });
}

test('during a rotation both keys work, from a credential that the environment of the process does not hold', async () => {
  const run = await withCredential(`LITELLM_MASTER_KEY="${NEW}"\nLITELLM_MASTER_KEY_PREVIOUS='${OLD}'\n`, MASTER);
  assert.equal(await ask(run, bearer(NEW)), 200);
  assert.equal(await ask(run, bearer(OLD)), 200);
  assert.equal(await ask(run, { 'x-api-key': OLD }), 200);
  assert.equal(await ask(run, { ...bearer('sk-of-another-service-00'), 'api-key': OLD }), 200);
  assert.equal(await ask(run, bearer(`sk-${'ef'.repeat(32)}`)), 401);
  assert.equal(await ask(run, {}), 401);
  const environ = readFileSync(`/proc/${String(run.child.pid)}/environ`, 'utf8');
  assert.match(environ, /CREDENTIALS_DIRECTORY=/);
  assert.doesNotMatch(environ, new RegExp(`${NEW}|${OLD}`));
  await until('the lines are written', () => linesOf(run).length === 6);
  // Requests with the previous key say so, and no line has a key.
  assert.deepEqual(
    linesOf(run).map((line) => (JSON.parse(line) as { previous_key?: true }).previous_key),
    [undefined, true, true, true, undefined, undefined],
  );
  assert.doesNotMatch(run.out + run.err, /abab|cdcd/);
});

test('the metrics count the requests with the previous key, also scrapes, which then have a line', async () => {
  const run = await withCredential(`LITELLM_MASTER_KEY=${NEW}\nLITELLM_MASTER_KEY_PREVIOUS=${OLD}\n`, MASTER);
  const count = async (key: string): Promise<string | undefined> => {
    const answer = await fetch(`http://${await addressOf(run)}/metrics`, { headers: bearer(key) });
    return /^hxllm_previous_key_requests_total (\d+)$/m.exec(await answer.text())?.[1];
  };
  assert.equal(await count(NEW), '0');
  await ask(run, bearer(OLD));
  await count(OLD);
  await until('both are counted', async () => (await count(NEW)) === '2');
  assert.equal(linesOf(run).filter((line) => line.includes('"/metrics"')).length, 1);
});

test('config.yaml may name the previous key; a reference to a variable that is not set is none', async () => {
  const config = { ...MASTER, hxllm: { master_key_previous: 'os.environ/OLD_KEY' } };
  const both = await withCredential(`LITELLM_MASTER_KEY=${NEW}\nOLD_KEY=${OLD}\n`, config);
  assert.equal(await ask(both, bearer(OLD)), 200);
  const one = await withCredential(`LITELLM_MASTER_KEY=${NEW}\n`, config);
  assert.equal(await ask(one, bearer(NEW)), 200);
  assert.equal(await ask(one, bearer(OLD)), 401);
  assert.match(one.err, /^warning: .*hxllm\.master_key_previous[^]*OLD_KEY/m);
});

test('a previous key without a master key refuses the start: it would let everyone in', async () => {
  const run = await withCredential(`LITELLM_MASTER_KEY_PREVIOUS=${OLD}\n`, {});
  assert.equal(await run.code, 78);
  assert.match(run.err, /config\.previous-key/);
  assert.doesNotMatch(run.err, /cdcd/);
});

test('a check warns of a previous key that is the same, or short, and takes the variables from its standard input', async () => {
  const check = async (text: string): Promise<Run> => {
    const args = [MAIN, '--check', '--config', await write('check.yaml', MASTER), '--environment', '-'];
    const run = watch(spawn(process.execPath, args));
    run.child.stdin?.end(text);
    assert.equal(await run.code, 0, run.err);
    return run;
  };
  for (const [previous, message] of [
    [NEW, /found the same one/],
    ['sk-short', /at least 20 characters/],
  ] as const) {
    const run = await check(`LITELLM_MASTER_KEY=${NEW}\nLITELLM_MASTER_KEY_PREVIOUS=${previous}\n`);
    assert.match(run.err, message);
    assert.doesNotMatch(run.err, /abab|sk-short/);
  }
  assert.doesNotMatch((await check(`LITELLM_MASTER_KEY=${NEW}\nLITELLM_MASTER_KEY_PREVIOUS=${OLD}\n`)).err, /warning/);
});
