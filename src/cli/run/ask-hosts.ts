import type { HostConfig } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { hostProblems } from '../../config/requirements.ts';
import type { Host } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { createConnect } from '../../remote/connect.ts';
import { sshPromptsOf } from '../terminal/ssh-prompts.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { vaultQuestions } from '../vault/request.ts';
import { trustCommand, withOpenSsh } from './next.ts';
import type { PhaseOptions } from './session.ts';
import { hostPasswords } from './start.ts';
import { configRequest } from './with-config.ts';

/** A host with the answer to a command that only asks. */
export interface AskedHost<T> {
  readonly host: string;
  readonly answer: Result<T>;
}

/** Reads the operator's files, connects to each host of the group, and asks it. Changes nothing and keeps no evidence. */
export async function askHosts<T>(
  terminal: Terminal,
  options: PhaseOptions,
  signal: AbortSignal,
  work: (host: Host, config: HostConfig) => Promise<Result<T>>,
): Promise<Result<readonly AskedHost<T>[]>> {
  const questions = { terminal, options, vault: vaultQuestions(terminal, signal), ...hostPasswords(terminal, signal) };
  const loaded = await loadConfig(configRequest(questions, true));
  if (!loaded.ok) return loaded;
  const [first, ...more] = hostProblems(loaded.value);
  if (first !== undefined) return fail(first, ...more);
  const again = withOpenSsh(['hxllm', ...process.argv.slice(2)]);
  const connect = createConnect(
    { ...terminal, prompts: sshPromptsOf(terminal), withOpenSsh: again },
    trustCommand(options),
    options.transport,
  );
  return ok(
    await Promise.all(
      loaded.value.hosts.map(async (config): Promise<AskedHost<T>> => {
        const connected = await connect(config.target, signal);
        if (!connected.ok) return { host: config.target.name, answer: connected };
        try {
          return { host: config.target.name, answer: await work(connected.value, config) };
        } finally {
          await connected.value.close();
        }
      }),
    ),
  );
}
