import type { Problem } from '../../core/problem.ts';
import { findDrift, type HostDrift } from '../../phases/enforce/host/drift.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import { askHosts } from '../run/ask-hosts.ts';
import { readManifest } from '../shipping/package-root.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createPaint } from '../views/paint.ts';
import { reportProblems } from '../views/problems.ts';
import type { ReleasesOptions } from './releases.ts';

/** Shows what on the hosts is no longer as it was applied. Returns the exit code: 2 if anything is. */
export async function showDrift(terminal: Terminal, options: ReleasesOptions): Promise<number> {
  const { stdout, environment } = terminal;
  const interruption = watchInterruption(
    () => {},
    () => process.exit(EXIT.interrupted),
  );
  const { signal } = interruption;
  try {
    const asked = await askHosts(terminal, options, signal, (host, config) => findDrift(host, config, signal));
    if (signal.aborted) return EXIT.interrupted;
    if (!asked.ok) {
      reportProblems(terminal, asked.problems);
      return exitCodeOfProblems(asked.problems);
    }
    const hosts = asked.value.flatMap(({ host, answer }) => (answer.ok ? [{ host, ...answer.value }] : []));
    const problems = asked.value.flatMap(({ answer }): readonly Problem[] => (answer.ok ? [] : answer.problems));
    if (options.json === true) {
      const { version } = await readManifest();
      stdout.write(
        `${JSON.stringify({ schemaVersion: 1, command: 'drift', version, hosts, problems }, undefined, 2)}\n`,
      );
    } else {
      const paint = createPaint(environment, stdout.isTty);
      for (const line of hosts.flatMap((host) => driftLines(host, paint))) stdout.write(`${line}\n`);
    }
    reportProblems(terminal, problems);
    // A host that could not be asked is the graver news: it may have drifted too.
    if (problems.length > 0) return exitCodeOfProblems(problems);
    return hosts.some(({ drift }) => drift.length > 0) ? EXIT.pending : EXIT.ok;
  } finally {
    interruption.dispose();
  }
}

function driftLines(
  { host, deployment, drift }: HostDrift & { readonly host: string },
  { bold, signs }: ReturnType<typeof createPaint>,
): readonly string[] {
  if (drift.length === 0) return [];
  return [
    `${bold(host)}  differs from deployment ${String(deployment)}`,
    ...drift.map(({ subject, expected, found }) => `  ${signs.fail} ${subject}: expected ${expected}, found ${found}`),
    `  to correct it: hxllm enforce --limit ${host}`,
  ];
}
