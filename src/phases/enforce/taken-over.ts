import { becomeOf } from '../../config/config.ts';
import { randomId } from '../../core/id.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { ask } from '../../facts/ask.ts';
import { contentsQuestion } from '../../facts/contents.ts';
import { putBackCommand, putBackScript } from '../../plan/put-back.ts';
import { backupFolder } from '../../plan/replaced.ts';
import type { Prepared } from './prepare.ts';

const TIMEOUT_MS = 30_000;

/** Keeps the foreign files that are about to be replaced in the evidence, without their secrets. */
export async function keepForeign(
  { host, actual, desired }: Prepared,
  { recorder, signal }: PhaseTools,
): Promise<void> {
  const paths = actual.foreign.filter((one) => one.kind === 'file' || one.kind === 'unit').map((one) => one.path);
  if (paths.length === 0) return;
  const asked = await ask(host, { contents: contentsQuestion(paths) }, randomId(), {
    signal,
    timeoutMs: TIMEOUT_MS,
    become: becomeOf(desired.settings),
  });
  const { contents } = asked.ok ? asked.value : { contents: { known: false as const, why: asked.problems[0].summary } };
  for (const path of paths) {
    recorder.file(
      `hosts/${host.name}/taken-over${path}`,
      contents.known ? maskSecrets(contents.value.get(path) ?? '') : `(not kept here: ${contents.why})\n`,
    );
  }
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

const SECRET_NAME =
  /^(\s*(?:-\s+)?(?:export\s+|Environment="?)?["']?[\w.-]*(?:key|token|secret|password|passwd|salt|credential|dsn|database_url)[\w.-]*["']?\s*[:=]\s*)(?!os\.environ\/)\S.*$/gim;

/** Masks everything that looks like a secret: values of names such as `api_key`, keys by their shape, and names and passwords in URLs. */
function maskSecrets(text: string): string {
  return text
    .replaceAll(SECRET_NAME, '$1[redacted]')
    .replaceAll(/\b(?:sk|pk|hf|ghp|xox[a-z])[-_][\w-]{8,}/g, '[redacted]')
    .replaceAll(/(\b(?:Bearer|Basic)\s+)\S+/gi, '$1[redacted]')
    .replaceAll(/\/\/[^/@\s]+@/g, '//[redacted]@');
}
