import type { HostConfig } from '../../config/config.ts';
import { printable } from '../../core/printable.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { runAsRoot } from '../hosts/as-root.ts';
import { withHosts, type HostOptions, type Hosts, type HostsEnd } from '../hosts/hosts.ts';
import { byTime, LineSplitter, readLogLine, type LogLine } from '../hosts/log-lines.ts';
import { logScript, type LogChoice } from '../hosts/service-scripts.ts';
import { EXIT } from '../exit-code.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createPaint } from '../views/paint.ts';

/** The options of `hxllm service logs`. */
export interface LogOptions extends HostOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly grep?: string;
  readonly lines?: number;
}

const READ_MS = 60_000;
/** The longest time of a timer: 24 days. */
const FOLLOW_MS = 2 ** 31 - 1;
/** Lines of several hosts come at different times; so long they wait for an earlier one of another host. */
const MERGE_MS = 700;

/** Prints the logs of all hosts, merged by time, until Ctrl-C with `--follow`. Returns the exit code. */
export function showLogs(terminal: Terminal, options: LogOptions): Promise<number> {
  return withHosts(terminal, options, async (hosts) => {
    const width = Math.max(...hosts.configs.map(({ target }) => target.name.length));
    const paint = createPaint(terminal.environment, terminal.stdout.isTty);
    const print = (lines: readonly LogLine[]): void => {
      for (const { host, atMs, text } of byTime(lines))
        terminal.stdout.write(
          `${paint.bold(host.padEnd(width))} ${paint.dim(atMs === undefined ? '' : new Date(atMs).toISOString())} ${printable(text)}\n`,
        );
    };
    const choice: LogChoice = {
      follow: options.follow === true,
      since: options.since,
      grep: options.grep,
      lines: options.lines,
    };
    return choice.follow ? follow(hosts, choice, print) : readAll(hosts, choice, print);
  });
}

type Print = (lines: readonly LogLine[]) => void;

async function readAll({ signal, onAll }: Hosts, choice: LogChoice, print: Print): Promise<HostsEnd> {
  const { answers, problems } = await onAll(async (host, config): Promise<Result<readonly LogLine[]>> => {
    const limits = { signal, timeoutMs: READ_MS, title: 'read the log' };
    const ran = await runAsRoot(host, config.become, { ...logScript(config, choice), ...limits });
    if (!ran.ok) return ran;
    const problem = failureOf(config, ran.value.exitCode, ran.value.stderr);
    if (problem !== undefined) return fail(problem);
    return ok(linesOf(config, ran.value.stdout.split('\n'), choice));
  });
  print(answers.flat());
  return { problems, exitCode: signal.aborted ? EXIT.interrupted : EXIT.ok };
}

async function follow({ configs, signal, on }: Hosts, choice: LogChoice, print: Print): Promise<HostsEnd> {
  let waiting: LogLine[] = [];
  const flush = (): void => {
    print(waiting);
    waiting = [];
  };
  const timer = setInterval(flush, MERGE_MS);
  try {
    // All at once, whatever --forks says: a host that waits for its turn would never be heard.
    const ended = await Promise.all(
      configs.map((config) =>
        on(config, async (host): Promise<Result<undefined>> => {
          const splitter = new LineSplitter();
          const hear = (lines: readonly string[]): void => void waiting.push(...linesOf(config, lines, choice));
          const ran = await runAsRoot(host, config.become, {
            ...logScript(config, choice),
            signal,
            timeoutMs: FOLLOW_MS,
            title: 'follow the log',
            onOutput: (chunk) => {
              hear(splitter.push(chunk));
            },
          });
          hear(splitter.end());
          if (!ran.ok) return ran;
          const problem = failureOf(config, ran.value.exitCode, ran.value.stderr);
          return problem === undefined ? ok(undefined) : fail(problem);
        }),
      ),
    );
    return { problems: ended.flatMap((result) => (result.ok ? [] : result.problems)) };
  } finally {
    clearInterval(timer);
    flush();
  }
}

// Without systemd the log is a file: its lines are chosen here.
function linesOf(
  { target, settings }: HostConfig,
  lines: readonly string[],
  { since, grep }: LogChoice,
): readonly LogLine[] {
  const read = lines.filter((line) => line !== '').map((line) => readLogLine(target.name, line));
  if (settings.serviceManager === 'systemd') return read;
  const fromMs = since === undefined ? undefined : Date.parse(since);
  const wanted = grep === undefined ? undefined : new RegExp(grep, grep === grep.toLowerCase() ? 'i' : '');
  return read.filter(
    ({ atMs, text }) =>
      (fromMs === undefined || atMs === undefined || atMs >= fromMs) && (wanted === undefined || wanted.test(text)),
  );
}

function failureOf({ target: { name } }: HostConfig, exitCode: number, stderr: string): Problem | undefined {
  // journalctl ends with 1 where nothing matches.
  if (exitCode === 0 || (exitCode === 1 && stderr.trim() === '')) return undefined;
  return {
    code: 'service.log',
    summary: `${name}: the log cannot be read`,
    detail: `Expected lines of the log, found: ${stderr.trim().split('\n').at(-1) ?? ''} (exit code ${String(exitCode)}).`,
    fix: `ssh ${name} sudo journalctl -u litellm -n 20`,
    where: { host: name },
  };
}
