import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { test } from 'node:test';
import { sha256 } from '../../src/core/hash.ts';
import type { RecordedStep } from '../../src/core/recorder.ts';
import { createRedaction } from '../../src/evidence/redaction.ts';
import { openRun, type Run } from '../../src/evidence/run-folder.ts';
import { CLOSING, here, json, lines, REPORTS } from './open-run.ts';

const ID = 'a'.repeat(32);

function open(phase: string, pid: number, by = 'ada@desk'): Run {
  const result = openRun({
    root: join(here.root, 'evidence'),
    phase,
    version: '0.1.0',
    command: ['hxllm', phase],
    cwd: '/w',
    by,
    pid,
    redaction: createRedaction(),
    nowMs: () => here.clockMs,
  });
  assert.ok(result.ok);
  return result.value;
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** A run that was killed in the middle of a switch. */
async function killed(phase = 'enforce'): Promise<Run> {
  const run = open(phase, await deadPid());
  for (const id of ['user', 'runtime', 'files.litellm.env', 'service.start', 'health'])
    run.recorder.event({ kind: 'step', host: 'h1', id, title: `do ${id}`, state: 'planned', detail: 'a plan' });
  run.recorder.event({ kind: 'record', host: 'h1', id: ID });
  run.recorder.event({ kind: 'step', host: 'h1', id: 'user', title: 'do user', state: 'done' });
  run.recorder.event({ kind: 'step', host: 'h1', id: 'runtime', title: 'do runtime', state: 'started' });
  here.clockMs += 60_000;
  return run;
}

const line = (step: string, state: RecordedStep['state'], run = ID): RecordedStep => ({
  run,
  at: '2026-11-23T23:15:30Z',
  step,
  state,
});

test('the next run closes a run that was cut off, and states its steps from the record of the host', async () => {
  const cut = await killed();
  writeFileSync(join(cut.folder, 'kept.txt'), 'kept');
  const next = open('enforce', process.pid);
  assert.deepEqual(next.openRecords, [ID]);
  const steps = [
    line('runtime', 'done'),
    line('files.litellm.env', 'done'),
    line('files.litellm.env', 'undone'),
    line('service.start', 'failed'),
    line('health', 'done', 'b'.repeat(32)),
  ];
  const settled = next.settle(new Map([['h1', steps]]));
  assert.deepEqual(settled.closed, ['enforce/20261123T231500Z']);
  assert.match(
    settled.notes.join(),
    /was cut off and is closed now\nh1, by its own record: 2 of 5 steps done; failed: service\.start; undone: files\.litellm\.env; unknown: health/,
  );
  assert.ok(next.close({ ...CLOSING, closed: settled.closed }).ok);

  const record = json(cut, 'run.json');
  assert.deepEqual(
    [record['ending'], record['exitCode'], record['changes'], record['hosts'], record['closedBy'], record['endedAt']],
    ['cut-off', 137, 2, ['h1'], 'enforce/20261123T231600Z', '2026-11-23T23:15:00.000Z'],
  );
  assert.deepEqual(
    lines(cut)
      .slice(-6)
      .map((event) => [event['id'] ?? event['ending'], event['state']]),
    [
      ['user', 'done'],
      ['runtime', 'done'],
      ['files.litellm.env', 'undone'],
      ['service.start', 'failed'],
      ['health', 'unknown'],
      ['cut-off', undefined],
    ],
  );
  assert.match(
    readFileSync(join(cut.folder, 'summary.txt'), 'utf8'),
    /cut-off \(exit 137\)[\s\S]*undone {3}h1 {2}do files\.litellm\.env {2}\(from the record of the host, 2026-11-23T23:15:30Z\)/,
  );
  const manifest = json(cut, 'manifest.json');
  assert.deepEqual(Object.keys(manifest['files'] as object), [
    'events.jsonl',
    'junit.xml',
    'kept.txt',
    ...REPORTS.slice(1),
    'run.json',
    'summary.txt',
  ]);
  assert.deepEqual(json(next, 'manifest.json')['previous'], {
    phase: 'enforce',
    run: '20261123T231500Z',
    sha256: sha256(readFileSync(join(cut.folder, 'manifest.json'))),
  });
  assert.deepEqual(json(next, 'run.json')['closed'], ['enforce/20261123T231500Z']);
  assert.deepEqual(open('enforce', process.pid).openRecords, []);
});

test('a run whose host was not heard stays open, and says so; a run of another phase closes it once it was', async () => {
  const cut = await killed();
  const next = open('preflight', process.pid);
  assert.match(next.settle(new Map()).notes.join(), /cut off; a run that reaches h1 closes it/);
  assert.ok(!existsSync(join(cut.folder, 'run.json')) && next.close(CLOSING).ok);
  assert.deepEqual(open('uninstall', process.pid).settle(new Map([['h1', []]])).closed, ['enforce/20261123T231500Z']);
  assert.equal(json(cut, 'run.json')['closedBy'], 'uninstall/20261123T231600Z');
});

test('a run whose host was not heard for a month is closed without its record', async () => {
  const cut = await killed();
  here.clockMs += 31 * 24 * 3_600_000;
  const { closed, notes } = open('smoke', process.pid).settle(new Map());
  assert.deepEqual(closed, ['enforce/20261123T231500Z']);
  assert.match(notes.join(), /unknown: runtime/);
  assert.equal(json(cut, 'run.json')['ending'], 'cut-off');
});

test('a run that changed no host is closed at once; a running one and one of another machine are left alone', async () => {
  const cut = open('validate', await deadPid());
  const [running, other] = [open('smoke', process.pid), open('inventory', await deadPid(), 'ada@laptop')];
  here.clockMs = Date.now();
  const alive = open('smoke', process.pid);
  assert.deepEqual(open('validate', process.pid).settle(new Map()).closed.toSorted(), [
    'smoke/20261123T231500Z',
    'validate/20261123T231500Z',
  ]);
  assert.ok(existsSync(join(cut.folder, 'manifest.json')));
  // This process is younger than the run of 2026-11-23, so its id was used again.
  assert.ok(existsSync(join(running.folder, 'manifest.json')));
  for (const run of [other, alive]) assert.ok(!existsSync(join(run.folder, 'run.json')));
});

test('a line that a power cut left unfinished stays, and the closing begins a new line', async () => {
  const cut = await killed();
  appendFileSync(join(cut.folder, 'events.jsonl'), '{"at":"2026-11');
  assert.equal(open('enforce', process.pid).settle(new Map([['h1', []]])).closed.length, 1);
  const text = readFileSync(join(cut.folder, 'events.jsonl'), 'utf8').split('\n');
  assert.equal(text.filter((one) => one === '{"at":"2026-11').length, 1);
  assert.match(text.at(-2) ?? '', /"ending":"cut-off"/);
  // A part of a line is no event, so the schema is checked without it.
  writeFileSync(join(cut.folder, 'events.jsonl'), text.filter((one) => one !== '{"at":"2026-11').join('\n'));
});

test('a closed run that lost its connection in a switch stays as it is, and the next run says how it ended', async () => {
  const lost = await killed();
  assert.ok(lost.close({ ...CLOSING, ending: 'failed', exitCode: 69 }).ok);
  const before = readFileSync(join(lost.folder, 'manifest.json'));
  const next = open('enforce', process.pid);
  const { notes, closed } = next.settle(new Map([['h1', [line('runtime', 'done')]]]));
  assert.deepEqual(closed, []);
  assert.match(notes.join(), /did not see the end of its steps\nh1, by its own record: 2 of 5 steps done; unknown:/);
  assert.deepEqual(readFileSync(join(lost.folder, 'manifest.json')), before);
  assert.ok(next.close(CLOSING).ok);
  assert.deepEqual(open('enforce', process.pid).openRecords, []);
});

test(
  'the folder of another operator in a shared evidence folder is left alone',
  { skip: userInfo().uid !== 0 && 'needs root' },
  async () => {
    const other = 65_534;
    chmodSync(here.root, 0o755);
    mkdirSync(join(here.root, 'evidence/bob'), { recursive: true, mode: 0o700 });
    chownSync(join(here.root, 'evidence'), other, other);
    const folder = new URL('../../src/evidence/', import.meta.url).href;
    const script = `
    const { openRun } = await import('${folder}run-folder.ts');
    const { createRedaction } = await import('${folder}redaction.ts');
    const opened = openRun({ root: '${here.root}/evidence', phase: 'enforce', version: '0', command: [], cwd: '/', by: 'a@b', pid: 1, redaction: createRedaction(), nowMs: Date.now });
    console.log(opened.ok ? 'opened' : opened.problems[0].detail);
    if (opened.ok) opened.value.close(${JSON.stringify(CLOSING)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      uid: other,
      gid: other,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
    assert.equal(`${out}${err.replaceAll(/^.*(?:ExperimentalWarning|trace-warnings).*\n/gm, '')}`, 'opened\n');
  },
);
