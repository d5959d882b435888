import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Key } from './server.ts';

const SSHD = process.env['HXLLM_SSHD_BIN'] ?? '/usr/sbin/sshd';

const GUEST = 'hxguest';

/** Why there can be no sshd here, or `undefined`. */
export const WITHOUT_SSHD = existsSync(SSHD) ? undefined : `${SSHD} is not installed (apt-get install openssh-server)`;

/** OpenSSH's own server on a loopback port, for the user who runs the tests. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  close(): Promise<void>;
}

/** Starts sshd in the foreground with keys and files of its own; it lives as long as the test. */
export async function startSshd(folder: string, hostKeys: readonly Key[], clientKey: Key): Promise<Sshd> {
  const asRoot = userInfo().uid === 0;
  const user = asRoot ? GUEST : userInfo().username;
  // The guest reads what it may log in with, and its commands write here.
  await chmod(folder, 0o777);
  const port = await freePort();
  const [config, authorized] = [join(folder, `sshd-${String(port)}`), join(folder, 'authorized')];
  await writeFile(authorized, `${clientKey.publicText}\n`, { mode: 0o644 });
  const lines = ['ListenAddress 127.0.0.1', `Port ${String(port)}`, ...hostKeys.map(({ file }) => `HostKey ${file}`), `AuthorizedKeysFile ${authorized}`, 'StrictModes no', 'UsePAM no', 'PidFile none', 'LogLevel ERROR', 'MaxSessions 10'];
  await writeFile(config, `${lines.join('\n')}\n`);
  const argv = [SSHD, '-D', '-e', '-f', config];
  const [program = '', ...rest] = asRoot ? ['unshare', '--mount', 'bash', '-c', await stageOf(folder), 'sshd', ...argv] : argv;
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint += chunk.toString(); });
  const ended = new Promise<void>((resolve) => { child.once('close', () => { resolve(); }); });
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (child.exitCode !== null || tries > 200) throw new Error(`sshd does not start: ${complaint}`);
    await sleep(25);
  }
  return { port, user, close: async () => { child.kill('SIGTERM'); await ended; } };
}

// As root, sshd wants a user of its own and a folder in /run; both, and a user to log in as, are made in a mount
// namespace that nobody else sees. (Root’s own sessions cannot be signalled: sshd does not separate privileges for root.)
async function stageOf(folder: string): Promise<string> {
  const passwd = join(folder, 'passwd');
  await writeFile(passwd, `${(await readFile('/etc/passwd', 'utf8')).trimEnd()}\nsshd:x:64999:65534::/run/sshd:/usr/sbin/nologin\n${GUEST}:x:64998:65534::/tmp:/bin/bash\n`);
  return `mount --bind ${passwd} /etc/passwd && mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"`;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // a TCP server that listens
      server.close(() => { resolve(port); });
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => { resolve(true); socket.destroy(); }).once('error', () => { resolve(false); });
  });
}
