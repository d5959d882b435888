import { setTimeout as sleep } from 'node:timers/promises';
import { sudoRefusal } from '../../apply/sudo.ts';
import { forbiddenText, isSudo, sudoLine, withoutPassword, type Become } from '../../core/become.ts';
import type { CommandResult, Host } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { quote, shellLine } from '../../core/shell.ts';

/** A script for a host, with its arguments. */
export interface RootScript {
  readonly script: string;
  readonly args: readonly string[];
  readonly title: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /**
   * The script runs until it is interrupted, and this receives its output. Its input ends with the call, however that ends: a program of root
   * gets no signal from the login user.
   */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** With `onOutput`: ends the input alone, and the script goes on to its own end. By default `signal` ends both. */
  readonly inputUntil?: AbortSignal;
  /** With `onOutput`: the input gets an empty line so often, by which the script knows that this program is there. */
  readonly inputBeatMs?: number;
}

/** The longest time of a timer, ms: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** The line that root prints to stderr before anything else. */
const ROOT = 'hxllm:root';

/** Runs a script as root, by the way that the operator's files name; as the login user with `none`. Problem `permission.sudo`. */
export async function runAsRoot(host: Host, become: Become, root: RootScript): Promise<Result<CommandResult>> {
  // A password that is refused must not be followed by more input, which sudo would take for another try.
  if (root.onOutput !== undefined && isSudo(become) && become.password !== undefined) {
    const { onOutput: _onOutput, inputUntil: _inputUntil, inputBeatMs: _inputBeatMs, ...rest } = root;
    const tried = await runAsRoot(host, become, { ...rest, script: ':', args: [], timeoutMs: SUDO_MS });
    if (!tried.ok) return tried;
  }
  const { signal, timeoutMs, title, onOutput } = root;
  const text = scriptOf(become, root);
  const ran = await host.run(
    {
      argv: ['bash', '-s'],
      title,
      stdin: onOutput === undefined ? text : openUntil(text, root.inputUntil ?? signal, root.inputBeatMs),
      ...(onOutput === undefined ? {} : { onOutput }),
    },
    { signal, timeoutMs },
  );
  if (!ran.ok) return ran;
  const { stderr, ...result } = withoutPassword(ran.value, become);
  const lines = stderr.split('\n');
  if (lines.includes(ROOT)) return ok({ ...result, stderr: lines.filter((line) => line !== ROOT).join('\n') });
  const said = lines.map((line) => line.trim()).findLast((line) => line !== '');
  return fail(sudoRefusal(host.name, said ?? `exit code ${String(result.exitCode)} and no message`));
}

const SUDO_MS = 20_000;

function scriptOf(become: Become, { script, args }: RootScript): string {
  const whole = ['bash', '-c', `echo ${ROOT} >&2\n${script}`, 'hxllm', ...args];
  const password = isSudo(become) ? become.password?.reveal() : undefined;
  const known = password === undefined ? '' : `IFS= read -r hxllm_password\n${password}\n`;
  return `${known}{ export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"\nif [ "$(id -u)" = 0 ]${become === 'none' ? ' || :' : ''}; then ${shellLine(whole)}\nelse ${sudoOf(become, whole)}\nfi\nexit; }\n`;
}

function sudoOf(become: Become, argv: readonly string[]): string {
  if (!isSudo(become)) return `echo ${quote(become === 'none' ? '' : forbiddenText(become))} >&2; exit 1`;
  if (become.password === undefined) return sudoLine(become, ['-n'], argv);
  return String.raw`{ printf '%s\n' "$hxllm_password"; cat; } | ${sudoLine(become, ['-k', '-S', '-p', ''], argv)}`;
}

/** An input that stays open after the text until the signal aborts, with an empty line at each beat. */
async function* openUntil(text: string, signal: AbortSignal, beatMs = LONGEST_MS): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
  while (!signal.aborted) {
    await sleep(beatMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) yield Buffer.from('\n');
  }
}
