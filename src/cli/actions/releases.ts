import { pathsOf } from '../../config/config.ts';
import { randomId } from '../../core/id.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { ask } from '../../facts/ask.ts';
import { deploymentsQuestion, type Deployments } from '../../facts/installation/deployments.ts';
import { uninspected } from '../../phases/enforce/host/inspect.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import { askHosts } from '../run/ask-hosts.ts';
import type { PhaseOptions } from '../run/session.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createPaint } from '../views/paint.ts';
import { reportProblems } from '../views/problems.ts';
import { releasesDocument, releasesLines } from '../views/releases.ts';
import { readManifest } from '../shipping/package-root.ts';

/** The options of `hxllm releases`. */
export type ReleasesOptions = Omit<PhaseOptions, 'yes' | 'dryRun' | 'evidenceDir'>;

const TIMEOUT_MS = 60_000;
const PIPE_COLUMNS = 120;

/** Lists the deployments of each host. Returns the exit code. */
export async function showReleases(terminal: Terminal, options: ReleasesOptions): Promise<number> {
  const { stdout, environment } = terminal;
  const interruption = watchInterruption(
    () => {},
    () => process.exit(EXIT.interrupted),
  );
  const { signal } = interruption;
  try {
    const asked = await askHosts(
      terminal,
      options,
      signal,
      async (host, { settings, become }): Promise<Result<Deployments>> => {
        const questions = { kept: deploymentsQuestion(pathsOf(settings).installDir) };
        const answers = await ask(host, questions, randomId(), { signal, timeoutMs: TIMEOUT_MS, become });
        if (!answers.ok) return answers;
        const { kept } = answers.value;
        return kept.known ? ok(kept.value) : fail(uninspected(host.name, kept));
      },
    );
    if (signal.aborted) return EXIT.interrupted;
    if (!asked.ok) {
      reportProblems(terminal, asked.problems);
      return exitCodeOfProblems(asked.problems);
    }
    const answered = asked.value.flatMap(({ host, answer }) => (answer.ok ? [{ host, ...answer.value }] : []));
    const problems = asked.value.flatMap(({ answer }) => (answer.ok ? [] : answer.problems));
    if (options.json === true) {
      const { version } = await readManifest();
      stdout.write(`${JSON.stringify(releasesDocument(version, answered, problems), undefined, 2)}\n`);
    } else {
      const columns = stdout.columns();
      const paint = createPaint(environment, stdout.isTty);
      const lines = releasesLines(answered, paint, Number.isFinite(columns) ? columns : PIPE_COLUMNS);
      if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
    }
    reportProblems(terminal, problems);
    return problems.length === 0 ? EXIT.ok : exitCodeOfProblems(problems);
  } finally {
    interruption.dispose();
  }
}
