import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runPhase, type PhaseRun } from '../../../src/cli/run/run-phase.ts';
import { createHumanView } from '../../../src/cli/views/human.ts';
import { sha256 } from '../../../src/core/hash.ts';
import type { PhaseReport } from '../../../src/core/phase.ts';
import { createRedaction } from '../../../src/evidence/redaction.ts';
import { fakeTerminal } from '../fake-terminal.ts';

test('acts that wait for the evidence get the hash of its manifest, also after a crash, and their warnings are shown alone', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'hxllm-acts-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const terminal = fakeTerminal({ cwd: root });
  const session: Parameters<typeof runPhase>[0] = {
    terminal,
    options: {},
    version: '0.1.0',
    askLoginPassword: () => Promise.resolve(undefined),
    askBecomePassword: () => Promise.resolve(undefined),
    command: ['hxllm', 'enforce'],
    within: undefined,
    open: { run: undefined },
    signal: context.signal,
    view: createHumanView(terminal, terminal.stdout, false),
    redaction: createRedaction(),
    vault: {
      askId: () => Promise.resolve(undefined),
      ask: () => Promise.reject(new Error('not asked')),
      give: () => {},
      known: () => false,
    },
  };
  const run = (work: Parameters<typeof runPhase>[2]): ReturnType<typeof runPhase> =>
    runPhase(session, { name: 'enforce', question: 'Install?', next: () => undefined }, work);
  const heard: (readonly [string | undefined, boolean])[] = [];
  let before: string | undefined;
  const work = ({ tools }: PhaseRun, crash: boolean): Promise<PhaseReport> => {
    before = tools.run?.before;
    tools.whenClosed?.((manifest) => {
      heard.push([manifest, existsSync(join(root, 'evidence', tools.run?.name ?? '', 'manifest.json'))]);
      return Promise.resolve(['the log is full']);
    });
    return crash
      ? Promise.reject(new Error('a bug'))
      : Promise.resolve({ ending: 'passed', results: [], problems: [], changes: 0 });
  };
  const first = await run((attempt) => work(attempt, false));
  assert.equal(before, undefined);
  const hash = sha256(readFileSync(join(first.evidence ?? '', 'manifest.json')));
  assert.deepEqual(heard, [[hash, true]]);
  assert.match(terminal.written.out + terminal.written.err, /warning: the log is full/);
  assert.doesNotMatch(readFileSync(join(first.evidence ?? '', 'events.jsonl'), 'utf8'), /the log is full/);
  await run((attempt) => work(attempt, true));
  assert.equal(before, hash);
  assert.equal(heard.length, 2);
  assert.equal(heard[1]?.[1], true);
});
