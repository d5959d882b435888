import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { quietPort } from '../../port.ts';
import { until } from '../../until.ts';
import type { Key } from './server.ts';

const SSHD = process.env['HXLLM_SSHD_BIN'] ?? '/usr/sbin/sshd';

const GUEST = 'hxguest';
const START_TIMEOUT_MS = 30_000;

/** The reason why sshd cannot run here, or `undefined`. */
export const WITHOUT_SSHD = existsSync(SSHD) ? undefined : `${SSHD} is not installed (apt-get install openssh-server)`;

/** OpenSSH's own server on a loopback port, for the user who runs the tests. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  close(): Promise<void>;
}

/** Starts sshd in the foreground with its own keys and files. It runs until the test ends. */
export async function startSshd(
  folder: string,
  hostKeys: readonly Key[],
  clientKey: Key,
  maxSessions = 10,
  more: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<Sshd> {
  const asRoot = userInfo().uid === 0;
  const user = asRoot ? GUEST : userInfo().username;
  // The guest user reads the authorized keys here, and its commands write here.
  await chmod(folder, 0o777);
  const port = await quietPort();
  const [config, authorized] = [join(folder, `sshd-${String(port)}`), join(folder, 'authorized')];
  await writeFile(authorized, `${clientKey.publicText}\n`, { mode: 0o644 });
  const lines = [
    'ListenAddress 127.0.0.1',
    `Port ${String(port)}`,
    ...hostKeys.map(({ file }) => `HostKey ${file}`),
    `AuthorizedKeysFile ${authorized}`,
    // The first line of an option counts.
    ...more,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'LogLevel ERROR',
    `MaxSessions ${String(maxSessions)}`,
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const argv = [SSHD, '-D', '-e', '-f', config];
  const [program = '', ...rest] = asRoot
    ? ['unshare', '--mount', 'bash', '-c', await stageOf(folder), 'sshd', ...argv]
    : argv;
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...variables } });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    // A session of a failed test has the pipe open too, and would keep this process running.
    child.stderr.destroy();
  };
  try {
    await until(
      'sshd answers, or has ended',
      async () => child.exitCode !== null || (await answers(port)),
      START_TIMEOUT_MS,
    );
    if (child.exitCode !== null) throw new Error(`sshd does not start: ${complaint}`);
  } catch (error) {
    await close();
    throw error;
  }
  return { port, user, close };
}

// As root, sshd needs a user of its own and a folder in /run. A private mount namespace provides both, and a user to
// log in as. (Sessions of root cannot be signalled: sshd does not separate privileges for root.)
async function stageOf(folder: string): Promise<string> {
  const [passwd, shadow] = [join(folder, 'passwd'), join(folder, 'shadow')];
  const shells = ['tcsh', 'fish', 'zsh', 'ksh', 'dash', 'nologin'];
  const accounts = [
    'sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin',
    `${GUEST}:x:64998:65534::/tmp:/bin/bash`,
    ...shells.map(
      (shell, at) =>
        `hx${shell}:x:${String(64_900 + at)}:65534::/tmp:${shell === 'nologin' ? '/usr/sbin' : '/usr/bin'}/${shell}`,
    ),
    `hxexpired:x:64990:65534::/tmp:/bin/bash`,
    `hxrc:x:64991:65534::${folder}/rc:/bin/bash`,
    `hxnoise:x:64992:65534::${folder}/noise:/bin/bash`,
  ];
  const names = accounts.map((line) => line.split(':')[0] ?? '');
  await writeFile(passwd, `${(await readFile('/etc/passwd', 'utf8')).trimEnd()}\n${accounts.join('\n')}\n`);
  await writeFile(
    shadow,
    `${(await readFile('/etc/shadow', 'utf8')).trimEnd()}\n${names.map((name) => `${name}:*:${name === 'hxexpired' ? '0' : '20000'}:0:99999:7:::`).join('\n')}\n`,
    { mode: 0o600 },
  );
  for (const [home, text] of [
    ['rc', 'exit\n'],
    ['noise', 'echo "Welcome: the answer is nonce"; echo warning >&2\n'],
  ] as const) {
    await mkdir(join(folder, home), { recursive: true });
    await writeFile(join(folder, home, '.bashrc'), text);
  }
  return `mount --bind ${passwd} /etc/passwd && mount --bind ${shadow} /etc/shadow && mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"`;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket
      .once('data', () => {
        resolve(true);
        socket.destroy();
      })
      .on('error', () => undefined)
      .once('close', () => {
        resolve(false);
      });
  });
}
