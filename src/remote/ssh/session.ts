import type { Client, ClientChannel } from 'ssh2';
import { asError } from '../../core/error.ts';
import type { CallOptions, Command, CommandResult } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { loginLine } from '../../core/shell.ts';
import { deadlineOf, describeCommand } from '../../core/deadline.ts';
import { processExitCode } from '../exit-code.ts';
import { FULL } from '../session-pool.ts';
import { writeStdin } from '../stdin.ts';
import type { SshSettings } from './settings.ts';
import { lost } from './unreachable.ts';

/** Runs one command in its own session on an open connection. `onOpen` is called with the session; its result with the session's end. */
export async function runSession(
  settings: SshSettings,
  client: Client,
  command: Command,
  options: CallOptions,
  onOpen: () => () => void,
): Promise<Result<CommandResult> | typeof FULL> {
  const deadline = deadlineOf(options);
  const what = describeCommand(command);
  const abandoned = (): Result<CommandResult> => fail(deadline.problem(settings.name, what));
  if (deadline.signal.aborted) return abandoned();
  const startedMs = performance.now();
  const over = new Promise<undefined>((resolve) => {
    deadline.signal.addEventListener(
      'abort',
      () => {
        resolve(undefined);
      },
      { once: true },
    );
  });
  const opening = openSession(client, loginLine(command.argv), command.onOutput);
  const session = await Promise.race([opening, over]);
  if (session === undefined) {
    // The session may still open; then it is ended at once.
    void opening.then((late) => (late instanceof Error ? undefined : endSession(late.channel)));
    return abandoned();
  }
  if (session instanceof Error) return isRefused(session) ? FULL : fail(lost(settings, what, session.message));
  const { channel, ended } = session;
  const onEnd = onOpen();
  try {
    const end = await Promise.race([
      ended,
      over,
      writeStdin(command.stdin, channel).then(() => Promise.race([ended, over])),
    ]);
    if (end === undefined) {
      endSession(channel);
      return abandoned();
    }
    if (end.exitCode === undefined) return fail(lost(settings, what, undefined));
    return ok({
      exitCode: end.exitCode,
      stdout: end.stdout,
      stderr: end.stderr,
      durationMs: Math.round(performance.now() - startedMs),
    });
  } catch (error) {
    // The source of the input failed: the command must not take half of the input for the whole.
    endSession(channel);
    throw error;
  } finally {
    onEnd();
  }
}

// ssh2 gives the reason of a channel's refusal (RFC 4254, 5.1) to the error; other errors have none.
function isRefused(error: Error & { readonly reason?: unknown }): boolean {
  return error.reason !== undefined && error.reason !== '';
}

interface Running {
  readonly channel: ClientChannel;
  readonly ended: Promise<End>;
}

function openSession(client: Client, line: string, onOutput: Command['onOutput']): Promise<Running | Error> {
  return new Promise((resolve) => {
    try {
      // The end of a short command may be in the same packet as its beginning, so the listener is added at once.
      client.exec(line, (error, channel) => {
        resolve(error ?? { channel, ended: endOf(channel, onOutput) });
      });
    } catch (error) {
      // ssh2 throws if the connection is already gone.
      resolve(asError(error));
    }
  });
}

interface End {
  /** `undefined`: the channel closed without an exit status. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function endOf(channel: ClientChannel, onOutput: Command['onOutput']): Promise<End> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  channel.on('data', (chunk: Buffer) => {
    if (onOutput === undefined) out.push(chunk);
    else onOutput(chunk);
  });
  channel.stderr.on('data', (chunk: Buffer) => {
    err.push(chunk);
  });
  channel.on('error', () => undefined);
  let exitCode: number | undefined;
  channel.on('exit', (code: number | null, signal?: string) => {
    exitCode = processExitCode(code, signal);
  });
  // ssh2 closes a channel at the end of its output; the end of the errors may still be on its way.
  const closed = [channel, channel.stderr].map((stream) => new Promise((resolve) => stream.once('close', resolve)));
  return Promise.all(closed).then(() => ({
    exitCode,
    stdout: Buffer.concat(out).toString(),
    stderr: Buffer.concat(err).toString(),
  }));
}

// Internals of ssh2 1.17: its channels refuse to send a signal after the end of the input (RFC 4254, 6.9 does not).
interface Signalling {
  readonly outgoing: { readonly id: number };
  readonly _client: { readonly _protocol: { signal(channel: number, name: string): void } };
}

// sshd passes the signal on to the command's process group (OpenSSH 7.9 and later). Closing the channel alone ends
// nothing.
function endSession(channel: ClientChannel): void {
  const { outgoing, _client } = channel as unknown as Signalling; // ssh2's types leave out its internals
  _client._protocol.signal(outgoing.id, 'TERM');
  channel.close();
}
