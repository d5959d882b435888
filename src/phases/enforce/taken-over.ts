import { randomId } from '../../core/id.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { ask } from '../../facts/ask.ts';
import { fileFactsQuestion } from '../../facts/file-facts.ts';
import { copiedPaths } from '../../facts/foreign.ts';
import { putBackCommand, putBackScript } from '../../plan/put-back.ts';
import { backupFolder } from '../../plan/replaced.ts';
import type { Prepared } from './prepare.ts';

const TIMEOUT_MS = 30_000;

/**
 * Keeps facts about the foreign files that are about to be replaced. Their text stays on the host, in the copy that only root reads: no
 * program can know which of a stranger's words are secret.
 */
export async function keepForeign({ host, config, actual }: Prepared, { recorder, signal }: PhaseTools): Promise<void> {
  const paths = copiedPaths(actual.foreign);
  if (paths.length === 0) return;
  const asked = await ask(host, { files: fileFactsQuestion(paths) }, randomId(), {
    signal,
    timeoutMs: TIMEOUT_MS,
    become: config.become,
  });
  const { files } = asked.ok ? asked.value : { files: { known: false as const, why: asked.problems[0].summary } };
  const kept = { copies: backupFolder(actual), ...(files.known ? { files: files.value } : { unknown: files.why }) };
  recorder.file(`hosts/${host.name}/taken-over.json`, kept);
}

/** After a take-over: notes where the copies are, and the commands that put everything back. */
export function notePutBack(
  { host, actual, desired }: Prepared,
  done: readonly string[],
  { recorder }: Pick<PhaseTools, 'recorder'>,
): void {
  if (!done.includes('take-over.copy')) return;
  if (!done.includes('health')) {
    recorder.event({
      kind: 'note',
      host: host.name,
      text: `the foreign installation is unchanged; a copy is in ${backupFolder(actual)}`,
    });
    return;
  }
  recorder.file(`hosts/${host.name}/put-back.sh`, putBackScript(desired, actual));
  recorder.event({
    kind: 'note',
    host: host.name,
    text: [
      `the replaced installation is kept in ${backupFolder(actual)}; to put it back, run on ${host.name}:`,
      putBackCommand(actual),
    ].join('\n'),
  });
}
