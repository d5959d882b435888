import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportArchive, prune, type PruneOptions } from '../../../../src/cli/actions/evidence/archive.ts';
import { closedRun, findings, oldRun, openPhase, root } from '../../../evidence/evidence-tree.ts';
import { here } from '../../../evidence/open-run.ts';
import { fakeTerminal, type FakeOptions } from '../../fake-terminal.ts';

async function pruned(options: PruneOptions, fake: FakeOptions = {}) {
  const terminal = { ...fakeTerminal({ cwd: here.root, ...fake }), nowMs: () => (here.clockMs += 1000) };
  const code = await prune(terminal, ['evidence', 'prune'], options);
  return { code, ...terminal.written };
}

const left = (phase: string): readonly string[] => readdirSync(join(root(), phase)).map((run) => `${phase}/${run}`);

test('prune keeps the newest runs of each phase, the chain stays whole, and later runs and prunes go on', async () => {
  const old = [oldRun('preflight'), oldRun('enforce')];
  const runs = ['preflight', 'enforce', 'preflight', 'preflight', 'smoke'].map(closedRun);
  const { code, out } = await pruned({ keep: 1 });
  assert.equal(code, 0);
  assert.match(
    out,
    /- preflight\/\S+\n[\s\S]*4 runs removed; the chain keeps their manifests\n {2}head {2}[0-9a-f]{64}\n/,
  );
  assert.deepEqual([...left('preflight'), ...left('enforce'), ...left('smoke')], [runs[3], runs[1], runs[4]]);
  assert.ok(!existsSync(join(root(), old[0] ?? '')));
  assert.deepEqual(findings(), []);
  closedRun('enforce');
  assert.equal((await pruned({ keep: 1 })).code, 0);
  assert.deepEqual(findings(), []);
  assert.equal(left('prune').length, 2);
  rmSync(join(root(), 'chain.jsonl'));
  closedRun('smoke');
  assert.deepEqual(findings(), [], 'the log is written again from the manifests that prune kept');
});

test('a changed manifest that prune kept, and a removed run of prune, are found', async () => {
  const removed = closedRun('preflight');
  closedRun('preflight');
  assert.equal((await pruned({ keep: 1 })).code, 0);
  const [place = ''] = left('prune');
  appendFileSync(join(root(), place, 'removed', removed, 'manifest.json'), ' ');
  assert.ok(findings().some((finding) => finding.startsWith(`changed ${place}/removed/${removed}/manifest.json`)));
  rmSync(join(root(), place), { recursive: true });
  assert.deepEqual(findings(), [`missing ${removed}`, `missing ${place}`]);
});

test('prune asks at a terminal, shows under --dry-run, leaves open runs, and refuses evidence that differs', async () => {
  const first = closedRun('preflight');
  closedRun('preflight');
  const open = openPhase('preflight');
  assert.match((await pruned({ keep: 1, dryRun: true })).out, /1 run would be removed/);
  assert.equal((await pruned({ keep: 1 }, { interactive: true, answers: [false] })).code, 1);
  assert.equal(left('preflight').length, 3);
  writeFileSync(join(root(), first, 'a.txt'), 'changed');
  const refused = await pruned({ keep: 1 });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /differs from its chain, so nothing is removed[\s\S]*changed preflight/);
  writeFileSync(join(root(), first, 'a.txt'), 'preflight');
  assert.equal((await pruned({ keep: 1 })).code, 0);
  assert.deepEqual(left('preflight').includes(open.name), true);
});

test('the archive is checked without hxllm by its own script, which finds changed, missing and added files and runs', async () => {
  const removed = closedRun('preflight');
  for (const phase of ['preflight', 'enforce', 'smoke']) closedRun(phase);
  await pruned({ keep: 1 });
  const last = closedRun('enforce');
  const terminal = fakeTerminal({ cwd: here.root });
  assert.equal(exportArchive(terminal, { output: 'audit.tar.gz' }), 0);
  const folder = join(here.root, 'auditor');
  const unpacked = (): void => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    execFileSync('tar', ['-xzf', '../audit.tar.gz'], { cwd: folder });
  };
  const check = (): string => {
    const { status, stdout, stderr } = spawnSync('sh', ['check.sh'], { cwd: folder, encoding: 'utf8' });
    return `${String(status)} ${stdout}${stderr}`;
  };
  unpacked();
  assert.deepEqual(readdirSync(folder).toSorted(), ['CHECK.md', 'check.sh', 'evidence']);
  assert.match(check(), /^0 All files and links are as they were closed/);
  assert.ok(!existsSync(join(folder, 'evidence', removed)));
  const changes: readonly (readonly [RegExp, () => void])[] = [
    [/^1 [\s\S]*a\.txt: FAILED/, () => appendFileSync(join(folder, 'evidence', last, 'a.txt'), 'x')],
    [/^1 [\s\S]*run\.json/, () => rmSync(join(folder, 'evidence', last, 'run.json'))],
    [/^1 [\s\S]*no run/, () => rmSync(join(folder, 'evidence', last), { recursive: true })],
    [/^1 [\s\S]*b\.txt is in no manifest/, () => appendFileSync(join(folder, 'evidence', last, 'b.txt'), 'x')],
    [/^1 [\s\S]*a b\.txt is in no manifest/, () => appendFileSync(join(folder, 'evidence', last, 'a b.txt'), 'x')],
    [/^1 [\s\S]*evidence\/c\.txt is in no manifest/, () => appendFileSync(join(folder, 'evidence/c.txt'), 'x')],
    [
      /^1 [\s\S]*a\.txt is no plain file/,
      () => {
        renameSync(join(folder, 'evidence', last, 'a.txt'), join(folder, 'a.txt'));
        symlinkSync(join(folder, 'a.txt'), join(folder, 'evidence', last, 'a.txt'));
      },
    ],
    [
      /^1 [\s\S]*removed\/manifest\.json\.sig is in no manifest/,
      () => {
        mkdirSync(join(folder, 'evidence', last, 'removed'));
        appendFileSync(join(folder, 'evidence', last, 'removed/manifest.json.sig'), 'x');
      },
    ],
    [
      /^1 [\s\S]*another than chain\.jsonl says/,
      () => appendFileSync(join(folder, 'evidence', last, 'manifest.json'), 'x'),
    ],
  ];
  for (const [expected, change] of changes) {
    unpacked();
    change();
    assert.match(check(), expected);
  }
  assert.equal(exportArchive(terminal, { output: 'audit.tar.gz' }), 64, 'an archive is never replaced');
  const nowhere = fakeTerminal({ cwd: here.root });
  assert.equal(exportArchive(nowhere, { output: 'no/such/folder/audit.tar.gz' }), 1);
  assert.match(nowhere.written.err, /the archive was not written[^]*ENOENT[^]*--output FILE/);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = join(here.root, 'gone');
  try {
    assert.equal(exportArchive(nowhere, { output: 'other.tar.gz' }), 1);
    assert.match(nowhere.written.err, /mkdtemp[^]*TMPDIR=DIR/);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});
