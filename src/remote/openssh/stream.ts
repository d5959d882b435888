import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Forward } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { loginLine } from '../../core/shell.ts';
import type { SshSettings } from '../ssh/settings.ts';
import { RELAY } from '../ssh/stream.ts';
import { lost } from '../ssh/unreachable.ts';
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

/** Listens on this machine's loopback and forwards each connection to `127.0.0.1:port` on the host. */
export function openForward(settings: SshSettings, shared: SharedConnection, port: number): Promise<Result<Forward>> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const { child } = openSession(shared, ['-W', `[127.0.0.1]:${String(port)}`, '--', 'host']);
    child.stderr.resume();
    // The client sees the same as after a refused connection: it closes without a byte.
    child.once('close', () => socket.destroySoon()).once('error', () => socket.destroy());
    socket
      .once('close', () => {
        sockets.delete(socket);
        child.kill('SIGTERM');
      })
      .on('error', () => socket.destroy());
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  });
  return new Promise((resolve) => {
    server.once('error', (error) => {
      resolve(fail(lost(settings, `forwarding port ${String(port)}`, error.message)));
    });
    server.listen(0, '127.0.0.1', () => {
      const { port: local } = server.address() as AddressInfo; // a TCP server that listens has an AddressInfo
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => {
            closed();
          });
          for (const socket of sockets) socket.destroy();
        });
      resolve(ok({ port: local, close }));
    });
  });
}
