import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Failure, Result } from '../../../src/core/problem.ts';
import { machineOf } from '../../../src/cli/shipping/elf.ts';
import { PINNED_RUNTIMES } from '../../../src/cli/shipping/pinned-runtimes.ts';
import type { Pins } from '../../../src/cli/shipping/runtime.ts';
import { createShipping } from '../../../src/cli/shipping/shipping.ts';
import { sha256 } from '../../../src/core/hash.ts';
import type { Architecture, Runtime } from '../../../src/render/release.ts';
import { until } from '../../until.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-shipping-'));
after(() => rmSync(folder, { recursive: true }));
const other: Architecture = process.arch === 'x64' ? 'arm64' : 'x64';

/** A file with the ELF header of a machine. */
function elf(name: string, machine: number, more = ''): string {
  const header = Buffer.alloc(64);
  header.write('\u007FELF', 'latin1');
  header[4] = 2;
  header[5] = 1;
  header.writeUInt16LE(machine, 18);
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat([header, Buffer.from(more)]));
  return file;
}

async function findWith(
  runtimeFile: string | undefined,
  architecture: Architecture,
  pins: Pins = PINNED_RUNTIMES,
): Promise<Result<Runtime>> {
  return createShipping({ runtimeFile, pins }).runtime(architecture);
}

/** The pins of an hxllm whose runtime for the other architecture is this file. */
function pinsFor(file: string): Pins {
  return { ...PINNED_RUNTIMES, [other]: { ...PINNED_RUNTIMES[other], sha256: sha256(readFileSync(file)) } };
}

function firstOf(result: Result<unknown>): Failure['problems'][0] {
  assert.ok(!result.ok);
  return result.problems[0];
}

const MACHINES: Readonly<Record<Architecture, number>> = { x64: 62, arm64: 183 };

test('the machine of a program is read from its header', async () => {
  assert.equal(await machineOf(elf('x', 62)), 'x64');
  assert.equal(await machineOf(elf('a', 183)), 'arm64');
  assert.deepEqual(await machineOf(elf('r', 243)), { other: 243 });
  const text = join(folder, 'text');
  writeFileSync(text, 'no program, but long enough to be one');
  assert.equal(await machineOf(text), undefined);
});

test('the runtime for this machine’s architecture is the installed package, with its hash', async () => {
  const found = await findWith(undefined, other === 'x64' ? 'arm64' : 'x64');
  assert.ok(found.ok);
  assert.match(found.value.sha256, /^[0-9a-f]{64}$/);
  assert.equal(spawnSync(found.value.file, ['--version'], { encoding: 'utf8' }).stdout, `v${found.value.version}\n`);
});

test('the runtime for the other architecture is missing, and the fix fetches it', async () => {
  const problem = firstOf(await findWith(undefined, other));
  assert.equal(problem.code, 'runtime.missing');
  assert.match(
    problem.fix,
    new RegExp(
      `^npm pack node-linux-${other}@24\\.21\\.0 && .*--runtime node-linux-${other}-24\\.21\\.0/bin/node; without internet: .*--offline`,
    ),
  );
});

test('a file for the other architecture is used if it is the pinned Node.js', async () => {
  const file = elf('good', MACHINES[other], '…https://nodejs.org/download/release/v24.21.0/node-v24.21.0.tar.gz…');
  const found = await findWith(file, other, pinsFor(file));
  assert.ok(found.ok);
  assert.deepEqual([found.value.file, found.value.version, found.value.architecture], [file, '24.21.0', other]);
});

test('a file of another version, machine or kind is refused with the found one', async () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [elf('old', MACHINES[other], 'node-v20.1.0.tar.gz'), 'runtime.other-version', /found Node\.js 20\.1\.0/],
    [elf('ls', MACHINES[other], 'nothing of the kind'), 'runtime.other-version', /a program without a version of Node/],
    [elf('riscv', 243), 'runtime.not-a-runtime', /e_machine 243/],
    [join(folder, 'nothing'), 'runtime.unreadable', /ENOENT/],
  ];
  for (const [file, code, seen] of cases) {
    const problem = firstOf(await findWith(file, other));
    assert.equal(problem.code, code);
    assert.match(problem.detail, seen);
    assert.equal(problem.where?.file, file);
  }
});

