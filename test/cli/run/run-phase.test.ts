import assert from 'node:assert/strict';
import type { Problem } from '../../../src/core/problem.ts';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { runPhase, type PhaseRun } from '../../../src/cli/run/run-phase.ts';
import type { PhaseOutcome } from '../../../src/cli/run/outcome.ts';
import type { PhaseOptions, Session } from '../../../src/cli/run/session.ts';
import { documentOf } from '../../../src/cli/views/document.ts';
import { createHumanView } from '../../../src/cli/views/human.ts';
import type { PhaseReport } from '../../../src/core/phase.ts';
import { Secret } from '../../../src/core/secret.ts';
import { pass, type CheckResult } from '../../../src/core/verdict.ts';
import { createRedaction } from '../../../src/evidence/redaction.ts';
import { assertValidDocument, assertValidEvidence } from '../../valid-evidence.ts';
import { fakeTerminal, type FakeOptions, type FakeTerminal } from '../fake-terminal.ts';

let root = '';
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'hxllm-attempt-'))));
afterEach(() => {
  assertValidEvidence(root);
  rmSync(root, { recursive: true, force: true });
});

interface Tried {
  readonly session: Session;
  readonly terminal: FakeTerminal;
  readonly controller: AbortController;
  readonly run: (work: (attempt: PhaseRun) => Promise<PhaseReport>) => Promise<PhaseOutcome>;
}

function tried(options: PhaseOptions = {}, fake: FakeOptions = {}): Tried {
  const terminal = fakeTerminal({ cwd: root, ...fake });
  const controller = new AbortController();
  const session: Session = {
    terminal,
    options,
    version: '0.1.0',
    askLoginPassword: () => Promise.resolve(undefined),
    askBecomePassword: () => Promise.resolve(undefined),
    command: ['hxllm', 'preflight'],
    within: undefined,
    open: { run: undefined },
    signal: controller.signal,
    view: createHumanView(terminal, terminal.stdout, options.verbose ?? false),
    redaction: createRedaction(),
    vault: {
      askId: () => Promise.resolve(undefined),
      ask: () => Promise.reject(new Error('not asked')),
      give: () => {},
      known: () => false,
    },
  };
  const spec = { name: 'preflight', question: 'Are the hosts ready?', next: () => 'hxllm inventory' };
  return { session, terminal, controller, run: async (work) => documented(await runPhase(session, spec, work)) };
}

/** The outcome, whose document under `--json` is as published. */
function documented(outcome: PhaseOutcome): PhaseOutcome {
  for (const several of [false, true])
    assertValidDocument(JSON.stringify(documentOf('preflight', '0.1.0', [outcome], several)));
  return outcome;
}

function record(outcome: PhaseOutcome): Record<string, unknown> {
  return JSON.parse(readFileSync(join(outcome.evidence ?? '', 'run.json'), 'utf8')) as Record<string, unknown>;
}

const CHECK: CheckResult = {
  id: 'os.known',
  title: 'the system is known',
  severity: 'error',
  host: 'h1',
  ...pass('Debian 12'),
};
const UNREACHABLE: CheckResult = { ...CHECK, outcome: 'fail', seen: 'nothing listens', fix: 'ping h1' };
/** A problem with the fix of that check. */
const PROBLEM: Problem = {
  code: 'host.unreachable',
  summary: 'h1 cannot be reached',
  detail: 'Saw nothing.',
  fix: 'ping h1',
  where: { host: 'h1' },
};
const PASSED: PhaseReport = { ending: 'passed', results: [CHECK], problems: [], changes: 0 };

test('a phase that passes is shown line by line, and its run.json agrees', async () => {
  const { run, terminal } = tried();
  const outcome = await run(({ tools, about }) => {
    about({ hosts: ['h1'], files: [], warnings: [] });
    tools.recorder.event({ kind: 'check', result: CHECK });
    return Promise.resolve(PASSED);
  });
  assert.equal(outcome.exitCode, 0);
  assert.equal(
    terminal.written.out.replace(/\(\d+\.\d s\)/, '(TIME)').replace(outcome.head ?? 'no head', 'HEAD'),
    [
      'preflight  Are the hosts ready?',
      '  ✓ the system is known: Debian 12',
      '✓ preflight passed: 1 passed (TIME)',
      '  evidence evidence/preflight/20261123T231501Z',
      '  head     HEAD',
      '  next     hxllm inventory',
      '',
    ].join('\n'),
  );
  assert.equal(terminal.written.err, '');
  const { ending, hosts, results, by } = record(outcome);
  assert.deepEqual(
    { ending, hosts, results, by },
    { ending: 'passed', hosts: ['h1'], results: [CHECK], by: 'ada@desk' },
  );
});

test('results and problems that were no events are shown too, and nothing twice', async () => {
  const { run, terminal } = tried();
  const outcome = await run(({ tools }) => {
    tools.recorder.event({ kind: 'problem', problem: PROBLEM });
    return Promise.resolve({ ...PASSED, ending: 'failed', problems: [PROBLEM, { ...PROBLEM, where: { host: 'h2' } }] });
  });
  assert.equal(outcome.exitCode, 69);
  assert.equal(terminal.written.out.match(/the system is known/g)?.length, 1);
  assert.deepEqual(terminal.written.err.match(/where {4}h\d/g), ['where    h1', 'where    h2']);
});

