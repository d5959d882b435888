import { ok } from '../../core/problem.ts';
import { findDrift } from '../../phases/enforce/host/drift.ts';
import { EXIT } from '../exit-code.ts';
import { withHosts, type Hosts, type HostsEnd } from '../hosts/hosts.ts';
import { readManifest } from '../shipping/package-root.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { driftDocument, driftLines } from '../views/drift.ts';
import { createPaint } from '../views/paint.ts';
import type { ReleasesOptions } from './releases.ts';

/** Shows what on the hosts is no longer as it was applied. Returns the exit code: 2 if anything is. */
export function showDrift(terminal: Terminal, options: ReleasesOptions): Promise<number> {
  const { stdout, environment } = terminal;
  const work = async ({ signal, onAll }: Hosts): Promise<HostsEnd> => {
    const { answers, problems } = await onAll(async (host, config) => {
      const found = await findDrift(host, config, signal);
      return found.ok ? ok({ host: host.name, ...found.value }) : found;
    });
    if (signal.aborted) return { problems: [], exitCode: EXIT.interrupted };
    if (options.json === true) {
      const { version } = await readManifest();
      stdout.write(`${JSON.stringify(driftDocument(version, answers, problems), undefined, 2)}\n`);
    } else {
      const paint = createPaint(environment, stdout.isTty);
      for (const line of driftLines(answers, paint, stdout.isTty)) stdout.write(`${line}\n`);
    }
    // A host that could not be asked is the graver news: it may have drifted too.
    return { problems, exitCode: answers.some(({ drift }) => drift.length > 0) ? EXIT.pending : EXIT.ok };
  };
  // In cron a warning about the operator's files would be a mail each time.
  return withHosts(terminal, options, work, { quiet: true });
}
