import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { apiKeyHash } from '../../src/core/api-key.ts';
import { startFake } from '../gateway/fake-upstream.ts';
import { KEY, startGateway } from '../gateway/running.ts';
import { findPromtool } from '../run/prometheus.ts';

// The recipes of the manual, run by bash as they are printed. Only the address of the gateway is another one, and psql answers from a file.

const ROOT = join(import.meta.dirname, '../..');
const ADDRESS = 'http://hx-api-server.dev-test.hana-x.ai:4000';
const folder = mkdtempSync(join(tmpdir(), 'hxllm-recipes-'));
mkdirSync(join(folder, 'state'));
const fake = await startFake();
const gateway = await startGateway([], {
  model_list: [{ model_name: 'phi3-3.8b', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }],
  hxllm: { state_dir: join(folder, 'state') },
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
  rmSync(folder, { recursive: true });
});
writeFileSync(join(folder, 'master.key'), `${KEY}\n`);
program('hxllm', `exec '${process.execPath}' '${join(ROOT, 'bin/hxllm.js')}' "$@"`);
// The file name is in the words of \copy.
program('psql', `file=$(printf '%s' "$3" | sed 's/.* TO \\([a-z.]*\\) WITH.*/\\1/'); cp "database/$file" "$file"`);
const promtool = findPromtool();
if (promtool !== undefined) program('promtool', `exec '${promtool}' "$@"`);

function program(name: string, line: string): void {
  const path = join(folder, 'bin', name);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(path, `#!/bin/bash\n${line}\n`);
  chmodSync(path, 0o755);
}

/** The first block of commands behind these words of a page. */
function block(page: string, words: string): string {
  const text = readFileSync(join(ROOT, 'src/docs', page), 'utf8');
  const at = text.indexOf(words);
  assert.ok(at >= 0, words);
  const found = /```bash\n([^]*?)```/.exec(text.slice(at))?.[1];
  assert.ok(found !== undefined, words);
  return found;
}

async function run(script: string): Promise<string> {
  assert.equal(script.includes('GATEWAY='), script.includes(ADDRESS), 'the address is set once');
  const commands = `set -euo pipefail\n${script.replaceAll(ADDRESS, gateway.url)}`;
  const environment = {
    ...process.env,
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    DATABASE_URL: 'postgres://db',
  };
  const { stdout } = await promisify(execFile)('bash', ['-c', commands], { cwd: folder, env: environment });
  return stdout;
}

const works = async (key: string): Promise<boolean> =>
  (await gateway.ask('/v1/models', { headers: { authorization: `Bearer ${key}` } })).status === 200;
const fileOf = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();

test('the first key is made, answers and is shown', async () => {
  const out = await run(block('operations.md', '**The first key**'));
  assert.match(fileOf('first.key'), /^sk-hx-/);
  assert.match(out, /"content":"hello"/);
  assert.match(out, /^rpm_limit +60$/m);
});

test('the key of Open WebUI tells its users apart', async () => {
  await run(block('operations.md', '**Open WebUI with users.**'));
  const line = gateway.ended().findLast(({ caller }) => caller === 'open-webui');
  assert.equal(line?.['user'], 'ada');
});

test('a key of LiteLLM opens the gateway', async () => {
  mkdirSync(join(folder, 'database'));
  writeFileSync(join(folder, 'database/teams.csv'), 'team_id,team_alias,models\nt-1,Old,{}\n');
  writeFileSync(
    join(folder, 'database/keys.csv'),
    `token,key_name,key_alias,models,team_id\n${apiKeyHash('sk-litellm-key-0001')},sk-...0001,old,{},t-1\n`,
  );
  assert.match(await run(block('operations.md', '**From LiteLLM')), /^1 key and 1 team imported, 0 rows left$/m);
  assert.ok(await works('sk-litellm-key-0001'));
});

test('the board and the alerts are where the commands say', async () => {
  const script = block('observability.md', '## Prometheus and Grafana');
  // Without promtool here the lines for it are left to test/templates, which says so.
  await run(promtool === undefined ? script.replaceAll(/^promtool.*$/gm, '') : script);
  for (const name of ['grafana/hxllm.json', 'prometheus/alerts.yml', 'prometheus/alerts.test.yml'])
    assert.ok(existsSync(join(folder, 'monitoring', name)), name);
});
