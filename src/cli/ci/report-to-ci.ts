import { appendFileSync, fstatSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../../core/error.ts';
import type { Redaction } from '../../evidence/redaction.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { CiServer } from './ci-server.ts';
import { annotationLines, maskLines } from './workflow-commands.ts';

/** GitHub drops a summary of a step that is larger than this. */
const MOST_SUMMARY_BYTES = 1024 * 1024;

/**
 * A redaction that tells GitHub each secret first, so that no later step shows it either. The lines go to stderr, so that `> plan.txt` never has
 * one; a stderr that is a file gets none, since there they would only give the secret away.
 */
export function maskingRedaction(
  redaction: Redaction,
  { stderr }: Pick<Terminal, 'stderr'>,
  isFile: () => boolean = stderrIsFile,
): Redaction {
  const told = new Set<string>();
  return {
    ...redaction,
    add: (secret) => {
      if (!redaction.add(secret)) return false;
      for (const line of isFile() ? [] : maskLines(secret.reveal())) if (!told.has(line)) stderr.write(`${line}\n`);
      for (const line of maskLines(secret.reveal())) told.add(line);
      return true;
    },
  };
}

function stderrIsFile(): boolean {
  try {
    return fstatSync(2).isFile();
  } catch {
    return true;
  }
}

/** Tells a CI server the outcomes: annotations on stderr, and the reports of the runs in the summary of the step. */
export function reportToCi(
  server: CiServer | undefined,
  { environment, cwd, stderr }: Terminal,
  redaction: Redaction,
  outcomes: readonly PhaseOutcome[],
): void {
  if (server !== 'github') return;
  const root = environment['GITHUB_WORKSPACE'] ?? cwd;
  for (const line of annotationLines(outcomes, { cwd, root })) stderr.write(`${redaction.text(line)}\n`);
  const summary = environment['GITHUB_STEP_SUMMARY'];
  if (summary === undefined || summary === '') return;
  try {
    for (const outcome of outcomes) {
      const text = `${reportOf(outcome, redaction)}\n`;
      const size = statSync(summary, { throwIfNoEntry: false })?.size ?? 0;
      if (size + Buffer.byteLength(text) > MOST_SUMMARY_BYTES) break;
      appendFileSync(summary, text);
    }
  } catch (error) {
    // The phase has its own ending; a summary that is missing does not change it.
    stderr.write(`hxllm: the summary of the step was not written: ${errorMessage(error)}\n`);
  }
}

function reportOf({ phase, ending, evidence, problems }: PhaseOutcome, redaction: Redaction): string {
  try {
    if (evidence !== undefined) return readFileSync(join(evidence, 'report.md'), 'utf8');
  } catch {
    // Evidence that could not be kept is one of the problems.
  }
  const lines = problems.map(({ summary, detail }) =>
    `- ${summary}: ${detail}`.replaceAll(/[\\`*_[\]<>|]/g, String.raw`\$&`),
  );
  return redaction.text([`# hxllm ${phase}: ${ending}`, '', ...lines].join('\n'));
}
