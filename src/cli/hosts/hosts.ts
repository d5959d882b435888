import type { HostConfig } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { hostProblems } from '../../config/requirements.ts';
import type { Host } from '../../core/host.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';
import { createConnect } from '../../remote/connect.ts';
import type { Transport } from '../../remote/transport.ts';
import { trustCommand, withOpenSsh } from '../run/next.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import { sshPromptsOf } from '../terminal/ssh-prompts.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fileRequest, vaultQuestions, type FileOptions } from '../vault/request.ts';
import { reportProblems } from '../views/problems.ts';

/** The options of commands that run something on the hosts. */
export interface HostOptions extends FileOptions {
  readonly askPass?: boolean;
  readonly connectionPasswordFile?: string;
  readonly askBecomePass?: boolean;
  readonly becomePasswordFile?: string;
  readonly transport?: Transport;
}

/** The hosts of a command line. */
export interface Hosts {
  readonly configs: readonly HostConfig[];
  readonly signal: AbortSignal;
  /** Connects to one host, works there and closes the connection. */
  readonly on: <T>(config: HostConfig, work: (host: Host) => Promise<Result<T>>) => Promise<Result<T>>;
}

/**
 * Reads the operator's files and works with their hosts until Ctrl-C. Reports the Problems that the work returns; one host's Problems stop no
 * other. Returns the exit code: that of `work` if there are none.
 */
export async function withHosts(
  terminal: Terminal,
  options: HostOptions,
  work: (hosts: Hosts) => Promise<{ readonly problems: readonly Problem[]; readonly exitCode?: number }>,
): Promise<number> {
  const interruption = watchInterruption(
    () => {},
    () => process.exit(EXIT.interrupted),
  );
  const { signal } = interruption;
  try {
    const hosts = await hostsOf(terminal, options, signal);
    const { problems, exitCode = EXIT.ok } = hosts.ok ? await work(hosts.value) : { problems: hosts.problems };
    const told = problems.filter(({ code }) => code !== 'host.aborted');
    reportProblems(terminal, told);
    return told.length > 0 ? exitCodeOfProblems(told) : exitCode;
  } finally {
    interruption.dispose();
  }
}

async function hostsOf(terminal: Terminal, options: HostOptions, signal: AbortSignal): Promise<Result<Hosts>> {
  const asked = (prompt: string) => async (): Promise<Secret | undefined> => {
    const typed = (await terminal.askHidden(prompt, signal)) ?? '';
    return typed === '' ? undefined : new Secret(typed);
  };
  const loaded = await loadConfig({
    ...fileRequest(terminal, options, vaultQuestions(terminal, signal)),
    login: {
      wanted: options.askPass === true,
      ask: terminal.interactive ? asked('SSH password: ') : undefined,
      file: options.connectionPasswordFile,
    },
    become: {
      wanted: options.askBecomePass === true,
      ask: terminal.interactive ? asked('BECOME password: ') : undefined,
      file: options.becomePasswordFile,
    },
  });
  if (!loaded.ok) return loaded;
  reportProblems(terminal, loaded.value.warnings, 'warning');
  const [problem, ...more] = hostProblems(loaded.value);
  if (problem !== undefined) return fail(problem, ...more);
  const again = withOpenSsh(['hxllm', ...process.argv.slice(2)]);
  const connect = createConnect(
    { ...terminal, prompts: sshPromptsOf(terminal), withOpenSsh: again },
    trustCommand(options),
    options.transport,
  );
  return ok({
    configs: loaded.value.hosts,
    signal,
    on: async (config, work) => {
      const connected = await connect(config.target, signal);
      if (!connected.ok) return connected;
      try {
        return await work(connected.value);
      } finally {
        await connected.value.close();
      }
    },
  });
}
