import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ForeignUnit } from '../../src/facts/foreign.ts';
import type { Actual } from '../../src/plan/actual.ts';
import { recoverUnits } from '../../src/plan/recovery.ts';
import { replacedBy } from '../../src/plan/replaced.ts';
import { bare, desiredOf, entryOf } from './host.ts';
import { DELETED, makePutBackStage, type PutBackStage } from './put-back-stage.ts';

const UNIT = '/etc/systemd/system/litellm.service';
const CONFIG = '/etc/litellm/config.yaml';
/** A path that a shell would run, split or end. */
const ODD = "/etc/systemd/system/litellm.service.d/it's $(touch stolen) `id`\n\\ -x.conf";

function litellm(stage: PutBackStage): Actual {
  stage.put(CONFIG, 'model_list: []\n');
  stage.put('/home/x.service', '[Service]\n');
  stage.link(UNIT, '../../../home/x.service');
  stage.put(ODD, '[Service]\nExecStart=\n');
  stage.link('/etc/systemd/system/multi-user.target.wants/litellm.service', UNIT);
  chmodSync(join(stage.root, CONFIG), 0o604);
  chmodSync(join(stage.root, '/etc/litellm'), 0o2711);
  for (const path of ['/etc/litellm', CONFIG, ODD]) chownSync(join(stage.root, path), DELETED, DELETED);
  if (process.getuid?.() === 0) chmodSync(join(stage.root, '/etc/litellm'), 0o2711);
  const unit: ForeignUnit = {
    name: 'litellm.service',
    active: true,
    starting: false,
    fragment: UNIT,
    followers: [],
    links: ['/etc/systemd/system/multi-user.target.wants/litellm.service'],
  };
  const entries = new Map([
    ['/etc/litellm', entryOf({ kind: 'folder', owner: 'UNKNOWN', group: 'UNKNOWN' })],
    [CONFIG, entryOf({ marked: false })],
    [UNIT, entryOf({ kind: 'link', marked: false })],
  ]);
  return {
    ...bare([{ kind: 'unit', path: UNIT, looksLike: 'a unit', runs: [unit] }], { entries }),
    dropIns: [
      { unit: 'litellm.service', path: ODD, settings: ['ExecStart'], breaks: [{ setting: 'ExecStart', why: '' }] },
    ],
  };
}

