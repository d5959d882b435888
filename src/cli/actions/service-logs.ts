import type { HostConfig } from '../../config/config.ts';
import { errorMessage } from '../../core/error.ts';
import { printable } from '../../core/printable.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { runAsRoot } from '../hosts/as-root.ts';
import { withHosts, type HostOptions, type Hosts, type HostsEnd } from '../hosts/hosts.ts';
import { readLogStart } from '../hosts/log-start.ts';
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
      since: options.since === undefined ? undefined : readLogStart(options.since, terminal.nowMs()),
      grep: options.grep,
      lines: options.lines,
    };
    return choice.follow ? follow(hosts, choice, print) : readAll(hosts, choice, print);
  });
}

type Print = (lines: readonly LogLine[]) => void;

async function readAll({ signal, onAll }: Hosts, choice: LogChoice, print: Print): Promise<HostsEnd> {
  const { answers, problems } = await onAll(async (host, config): Promise<Result<readonly LogLine[]>> => {
    const unfit = unfitFor(config, choice);
    if (unfit !== undefined) return fail(unfit);
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
          const unfit = unfitFor(config, choice);
          if (unfit !== undefined) return fail(unfit);
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

/** The reason why lines of a file cannot be chosen so; journalctl says itself what it does not understand. */
function unfitFor({ target: { name }, settings }: HostConfig, { since, grep }: LogChoice): Problem | undefined {
  if (settings.serviceManager === 'systemd') return undefined;
  const problem = (option: string, expected: string, found: string, fix: string): Problem => ({
    code: 'service.log-choice',
    summary: `${name}: ${option} does not fit a log without systemd`,
    detail: `Expected ${expected}, found: ${found}.`,
    fix,
    where: { host: name },
  });
  if (since !== undefined && since.atMs === undefined)
    return problem(
      '--since',
      'a span such as 5m, or a time such as 2026-11-01 12:00',
      since.journal,
      'hxllm service logs --since 5m',
    );
  try {
    void new RegExp(grep ?? '');
    return undefined;
  } catch (error) {
    return problem(
      '--grep',
      'a regular expression of JavaScript',
      errorMessage(error),
      'write \\ before a bracket that stands for itself: hxllm service logs --grep "\\[warn"',
    );
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
  const fromMs = since?.atMs;
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