test('a runtime with one changed byte never leaves: the installed one and a named one are refused, with the fix', async () => {
  const mine: Architecture = other === 'x64' ? 'arm64' : 'x64';
  const good = await findWith(undefined, mine);
  assert.ok(good.ok);
  const changed = join(folder, 'changed');
  copyFileSync(good.value.file, changed);
  const bytes = readFileSync(changed);
  bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1;
  writeFileSync(changed, bytes);
  const named = firstOf(await findWith(changed, mine));
  // The same judgement of the installed package, whose file the tests share.
  const installed = firstOf(
    await findWith(undefined, mine, {
      ...PINNED_RUNTIMES,
      [mine]: { ...PINNED_RUNTIMES[mine], sha256: '0'.repeat(64) },
    }),
  );
  for (const [problem, expected, found, file] of [
    [named, good.value.sha256, sha256(bytes), changed],
    [installed, '0'.repeat(64), good.value.sha256, good.value.file],
  ] as const) {
    assert.deepEqual([problem.code, problem.where?.file], ['runtime.changed', file]);
    assert.match(problem.detail, new RegExp(`SHA-256 ${expected}, found ${found} `));
    assert.match(problem.fix, new RegExp(`^npm pack node-linux-${mine}@24\\.21\\.0 && `));
  }
});

test('every pinned runtime is the one of package.json and package-lock.json, and the installed one has its hash', async () => {
  const root = join(import.meta.dirname, '../../..');
  const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));
  const { optionalDependencies } = read('package.json') as { optionalDependencies: Record<string, string> };
  const { packages } = read('package-lock.json') as { packages: Record<string, { integrity?: string }> };
  for (const [architecture, { version, integrity, sha256: hash }] of Object.entries(PINNED_RUNTIMES)) {
    const name = `node-linux-${architecture}`;
    const fix = 'run: npm run pin-runtimes';
    assert.equal(version, optionalDependencies[name], fix);
    assert.equal(integrity, packages[`node_modules/${name}`]?.integrity, fix);
    assert.match(hash, /^[0-9a-f]{64}$/);
  }
  const mine: Architecture = other === 'x64' ? 'arm64' : 'x64';
  const installed = await findWith(undefined, mine);
  assert.ok(installed.ok);
  assert.equal(installed.value.sha256, PINNED_RUNTIMES[mine].sha256);
});

test('with a file for one architecture, the other still gets the installed runtime', async () => {
  const mine: Architecture = other === 'x64' ? 'arm64' : 'x64';
  const found = await findWith(elf('foreign', MACHINES[other], 'node-v24.21.0.tar.gz'), mine);
  assert.ok(found.ok && found.value.file.includes('node_modules'));
  assert.equal(
    firstOf(await findWith(elf('mine', MACHINES[mine], 'node-v24.21.0.tar.gz'), other)).code,
    'runtime.other-architecture',
  );
});

test('the gateway packs into one file that runs without packages, is the same each time, and has no path of this machine', async () => {
  const [first, second] = await Promise.all([
    createShipping({ runtimeFile: undefined }).bundle(),
    createShipping({ runtimeFile: undefined }).bundle(),
  ]);
  assert.ok(first.ok && second.ok);
  assert.equal(first.value.sha256, second.value.sha256);
  assert.ok(!first.value.content.includes(join(import.meta.dirname, '../../..')));
  const [bundle, config] = [join(folder, 'gateway.mjs'), join(folder, 'config.yaml')];
  writeFileSync(bundle, first.value.content);
  writeFileSync(
    config,
    'model_list:\n  - model_name: phi3\n    litellm_params: {model: ollama_chat/phi3, api_base: "http://127.0.0.1:1"}\n',
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, '--check', '--config', config], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
  // The thread that reads the file again runs the same bundle.
  const running = spawn(process.execPath, [bundle, '--config', config, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  after(() => running.kill('SIGKILL'));
  let log = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  for (const [event, signal] of [
    ['listening', 'SIGHUP'],
    ['reloaded', 'SIGTERM'],
    ['stopped', undefined],
  ] as const) {
    await until(event, () => log.includes(`"${event}"`), 30_000);
    if (signal !== undefined) running.kill(signal);
  }
  assert.equal(log.split('"listening"').length, 2, 'the thread is no gateway of its own');
});
