import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail, type Result } from '../../../core/problem.ts';
import { pluralize } from '../../../core/pluralize.ts';
import { timestampOf } from '../../../core/timestamp.ts';
import { exportEvidence } from '../../../evidence/archive/export.ts';
import { pruneRuns, runsToPrune } from '../../../evidence/archive/prune.ts';
import { createRedaction } from '../../../evidence/redaction.ts';
import { verifyEvidence } from '../../../evidence/verify/verify.ts';
import { EXIT, exitCodeOfProblems } from '../../exit-code.ts';
import { readManifest } from '../../shipping/package-root.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { reportProblems } from '../../views/problems.ts';
import { readEvidenceFolder } from './folder.ts';

/** The options of `hxllm evidence prune`. */
export interface PruneOptions {
  readonly evidenceDir?: string;
  /** Closed runs of each phase that stay. */
  readonly keep: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Removes old runs after a question. Returns the exit code. */
export async function prune(terminal: Terminal, argv: readonly string[], options: PruneOptions): Promise<number> {
  const { stdout } = terminal;
  const folder = readEvidenceFolder(terminal, options.evidenceDir);
  if (!folder.ok) return report(terminal, folder);
  const [difference] = verifyEvidence(folder.value, () => true).findings;
  if (difference !== undefined)
    return report(
      terminal,
      fail({
        code: 'evidence.differs',
        summary: 'the evidence differs from its chain, so nothing is removed',
        detail: `Expected every file as it was closed, found: ${difference.kind} ${difference.path}.`,
        fix: 'hxllm evidence verify',
      }),
    );
  const runs = runsToPrune(folder.value, options.keep);
  for (const { place } of runs) stdout.write(`- ${place}\n`);
  if (runs.length === 0 || options.dryRun === true) {
    stdout.write(`${runs.length === 0 ? 'nothing to remove' : `${pluralize(runs.length, 'run')} would be removed`}\n`);
    return EXIT.ok;
  }
  const question = `Remove ${pluralize(runs.length, 'run')} for good?`;
  const { signal } = new AbortController();
  if (terminal.interactive && options.yes !== true && !(await terminal.askYesNo(question, signal))) return EXIT.failed;
  const { version } = await readManifest();
  const pruned = pruneRuns(
    {
      root: folder.value,
      version,
      command: ['hxllm', ...argv],
      cwd: terminal.cwd,
      by: `${terminal.userName}@${terminal.machineName}`,
      pid: terminal.pid,
      redaction: createRedaction(),
      nowMs: terminal.nowMs,
    },
    runs,
  );
  if (!pruned.ok) return report(terminal, pruned);
  stdout.write(
    `${pluralize(runs.length, 'run')} removed; the chain keeps their manifests\n  head  ${pruned.value.head ?? ''}\n`,
  );
  return EXIT.ok;
}

/** Writes the archive for an auditor. Returns the exit code: 1 if the evidence differs from its chain, which is packed all the same. */
export function exportArchive(
  terminal: Terminal,
  options: { readonly evidenceDir?: string; readonly output?: string },
): number {
  const { cwd, stdout, stderr } = terminal;
  const folder = readEvidenceFolder(terminal, options.evidenceDir);
  if (!folder.ok) return report(terminal, folder);
  const archive = resolve(cwd, options.output ?? `evidence-${timestampOf(terminal.nowMs())}.tar.gz`);
  if (existsSync(archive) || archive.startsWith(`${folder.value}/`))
    return report(
      terminal,
      fail({
        code: 'usage.output',
        summary: 'the archive has no place',
        detail: `Expected a new file outside of the evidence, found ${archive}${existsSync(archive) ? ', which is there already' : ''}.`,
        fix: '--output FILE',
      }),
    );
  const { links, findings } = verifyEvidence(folder.value, () => true);
  const exported = exportEvidence(folder.value, links, archive);
  if (!exported.ok) return report(terminal, exported);
  stdout.write(`${archive}\n`);
  if (findings.length === 0) return EXIT.ok;
  stderr.write(
    `The archive has ${pluralize(findings.length, 'difference')} from its chain: hxllm evidence verify shows them.\n`,
  );
  return EXIT.failed;
}

function report(terminal: Terminal, failed: Result<unknown>): number {
  const problems = failed.ok ? [] : failed.problems;
  reportProblems(terminal, problems);
  return exitCodeOfProblems(problems);
}
