import { pathsOf } from '../../config/config.ts';
import { randomId } from '../../core/id.ts';
import { fail, ok } from '../../core/problem.ts';
import { ask } from '../../facts/ask.ts';
import { deploymentsQuestion } from '../../facts/installation/deployments.ts';
import { uninspected } from '../../phases/enforce/host/inspect.ts';
import { EXIT } from '../exit-code.ts';
import { withHosts, type HostOptions, type HostWork } from '../hosts/hosts.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createPaint } from '../views/paint.ts';
import { releasesDocument, releasesLines, type HostReleases } from '../views/releases.ts';
import { readManifest } from '../shipping/package-root.ts';

/** The options of `hxllm releases` and `hxllm drift`. */
export interface ReleasesOptions extends HostOptions {
  readonly json?: boolean;
}

const TIMEOUT_MS = 60_000;
const PIPE_COLUMNS = 120;

/** Lists the deployments of each host. Returns the exit code. */
export function showReleases(terminal: Terminal, options: ReleasesOptions): Promise<number> {
  const { stdout, environment } = terminal;
  return withHosts(terminal, options, async ({ signal, onAll }) => {
    const { answers, problems } = await onAll(releasesOn(signal));
    if (signal.aborted) return { problems: [], exitCode: EXIT.interrupted };
    if (options.json === true) {
      const { version } = await readManifest();
      stdout.write(`${JSON.stringify(releasesDocument(version, answers, problems), undefined, 2)}\n`);
    } else {
      const columns = stdout.columns();
      const paint = createPaint(environment, stdout.isTty);
      const lines = releasesLines(answers, paint, Number.isFinite(columns) ? columns : PIPE_COLUMNS);
      if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
    }
    return { problems };
  });
}

function releasesOn(signal: AbortSignal): HostWork<HostReleases> {
  return async (host, { settings, become }) => {
    const questions = { kept: deploymentsQuestion(pathsOf(settings).installDir) };
    const asked = await ask(host, questions, randomId(), { signal, timeoutMs: TIMEOUT_MS, become });
    if (!asked.ok) return asked;
    const { kept } = asked.value;
    return kept.known ? ok({ host: host.name, ...kept.value }) : fail(uninspected(host.name, kept));
  };
}
