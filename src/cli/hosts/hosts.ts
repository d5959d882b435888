import type { Config, HostConfig } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { hostProblems } from '../../config/requirements.ts';
import type { Host } from '../../core/host.ts';
import { FORKS, startInParallel } from '../../core/parallel.ts';
import { fail, type Problem, type Result } from '../../core/problem.ts';
import { createConnect } from '../../remote/connect.ts';
import type { Transport } from '../../remote/transport.ts';
import { trustCommand, withOpenSsh } from '../run/next.ts';
import { hostPasswords } from '../run/start.ts';
import { configRequest } from '../run/with-config.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import { sshPromptsOf } from '../terminal/ssh-prompts.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { vaultQuestions, type FileOptions } from '../vault/request.ts';
import { reportProblems } from '../views/problems.ts';

/** The options of commands that run something on the hosts and are no phases. */
export interface HostOptions extends FileOptions {
  readonly askPass?: boolean;
  readonly connectionPasswordFile?: string;
  readonly askBecomePass?: boolean;
  readonly becomePasswordFile?: string;
  readonly transport?: Transport;
  /** Hosts to work on at once. */
  readonly forks?: number;
}

/** The work on one host. */
export type HostWork<T> = (host: Host, config: HostConfig) => Promise<Result<T>>;

/** The answers of hosts, in the order of the inventory. */
export interface HostAnswers<T> {
  readonly answers: readonly T[];
  readonly problems: readonly Problem[];
}

/** The hosts of a command line. */
export interface Hosts {
  readonly config: Config;
  readonly configs: readonly HostConfig[];
  readonly signal: AbortSignal;
  /** Connects to one host, works there and closes the connection. */
  readonly on: <T>(config: HostConfig, work: HostWork<T>) => Promise<Result<T>>;
  /**
   * Works on all hosts, on at most `--forks` at once; Problems of one host stop no other. `tell` gets each answer as soon as those of all
   * hosts before it are known.
   */
  readonly onAll: <T>(work: HostWork<T>, tell?: (answer: T) => void) => Promise<HostAnswers<T>>;
}

/** The end of the work of a command. */
export interface HostsEnd {
  readonly problems: readonly Problem[];
  /** Without problems; 0 by default. */
  readonly exitCode?: number;
}

/**
 * Reads the operator's files and works with their hosts until Ctrl-C. Reports the Problems that the work returns, and first the warnings about
 * the files unless `quiet`. Returns the exit code: that of `work` if there are no Problems.
 */
export async function withHosts(
  terminal: Terminal,
  options: HostOptions,
  work: (hosts: Hosts) => Promise<HostsEnd>,
  { quiet = false }: { readonly quiet?: boolean } = {},
): Promise<number> {
  const interruption = watchInterruption(
    () => {},
    () => process.exit(EXIT.interrupted),
  );
  const { signal } = interruption;
  try {
    const config = await read(terminal, options, signal);
    if (config.ok && !quiet) reportProblems(terminal, config.value.warnings, 'warning');
    const { problems, exitCode = EXIT.ok } = config.ok
      ? await work(hostsOf(terminal, options, config.value, signal))
      : { problems: config.problems };
    const told = problems.filter(({ code }) => code !== 'host.aborted');
    reportProblems(terminal, told);
    return told.length > 0 ? exitCodeOfProblems(told) : exitCode;
  } finally {
    interruption.dispose();
  }
}

async function read(terminal: Terminal, options: HostOptions, signal: AbortSignal): Promise<Result<Config>> {
  const questions = { terminal, options, vault: vaultQuestions(terminal, signal), ...hostPasswords(terminal, signal) };
  const loaded = await loadConfig(configRequest(questions, true));
  if (!loaded.ok) return loaded;
  const [problem, ...more] = hostProblems(loaded.value);
  return problem === undefined ? loaded : fail(problem, ...more);
}

function hostsOf(terminal: Terminal, options: HostOptions, whole: Config, signal: AbortSignal): Hosts {
  const { hosts: configs, forks = FORKS } = whole;
  const again = withOpenSsh(['hxllm', ...process.argv.slice(2)]);
  const connect = createConnect(
    { ...terminal, prompts: sshPromptsOf(terminal), withOpenSsh: again },
    trustCommand(options),
    options.transport,
  );
  const on: Hosts['on'] = async (config, work) => {
    const connected = await connect(config.target, signal);
    if (!connected.ok) return connected;
    try {
      return await work(connected.value, config);
    } finally {
      await connected.value.close();
    }
  };
  const onAll = async <T>(work: HostWork<T>, tell?: (answer: T) => void): Promise<HostAnswers<T>> => {
    const started = startInParallel(configs, options.forks ?? forks, (config) => on(config, work));
    // All results are awaited, whichever fails first.
    const settled = Promise.allSettled(started);
    const [answers, problems]: [T[], Problem[]] = [[], []];
    try {
      for (const one of started) {
        const result = await one;
        if (result.ok) answers.push(result.value);
        else problems.push(...result.problems);
        if (result.ok) tell?.(result.value);
      }
    } finally {
      await settled;
    }
    return { answers, problems };
  };
  return { config: whole, configs, signal, on, onAll };
}
