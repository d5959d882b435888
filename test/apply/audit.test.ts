import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { appendAudit } from '../../src/apply/audit.ts';
import { applyPlan } from '../../src/apply/apply.ts';
import type { AuditEntry } from '../../src/core/audit-entry.ts';
import type { PhaseEvent } from '../../src/core/recorder.ts';
import type { Step } from '../../src/plan/plan.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';
import { makeBench as makeHoldBench, must } from './bench.ts';

const host = createLocalHost('here', process.env);
const ENTRY: AuditEntry = {
  event: 'switch',
  command: 'hxllm enforce',
  run: 'enforce/20261130T010203Z',
  record: 'a'.repeat(32),
  by: `ada "O'Hara" $(id)\n@workstation`,
  deployment: 3,
  plan: 'b'.repeat(64),
  before: null,
};

interface Bench {
  readonly root: string;
  readonly file: string;
  readonly append: (entry?: AuditEntry) => Promise<readonly string[]>;
  readonly lines: () => readonly Record<string, unknown>[];
}

function makeBench(context: TestContext): Bench {
  const root = mkdtempSync(join(tmpdir(), 'hxllm audit '));
  context.after(async () => {
    await host.run({ argv: ['chattr', '-R', '-a', root] }, { signal: context.signal, timeoutMs: 10_000 });
    chmodSync(root, 0o755);
    rmSync(root, { recursive: true, force: true });
  });
  const file = join(root, 'log/audit.log');
  return {
    root,
    file,
    append: (entry = ENTRY) => appendAudit(host, { file, entry }),
    lines: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

// A file system without this attribute says so once, when the log is new.
const ONLY_APPEND = /is not append-only here/;
const serious = (warnings: readonly string[]): readonly string[] => warnings.filter((text) => !ONLY_APPEND.test(text));

test('a line is JSON with any name in it, and its log is for its owner alone', async (context) => {
  const { file, append, lines } = makeBench(context);
  assert.deepEqual(serious(await append()), []);
  assert.deepEqual(
    await append({ event: 'closed', run: ENTRY.run, record: ENTRY.record, manifest: 'c'.repeat(64) }),
    [],
  );
  const [first, last] = lines();
  assert.equal(lines().length, 2);
  assert.match(String(first?.['at']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const { at: _, login: __, ...rest } = first ?? {};
  assert.deepEqual(rest, ENTRY);
  assert.equal(last?.['manifest'], 'c'.repeat(64));
  assert.deepEqual([statSync(file).mode & 0o777, statSync(join(file, '..')).mode & 0o777], [0o640, 0o750]);
});

test('a line that a full disk cut off takes no other one along', async (context) => {
  const { file, append } = makeBench(context);
  mkdirSync(join(file, '..'), { mode: 0o750 });
  writeFileSync(file, '{"at":"2026-11-30T0');
  assert.deepEqual(serious(await append()), []);
  const [cut, whole] = readFileSync(file, 'utf8').split('\n');
  assert.equal(cut, '{"at":"2026-11-30T0');
  assert.equal((JSON.parse(whole ?? '') as AuditEntry).event, 'switch');
});

test('a log that logrotate moved away is made again', async (context) => {
  const { file, append, lines } = makeBench(context);
  await append();
  await host.run({ argv: ['chattr', '-a', file] }, { signal: context.signal, timeoutMs: 10_000 });
  await host.run({ argv: ['mv', file, `${file}.1`] }, { signal: context.signal, timeoutMs: 10_000 });
  assert.deepEqual(serious(await append()), []);
  assert.equal(lines().length, 1);
  assert.equal(statSync(file).mode & 0o777, 0o640);
});

test('root writes through no folder or link of another user', async (context) => {
  const { root, file, append } = makeBench(context);
  const folder = join(file, '..');
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync(join(root, 'elsewhere'), folder);
  assert.match((await append()).join(), /log is not a folder of /);
  rmSync(folder);
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  assert.match((await append()).join(), /others may write to /);
  chmodSync(folder, 0o755);
  symlinkSync(join(root, 'elsewhere/passwd'), file);
  assert.match((await append()).join(), /audit\.log is not a file of /);
  assert.ok(!existsSync(join(root, 'elsewhere/passwd')));
});

const touch = (path: string, stage: Step['stage']): Step => ({
  id: `x.${stage}`,
  title: 't',
  detail: '',
  stage,
  verb: 'change',
  actions: [{ kind: 'command', argv: ['touch', '--', path] }],
});

async function applied(bench: Bench, steps: readonly Step[]): Promise<readonly PhaseEvent[]> {
  const events: PhaseEvent[] = [];
  const { problems } = await applyPlan(
    {
      command: 'hxllm enforce',
      steps,
      recover: { before: [], after: [] },
      hasPrevious: false,
      keepFolder: join(bench.root, '.previous'),
    },
    host,
    {
      recorder: { event: (event) => events.push(event), file: () => undefined },
      signal: new AbortController().signal,
      nowMs: () => Date.now(),
      nonce: crypto.randomUUID(),
      record: { file: join(bench.root, '.hxllm-record'), id: 'a'.repeat(32) },
      audit: { file: bench.file, entry: ENTRY },
    },
  );
  assert.deepEqual(problems, []);
  return events;
}

test('a switch writes its line once, and a plan without a switch with its first script', async (context) => {
  const bench = makeBench(context);
  await applied(bench, [touch(join(bench.root, 'a'), 'prepare'), touch(join(bench.root, 'b'), 'switch')]);
  assert.equal(bench.lines().length, 1);
  await applied(bench, [touch(join(bench.root, 'c'), 'prepare')]);
  assert.equal(bench.lines().length, 2);
});

test('a log that cannot be written is a warning, and the change is made', async (context) => {
  const bench = makeBench(context);
  writeFileSync(join(bench.file, '..'), 'a file in the way');
  const events = await applied(bench, [touch(join(bench.root, 'made'), 'switch')]);
  assert.ok(existsSync(join(bench.root, 'made')));
  assert.ok(
    events.some((event) => event.kind === 'note' && /^warning: the audit log .* was not written: /.test(event.text)),
    JSON.stringify(events),
  );
});

test('a line has the login of the lock’s holder, which the host knows, and not the name that the operator gives', async (context) => {
  const { file, lines } = makeBench(context);
  const { take } = makeHoldBench(context);
  const held = must(await take({ by: 'mallory (root from 10.9.9.9' }));
  assert.deepEqual(serious(await appendAudit(held, { file, entry: ENTRY })), []);
  assert.match(String(lines()[0]?.['login']), /^\S+ from this host$/);
  await held.release();
});