test('a problem that repeats a check is kept but not shown again', async () => {
  const { run, terminal } = tried();
  const outcome = await run(() =>
    Promise.resolve({ ...PASSED, ending: 'failed', results: [UNREACHABLE], problems: [PROBLEM] }),
  );
  assert.deepEqual([outcome.exitCode, terminal.written.err, record(outcome)['problems']], [69, '', [PROBLEM]]);
  assert.match(terminal.written.out, /preflight failed: 1 failed \(/);
});

test('a problem event that repeats a check is not shown either, but the evidence has both events', async () => {
  const { run, terminal } = tried();
  const outcome = await run(({ tools }) => {
    tools.recorder.event({ kind: 'check', result: UNREACHABLE });
    tools.recorder.event({ kind: 'problem', problem: PROBLEM });
    return Promise.resolve({ ...PASSED, ending: 'failed', results: [UNREACHABLE], problems: [PROBLEM] });
  });
  assert.deepEqual([terminal.written.err, outcome.problems], ['', [PROBLEM]]);
  assert.match(
    readFileSync(join(outcome.evidence ?? '', 'events.jsonl'), 'utf8'),
    /"kind":"check".*\n.*"kind":"problem"/,
  );
});

test('a phase that throws is a bug in hxllm: exit code 70, the stack in the evidence and not on the screen', async () => {
  const { run, terminal } = tried();
  const outcome = await run(() => Promise.reject(new TypeError('cannot read what is not there')));
  assert.deepEqual([outcome.ending, outcome.exitCode], ['crashed', 70]);
  assert.equal(record(outcome)['ending'], 'crashed');
  assert.match(
    readFileSync(join(outcome.evidence ?? '', 'stack.txt'), 'utf8'),
    /TypeError: cannot read[\s\S]+run-phase\.test\.ts/,
  );
  assert.match(terminal.written.err, /hxllm crashed; this is a bug in hxllm[\s\S]+cannot read what is not there/);
  assert.doesNotMatch(terminal.written.err, /run-phase\.test\.ts/);
});

test('under -v the stack is on the screen too', async () => {
  const { run, terminal } = tried({ verbose: true });
  await run(() => Promise.reject(new TypeError('odd')));
  assert.match(terminal.written.err, /run-phase\.test\.ts/);
});

test('work that Ctrl-C ends is aborted, whether it returns or throws', async () => {
  for (const work of [
    () => Promise.resolve({ ...PASSED, ending: 'failed' as const }),
    () => Promise.reject(new Error('This operation was aborted')),
  ]) {
    const { run, controller } = tried();
    const outcome = await run(() => {
      controller.abort();
      return work();
    });
    assert.deepEqual(
      [outcome.ending, outcome.exitCode, record(outcome)['ending'], record(outcome)['exitCode']],
      ['aborted', 130, 'aborted', 130],
    );
  }
});

test('a secret that was registered is neither shown nor kept', async () => {
  const { run, session, terminal } = tried();
  session.redaction.add(new Secret('hunter2-hunter2'));
  const outcome = await run(({ tools, diff }) => {
    tools.recorder.event({ kind: 'note', text: 'the key is hunter2-hunter2' });
    diff('+ key: hunter2-hunter2');
    return Promise.resolve({ ...PASSED, results: [{ ...CHECK, seen: 'hunter2-hunter2' }] });
  });
  assert.doesNotMatch(terminal.written.out + terminal.written.err + JSON.stringify(outcome), /hunter2/);
  for (const file of ['events.jsonl', 'run.json', 'summary.txt'])
    assert.doesNotMatch(readFileSync(join(outcome.evidence ?? '', file), 'utf8'), /hunter2/);
});

test('questions are asked at a terminal without --yes, and never without a terminal', async () => {
  const asking = tried({}, { interactive: true, answers: [false] });
  const declined = await asking.run(async ({ tools }) => ({
    ...PASSED,
    ending: (await tools.confirm({ question: 'Apply?' })) ? 'passed' : 'declined',
  }));
  assert.deepEqual([declined.exitCode, asking.terminal.asked], [1, ['Apply?']]);
  for (const silent of [tried({ yes: true }, { interactive: true }), tried({}, { interactive: false })]) {
    const outcome = await silent.run(async ({ tools }) => ({
      ...PASSED,
      ending: (await tools.confirm({ question: 'Apply?' })) ? 'passed' : 'declined',
    }));
    assert.equal(outcome.exitCode, 0);
  }
});

test('the files that were read are hashed as they were then', async () => {
  const { run } = tried();
  writeFileSync(join(root, 'dev.ini'), 'before\n');
  const outcome = await run(({ about }) => {
    about({ hosts: [], files: [join(root, 'dev.ini')], warnings: [] });
    writeFileSync(join(root, 'dev.ini'), 'after\n');
    return Promise.resolve(PASSED);
  });
  assert.deepEqual(record(outcome)['inputs'], [
    { path: join(root, 'dev.ini'), sha256: '9160d4be34c8695bd172a76c7c7966587ea5a4d991ad22c87b2b91af54aa9ebb' },
  ]);
});

test('if no evidence can be kept, nothing is done', async () => {
  const { run, terminal } = tried({ evidenceDir: 'a-file' });
  writeFileSync(join(root, 'a-file'), '');
  const outcome = await run(() => assert.fail('the work began'));
  assert.deepEqual([outcome.ending, outcome.exitCode, outcome.evidence], ['failed', 78, undefined]);
  assert.match(terminal.written.err, /the evidence folder is not a folder[\s\S]+--evidence-dir/);
  assert.equal(existsSync(join(root, 'evidence')), false);
});
