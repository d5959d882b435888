import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readPlan, writePlan } from '../../../src/cli/files/plan-file.ts';
import type { UnsealedPlan } from '../../../src/phases/enforce/saved/document.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-plan-'));
after(() => rmSync(folder, { recursive: true }));

const PLAN: UnsealedPlan = {
  schemaVersion: 1,
  program: { name: 'hxllm', version: '0.0.1', gateway: '0'.repeat(64) },
  madeAt: '2026-11-29T23:00:00.000Z',
  madeBy: 'ada@workstation',
  timestamp: '20261129T230000Z',
  options: { takeOver: false, allowDowngrade: false },
  salt: 'a'.repeat(32),
  hosts: [],
};

test('a plan is written 0600 as a whole, replaces an earlier plan, and reads back', async () => {
  const file = join(folder, 'plan.json');
  for (const madeBy of ['ada@one', 'ada@two']) {
    const written = await writePlan(file, 'plan.json', { ...PLAN, madeBy });
    assert.ok(written.ok);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(await readPlan(file, 'plan.json'), written);
  }
  assert.deepEqual(readdirSync(folder), ['plan.json']);
});

test('a link stays a link, and a file of another kind is never replaced', async () => {
  const link = join(folder, 'link.json');
  symlinkSync('plan.json', link);
  assert.ok((await writePlan(link, 'link.json', PLAN)).ok);
  assert.equal(readFileSync(join(folder, 'plan.json'), 'utf8'), readFileSync(link, 'utf8'));
  const inventory = join(folder, 'dev.ini');
  writeFileSync(inventory, '[litellm]\nhx\n');
  mkdirSync(join(folder, 'folder'));
  for (const name of ['dev.ini', 'folder']) {
    const refused = await writePlan(join(folder, name), name, PLAN);
    assert.ok(!refused.ok);
    assert.equal(refused.problems[0].code, 'plan.in-the-way');
  }
  const device = await writePlan('/dev/null', '/dev/null', PLAN);
  assert.equal(device.ok ? '' : device.problems[0].code, 'plan.in-the-way');
  assert.equal(readFileSync(inventory, 'utf8'), '[litellm]\nhx\n');
});

test('a folder that is missing, and a file that cannot be read, have the command that fixes them', async () => {
  const written = await writePlan(join(folder, 'no/such/plan.json'), 'no/such/plan.json', PLAN);
  assert.deepEqual(written.ok ? [] : [written.problems[0].code, written.problems[0].fix], [
    'plan.not-written',
    'mkdir -p no/such',
  ]);
  const missing = await readPlan(join(folder, 'none.json'), 'none.json');
  assert.deepEqual(missing.ok ? [] : [missing.problems[0].code, missing.problems[0].fix], [
    'plan.unreadable',
    'hxllm enforce --dry-run --out none.json  # makes a new plan',
  ]);
  const directory = await readPlan(folder, 'folder');
  assert.match(directory.ok ? '' : directory.problems[0].detail, /EISDIR/);
});
