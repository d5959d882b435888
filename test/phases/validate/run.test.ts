import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SUDO } from '../../../src/core/become.ts';
import type { Config, Settings } from '../../../src/config/config.ts';
import type { Host } from '../../../src/core/host.ts';
import type { PhaseReport } from '../../../src/core/phase.ts';
import { fail, ok } from '../../../src/core/problem.ts';
import { Secret } from '../../../src/core/secret.ts';
import { runValidate } from '../../../src/phases/validate/run.ts';
import { judgeUnits } from '../../../src/phases/validate/units.ts';
import { createLocalHost } from '../../../src/remote/local/host.ts';
import { targetOf } from '../../remote/target.ts';
import { model, settings } from '../../render/settings.ts';
import { shippingOf } from '../enforce/stage.ts';

const target = targetOf({ name: 'api', connection: 'local' });

async function validate(
  over: Partial<Settings>,
  host: Host = createLocalHost('api', process.env),
): Promise<PhaseReport & { readonly files: ReadonlyMap<string, string>; outcome(id: string): string | undefined }> {
  const files = new Map<string, string>();
  const config: Config = {
    inventories: ['/i'],
    inventoryFile: '/i',
    variablesFolder: '/',
    groupDefined: true,
    hosts: [{ target, become: SUDO, settings: settings(over), origins: {} }],
    allHosts: ['api'],
    candidates: [],
    files: [],
    warnings: [],
  };
  const report = await runValidate(config, shippingOf(''), {
    connect: () => Promise.resolve(ok(host)),
    recorder: {
      event: () => undefined,
      file: (path, content) => files.set(path, typeof content === 'string' ? content : JSON.stringify(content)),
    },
    confirm: () => Promise.resolve(false),
    signal: new AbortController().signal,
    nowMs: () => 0,
  });
  return { ...report, files, outcome: (id) => report.results.find((result) => result.id === id)?.outcome };
}

test('the rendered files pass, are kept without the key, and leave nothing on the host', async (context) => {
  const temporary = mkdtempSync(join(tmpdir(), 'hxllm-validate-'));
  context.after(() => {
    rmSync(temporary, { recursive: true });
  });
  const report = await validate({}, createLocalHost('api', { ...process.env, TMPDIR: temporary }));
  assert.equal(report.ending, 'passed', JSON.stringify(report.results));
  assert.deepEqual(
    [...report.files.keys()].toSorted(),
    [
      'config.yaml',
      'litellm-drop-ins',
      'litellm-failed@.service',
      'litellm.env',
      'litellm.service',
      'litellm.socket',
      'litellm@.service',
    ].map((name) => `hosts/api/renders/${name}`),
  );
  assert.match(report.files.get('hosts/api/renders/litellm.env') ?? '', /^LITELLM_MASTER_KEY="\[redacted\]"$/m);
  assert.doesNotMatch(JSON.stringify([...report.files, report.results]), /a1a1/);
  assert.deepEqual(readdirSync(temporary), []);
});

test('a locked vault renders a placeholder and fails nothing; a key of another form is a warning', async () => {
  const locked = await validate({ masterKey: { state: 'locked', file: '/v' } });
  assert.deepEqual([locked.ending, locked.outcome('key.form')], ['passed', 'not-applicable']);
  const odd = await validate({ masterKey: { state: 'set', key: new Secret('sk-short'), where: {} } });
  assert.deepEqual([odd.ending, odd.outcome('key.form')], ['passed', 'fail']);
  assert.doesNotMatch(JSON.stringify(odd.results), /sk-short/);
  for (const [digits, outcome] of [
    ['0'.repeat(64), 'fail'],
    ['deadbeef'.repeat(8), 'fail'],
    ['0123456789abcdef'.repeat(4), 'fail'],
    ['fedcba98765432100123456789abcdeffedcba98765432100123456789abcdef', 'fail'],
    ['9f2c4e0b7d1a86f35c9e2b40d7a1683f0c5e9b274d8f6a13e07b5c92d4f81a6e', 'pass'],
  ] as const) {
    const key = new Secret(`sk-${digits}`);
    assert.equal(
      (await validate({ masterKey: { state: 'set', key, where: {} } })).outcome('key.form'),
      outcome,
      digits,
    );
  }
});

test('two models of one name are reported, since the gateway reads them as one', async () => {
  const report = await validate({ models: [model('a', { model: 'x:1' }), model('a', { model: 'y:1' })] });
  assert.deepEqual(
    [report.ending, report.outcome('config.accepted'), report.outcome('config.complete')],
    ['failed', 'pass', 'fail'],
  );
});

test('an option that Ollama does not have is a warning', async () => {
  const report = await validate({ models: [model('a', { options: { temprature: 1 } })] });
  assert.deepEqual([report.ending, report.outcome('config.heeded')], ['passed', 'fail']);
});

test('without systemd the units are not applicable', async () => {
  assert.equal((await validate({ serviceManager: 'process' })).outcome('units.verify'), 'not-applicable');
  const bin = mkdtempSync(join(tmpdir(), 'hxllm-bin-'));
  for (const name of ['bash', 'cat', 'date', 'grep', 'head', 'id', 'mktemp', 'rm', 'sed', 'timeout'])
    symlinkSync(`/usr/bin/${name}`, join(bin, name));
  const none = createLocalHost('api', { ...process.env, PATH: bin });
  const report = await validate({}, none);
  rmSync(bin, { recursive: true });
  assert.equal(report.outcome('units.verify'), 'not-applicable');
});

test('all questions to a host travel in one round trip', async () => {
  const host = createLocalHost('api', process.env);
  let runs = 0;
  await validate(
    {},
    {
      ...host,
      run: (command, options) => {
        runs += 1;
        return host.run(command, options);
      },
    },
  );
  assert.equal(runs, 1);
});

test('a host that cannot be reached leaves its units unknown, and that fails', async () => {
  const files = await validate(
    {},
    {
      ...createLocalHost('api', process.env),
      run: () =>
        Promise.resolve(fail({ code: 'host.timeout', summary: 'api did not answer', detail: '', fix: 'ssh api' })),
    },
  );
  assert.deepEqual([files.ending, files.outcome('units.verify')], ['failed', 'unknown']);
});

test('a folder that holds anything else fails, whatever its name, and a new one passes', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-validate-'));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  // The account of the service has to get in.
  chmodSync(folder, 0o755);
  assert.equal((await validate({ configDir: `${folder}/new/one` })).outcome('place.folders'), 'pass');
  assert.equal((await validate({ configDir: folder })).outcome('place.folders'), 'pass');
  for (const over of [{ configDir: '/var/lib' }, { installDir: '/usr/share' }]) {
    const report = await validate(over);
    assert.deepEqual([report.ending, report.outcome('place.folders')], ['failed', 'fail']);
  }
});

test('a unit fails on any message of systemd, even if systemd only ignores a setting', () => {
  assert.equal(
    judgeUnits(0, "litellm.service:66: Unknown key 'ProtectHomme' in section [Service], ignoring.\n").outcome,
    'fail',
  );
  assert.equal(judgeUnits(1, '').outcome, 'fail');
  assert.equal(judgeUnits(0, '').outcome, 'pass');
});
