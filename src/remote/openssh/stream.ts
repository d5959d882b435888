import { Duplex } from 'node:stream';
import { loginLine } from '../../core/shell.ts';
import { RELAY } from '../ssh/stream.ts';
import { within } from '../wait.ts';
import { openSession, type SshSession } from './session.ts';
import { readLog, type SharedConnection } from './shared-connection.ts';

/**
 * Opens a stream of bytes to a port as the host reaches it (`ssh -W`), or by bash on the host where sshd forbids those
 * (AllowTcpForwarding no). Rejects with the reason.
 */
export async function openStream(
  shared: SharedConnection,
  hostname: string,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const before = readLog(shared.log).length;
  const session = openSession(shared, ['-W', `[${hostname}]:${String(port)}`, '--', 'host']);
  // Heard from the start: a server may speak and leave before ssh's log is looked at, and Node drops what nobody hears of a program that has ended.
  const stream = streamOf(session);
  const opened = await within(session.opened, 2 ** 31 - 1, signal);
  if (opened.state === 'done' && opened.value) return stream;
  stream.destroy();
  if (opened.state !== 'done') throw new Error('no answer in time');
  const reason = /channel \d+: open failed: (.*)/.exec(readLog(shared.log).slice(before))?.[1]?.trim();
  if (reason?.startsWith('administratively prohibited') !== true)
    throw new Error(reason?.replace(/^(?:connect failed|unknown[^:]*): /, '') ?? 'the connection to the host is gone');
  const line = loginLine(['bash', '-c', RELAY, 'hxllm', hostname, String(port)]);
  const relay = openSession(shared, ['--', 'host', line]);
  relay.child.stderr.resume();
  return streamOf(relay);
}

// The other side may close before it has read everything: its last bytes count all the same, so an error of writing is none.
function streamOf({ child: { stdin, stdout, stderr }, child }: SshSession): Duplex {
  const stream = new Duplex({
    read: () => {
      stdout.resume();
    },
    write: (chunk: Buffer, _encoding, done) => {
      stdin.write(chunk, () => {
        done();
      });
    },
    final: (done) => {
      stdin.end();
      done();
    },
    destroy: (error, done) => {
      child.kill('SIGTERM');
      done(error);
    },
  });
  stderr.resume();
  stdout
    .on('data', (chunk: Buffer) => {
      if (!stream.push(chunk)) stdout.pause();
    })
    .once('end', () => stream.push(null));
  return stream.on('error', () => undefined);
}
