import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { assertValidEvidence } from '../../valid-evidence.ts';

const SOURCE = join(import.meta.dirname, '../../../src');

let root = '';
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'hxllm-guard-'))));
afterEach(() => {
  assert.ok(assertValidEvidence(root) > 0);
  rmSync(root, { recursive: true, force: true });
});

/** A program of one phase whose work is `body`, run as a process. */
function ended(body: string): {
  readonly status: number | null;
  readonly stderr: string;
  readonly ending: unknown;
  readonly files: readonly string[];
} {
  const program = `
    import { start } from '${SOURCE}/cli/run/start.ts';
    import { runPhase } from '${SOURCE}/cli/run/run-phase.ts';
    import { processTerminal } from '${SOURCE}/cli/terminal/process-terminal.ts';
    const work = async () => { ${body} };
    process.exitCode = await start(processTerminal(), { name: 'smoke', argv: [], options: {}, several: false, work: async (session) => [await runPhase(session, { name: 'smoke', question: '', next: () => undefined }, work)] });
  `;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const folder = join(root, 'evidence/smoke', readdirSync(join(root, 'evidence/smoke'))[0] ?? '');
  const record = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Record<string, unknown>;
  return { status, stderr, ending: record['ending'], files: readdirSync(folder) };
}

test('an uncaught error is a bug in hxllm: 70, one line, the stack in the evidence', () => {
  const { status, stderr, ending, files } = ended(
    "setImmediate(() => { throw new TypeError('from nowhere'); }); await new Promise((resolve) => setTimeout(resolve, 45_000));",
  );
  assert.deepEqual([status, ending], [70, 'crashed']);
  assert.match(stderr, /^\nhxllm crashed; this is a bug in hxllm: from nowhere\nEvidence: evidence\/smoke\/\S+\n$/);
  assert.ok(files.includes('stack.txt') && files.includes('manifest.json'));
});

test('a program that runs out of work in the middle of a run counts as crashed', () => {
  const { status, ending } = ended('await new Promise(() => {});');
  assert.deepEqual([status, ending], [70, 'crashed']);
});

test('the second Ctrl-C exits at once, and the evidence says aborted', () => {
  // The work ignores the first one. After half a second the next one is not npm's repetition of it.
  const { status, ending } = ended(
    "process.once('SIGINT', () => setTimeout(() => process.kill(process.pid, 'SIGINT'), 600)); process.kill(process.pid, 'SIGINT'); await new Promise((resolve) => setTimeout(resolve, 45_000));",
  );
  assert.deepEqual([status, ending], [130, 'aborted']);
});
