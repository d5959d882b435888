import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { parseConfigText } from '../../../src/gateway/process/config-text.ts';
import { reloadConfigFile } from '../../../src/gateway/process/config-thread.ts';
import { reload } from '../../../src/gateway/process/reload.ts';
import { workingMsOf } from '../../working-time.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, textOf, type Running } from '../running.ts';

const folder = await mkdtemp(join(tmpdir(), 'hxllm-odd-'));
after(() => rm(folder, { recursive: true }));
const file = join(folder, 'config.yaml');
// The thread alone keeps no process alive.
const alive = setInterval(() => {}, 1000);
after(() => {
  clearInterval(alive);
});

const goodText = (url: string): string =>
  `model_list:\n- model_name: m\n  litellm_params: {model: ollama_chat/m, api_base: "${url}"}\ngeneral_settings: {master_key: ${KEY}}\n`;
const GOOD = goodText('http://127.0.0.1:9');

/** Reloads a gateway from the file; returns what it told. */
async function reloaded(gateway: Running): Promise<string> {
  const told: string[] = [];
  await reload({
    file,
    environment: {},
    gateway,
    addresses: [{ host: '127.0.0.1', port: gateway.port }],
    wouldMove: () => false,
    stateDir: undefined,
    log: (entry) => gateway.entries.push(entry),
    tell: (text) => told.push(text),
  });
  return told.join('');
}

const ODD: Readonly<Record<string, string | Buffer>> = {
  'a circle of merges': `${GOOD}a: &a {<<: *a}\n`,
  'a tab': 'model_list:\n\t- a: b\n',
  'all bytes': Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 256)),
  nothing: '',
  'two documents': `${GOOD}---\n${GOOD}`,
  'open brackets': `${GOOD}x: ${'['.repeat(20_000)}`,
  'many levels': `${GOOD}x: ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  'UTF-16': Buffer.from(`\uFEFF${GOOD}`, 'utf16le'),
  'a merge of a number': GOOD.replace('{master', '{<<: 5, master'),
  'an anchor that is not there': `${GOOD}x: *nope\n`,
  'a character that is none': `${GOOD}x: "\\U00110000"\n`,
  'numbers without end': `${GOOD}hxllm: {timeouts: {drain: .inf}, max_body_mib: 1e999}\n`,
  'an include that is no list of paths': `include: [/dev/zero, 5]\n${GOOD}`,
  'an include of a device': `include: [/dev/zero]\n${GOOD}`,
  'a list of no models': 'model_list: []\n',
  'a mapping called __proto__': GOOD.replace('model_list', '__proto__'),
};

test('odd files are refused by a reload, each with one line in the log, and the gateway goes on', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const begun = gateway.service();
  const refuses = async (what: string): Promise<void> => {
    const before = gateway.entries.length;
    const told = await reloaded(gateway);
    const lines = gateway.entries.slice(before);
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['reload-refused'],
      what,
    );
    assert.doesNotMatch(JSON.stringify(lines), /call stack|bug\./, what);
    assert.ok(/^error: /m.test(told) && told.length < 10_000, `${what}: ${told.slice(0, 500)}`);
    assert.equal(gateway.service(), begun);
  };
  for (const [what, text] of Object.entries(ODD)) {
    await writeFile(file, text);
    await refuses(what);
  }
  await rm(file);
  await refuses('no file');
  await mkdir(file);
  await refuses('a folder');
  await rm(file, { recursive: true });
  for (const target of [file, '/dev/zero', '/proc/self/mem']) {
    await symlink(target, file);
    await refuses(`a link to ${target}`);
    await rm(file);
  }
  assert.equal(await textOf(await gateway.chat()), 'hello');
  await writeFile(file, goodText(fake.url));
  await reloaded(gateway);
  assert.equal(gateway.entries.at(-1)?.['event'], 'reloaded');
});

test('of a thousand mistakes the log has twenty and the number of the others, and a person is told a thousand', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  await writeFile(file, `${GOOD}hxllm:\n${'  max_queue: 1\n'.repeat(1501)}`);
  const told = await reloaded(gateway);
  assert.equal(told.match(/^error: .*duplicate-key/gm)?.length, 1000);
  assert.match(told, /\nerror: and 500 more of this file\n$/);
  const { problems, more_problems: more } = gateway.entries.at(-1) ?? {};
  assert.ok(Array.isArray(problems));
  assert.deepEqual([problems.length, more], [20, 1480]);
});

test('a reload that takes the master key away says that everybody on this machine may use the gateway, once', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  await writeFile(file, GOOD.replace(/general_settings.*/, ''));
  assert.match(await reloaded(gateway), /^warning: no master key: every user of this machine may use this gateway/);
  assert.equal(await reloaded(gateway), '');
});

test('a file that takes too long refuses the reload', async () => {
  await writeFile(file, GOOD);
  const { config, errors } = await reloadConfigFile(file, { environment: {} }, undefined, 1);
  assert.equal(config, undefined);
  assert.deepEqual(
    errors.map(({ code, where }) => [code, where?.file]),
    [['config.too-slow', file]],
  );
});

test('the places of the keys of a long mapping are found in one pass', async () => {
  const keys = Array.from({ length: 50_000 }, (_, index) => `k${String(index)}`);
  const parsing = parseConfigText(keys.map((key) => `${key}: 1`).join('\n'), 'config.yaml');
  assert.ok('parsed' in parsing);
  const { whereOf } = parsing.parsed;
  const workedMs = await workingMsOf(() => {
    for (const [index, key] of keys.entries())
      assert.deepEqual(whereOf([key]), { file: 'config.yaml', line: index + 1, column: 1 });
  });
  assert.ok(workedMs < 1000, `${String(workedMs)} ms`);
});

test('lines that end in CR are those of a file that LiteLLM reads', () => {
  for (const text of [GOOD.replaceAll('\n', '\r'), GOOD.replaceAll('\n', '\r\n'), `\uFEFF${GOOD}`]) {
    const { config, errors, warnings } = readConfigText(text, file, { environment: {} });
    assert.deepEqual([config?.groups.map(({ name }) => name), errors, warnings], [['m'], [], []]);
  }
});