/** Stands for the switch: replaces, removes and creates what the plan does. */
function replaceAll(stage: PutBackStage, actual: Actual): void {
  const { copies, created } = replacedBy(desiredOf(), actual);
  for (const path of copies) rmSync(join(stage.root, path));
  for (const path of [...copies, ...created].filter((one) => one !== ODD)) {
    mkdirSync(join(stage.root, path, '..'), { recursive: true });
    writeFileSync(join(stage.root, path), 'new');
  }
  chownSync(join(stage.root, '/etc/litellm'), process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  chmodSync(join(stage.root, '/etc/litellm'), 0o750);
}

test('everything comes back: deleted owners, modes, links, odd names; it can be repeated, and says what is back', async (context) => {
  const stage = makePutBackStage(context);
  const actual = litellm(stage);
  const before = stage.tree('/etc');
  assert.deepEqual((await stage.copy(desiredOf(), actual)).problems, []);
  replaceAll(stage, actual);
  for (const time of ['first', 'second']) {
    const { exitCode, stdout, stderr } = stage.putBack();
    assert.deepEqual([exitCode, stderr], [0, ''], time);
    assert.match(stdout.trim().split('\n').at(-1) ?? '', /litellm\.service \(running\)\.$/);
    assert.match(stdout, /^Put back: [^]*config\.yaml/);
    assert.deepEqual(stage.tree('/etc'), before, time);
    assert.deepEqual(stage.calls(), [
      '--no-ask-password stop -- litellm.socket',
      '--no-ask-password stop -- litellm.service',
      '--no-ask-password daemon-reload',
      '--no-ask-password reset-failed -- litellm.service',
      '--no-ask-password start -- litellm.service',
    ]);
  }
  assert.ok(!existsSync(join(stage.root, 'stolen')) && !existsSync('stolen'));
});

test('nothing is put back while hxllm changes the host, and no run of hxllm begins meanwhile', async (context) => {
  const stage = makePutBackStage(context);
  const actual = litellm(stage);
  await stage.copy(desiredOf(), actual);
  replaceAll(stage, actual);
  const now = stage.tree('/etc');
  const lock = join(stage.root, 'run/hxllm/lock');
  mkdirSync(join(lock, '..'), { recursive: true });
  writeFileSync(lock, '2026-11-29T08:00:00Z ada from 10.0.0.1, process 7\n');
  // A group of its own: flock's child has the pipe open too, and would keep this process running.
  const holder = spawn('flock', ['-x', '-o', lock, 'sh', '-c', 'echo held; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await once(holder.stdout, 'data');
  const { exitCode, stderr } = stage.putBack();
  assert.equal(exitCode, 75);
  assert.match(stderr, /held since 2026-11-29T08:00:00Z ada from 10\.0\.0\.1/);
  assert.deepEqual([stage.tree('/etc'), stage.calls()], [now, []]);
  process.kill(-(holder.pid ?? assert.fail('it did not start')));
  await once(holder, 'exit');
  const ended = stage.putBack();
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.ok(!existsSync(join(lock, '..')));
});

test('a unit that was only starting is started without waiting for it', async (context) => {
  const stage = makePutBackStage(context);
  const actual = litellm(stage);
  const foreign = actual.foreign.map((one) => ({
    ...one,
    runs: one.runs?.map((unit) => ({ ...unit, starting: true })) ?? [],
  }));
  await stage.copy(desiredOf(), { ...actual, foreign });
  const { exitCode, stdout } = stage.putBack();
  assert.equal(exitCode, 0);
  assert.match(stdout, /litellm\.service \(starting, as before\)\.$/m);
  assert.equal(stage.calls().at(-1), '--no-ask-password start --no-block -- litellm.service');
  assert.deepEqual(
    recoverUnits({ ...actual, foreign }, [], { kind: 'start', to: 1, why: undefined }).recover.after.flatMap((action) =>
      action.kind === 'command' && action.argv.includes('start') ? [action.argv.slice(2)] : [],
    ),
    [['start', '--no-block', 'litellm.service']],
  );
});

test('a folder that is gone is made again with the owner and mode that it had', async (context) => {
  const stage = makePutBackStage(context);
  const actual = litellm(stage);
  const before = stage.tree('/etc/litellm');
  await stage.copy(desiredOf(), actual);
  rmSync(join(stage.root, 'etc'), { recursive: true });
  assert.equal(stage.putBack().exitCode, 0);
  assert.deepEqual(stage.tree('/etc/litellm'), before);
});

test('a copy that is missing or damaged is found before anything is changed', async (context) => {
  const copyOf = (stage: PutBackStage): string =>
    join(stage.root, 'var/backups', readdirSync(join(stage.root, 'var/backups'))[0] ?? '', 'files', stage.root, CONFIG);
  for (const damage of [
    (path: string) => {
      rmSync(path);
    },
    (path: string) => {
      writeFileSync(path, 'other');
    },
  ]) {
    const stage = makePutBackStage(context);
    const actual = litellm(stage);
    await stage.copy(desiredOf(), actual);
    replaceAll(stage, actual);
    const now = stage.tree('/etc');
    damage(copyOf(stage));
    const { exitCode, stdout, stderr } = stage.putBack();
    assert.equal(exitCode, 1, stdout);
    assert.match(stderr, /NOT everything is put back: it failed while .*; nothing is changed/);
    assert.deepEqual([stage.tree('/etc'), stage.calls()], [now, []]);
  }
});

test('a failure half way is named, ends with a code, and a repetition finishes', async (context) => {
  const stage = makePutBackStage(context);
  const actual = litellm(stage);
  const before = stage.tree('/etc/litellm');
  await stage.copy(desiredOf(), actual);
  replaceAll(stage, actual);
  // A folder in the way cannot be replaced by a file.
  rmSync(join(stage.root, CONFIG));
  mkdirSync(join(stage.root, CONFIG, 'x'), { recursive: true });
  const { exitCode, stdout, stderr } = stage.putBack();
  assert.deepEqual([exitCode, stdout], [1, '']);
  assert.match(stderr, /failed while putting back \S*config\.yaml \(exit 1\)/);
  rmSync(join(stage.root, CONFIG), { recursive: true });
  assert.equal(stage.putBack().exitCode, 0);
  assert.deepEqual(stage.tree('/etc/litellm'), before);
});

test('a copy that fails leaves nothing, a folder that exists is never written to, and remains of a cut-off copy go', async (context) => {
  const stage = makePutBackStage(context);
  const actual = litellm(stage);
  mkdirSync(join(stage.root, 'var/backups/litellm-20200101T000000Z.hxllm-new/files'), { recursive: true });
  rmSync(join(stage.root, ODD));
  const failed = await stage.copy(desiredOf(), actual);
  assert.deepEqual(failed.done, []);
  assert.deepEqual(readdirSync(join(stage.root, 'var/backups')), []);
  stage.put(ODD, 'x');
  assert.deepEqual((await stage.copy(desiredOf(), actual)).problems, []);
  const again = await stage.copy(desiredOf(), actual);
  assert.match(again.problems[0]?.detail ?? '', /litellm-20261124T120000Z exists already/);
});
