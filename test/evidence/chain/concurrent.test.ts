import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { verifyEvidence } from '../../../src/evidence/verify/verify.ts';
import { closedRun, root } from '../evidence-tree.ts';
import { CLOSING } from '../open-run.ts';

const RUNS = 8;

test('runs of several processes that close at once take the head one after the other', async () => {
  closedRun('preflight');
  const folder = new URL('../../../src/evidence/', import.meta.url).href;
  const script = `
    const { openRun } = await import('${folder}run-folder.ts');
    const { createRedaction } = await import('${folder}redaction.ts');
    const open = () => openRun({ root: '${root()}', phase: process.argv[1], version: '0', command: [], cwd: '/', by: 'a@b', pid: process.pid, redaction: createRedaction(), nowMs: Date.now });
    const runs = Array.from({ length: ${String(RUNS)} }, open);
    process.stdout.write('.');
    await new Promise((go) => process.stdin.once('data', go));
    for (const run of runs) if (!run.value.close(${JSON.stringify(CLOSING)}).ok) process.exitCode = 1;
    process.exit();`;
  const children = ['preflight', 'smoke', 'smoke'].map((phase) =>
    spawn(process.execPath, ['--input-type=module', '-e', script, phase], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
  const ends = children.map((child) => once(child, 'exit'));
  for (const { stdin } of children) stdin.write('go');
  for (const end of await Promise.all(ends)) assert.deepEqual(end, [0, null]);
  const { links, findings } = verifyEvidence(root(), () => false);
  assert.deepEqual([links.length, findings], [3 * RUNS + 1, []]);
});
