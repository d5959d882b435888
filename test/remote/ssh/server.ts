import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';

/** A key pair as files and text. */
export interface Key {
  readonly file: string;
  readonly privateText: string;
  /** `type base64`. */
  readonly publicText: string;
}

/** An SSH server in this process: ssh2's own, which runs commands with bash, as sshd does. */
export interface TestServer {
  readonly port: number;
  readonly hostKey: Key;
  /** The attempts of clients, in order: `publickey ssh-ed25519`, `password`. */
  readonly attempts: string[];
  readonly connections: Connection[];
  /** Closes the server with all its connections: a connection of a failed test would keep the file running. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A temporary folder with a function that creates keys in it. */
export async function createKeys(): Promise<{
  readonly folder: string;
  make(name: string, type?: 'ed25519' | 'ecdsa', passphrase?: string): Promise<Key>;
  remove(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-ssh-'));
  return {
    folder,
    make: async (name, type = 'ed25519', passphrase) => {
      const comment = `${name}@test`;
      const locked = passphrase === undefined ? { comment } : { comment, passphrase, cipher: 'aes256-ctr', rounds: 4 };
      const pair = generatePair(
        () =>
          type === 'ed25519'
            ? ssh2.utils.generateKeyPairSync('ed25519', locked)
            : ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, comment }),
        passphrase,
      );
      const file = join(folder, name);
      await writeFile(file, pair.private, { mode: 0o600 });
      await writeFile(`${file}.pub`, `${pair.public}\n`);
      return { file, privateText: pair.private, publicText: pair.public.trim().split(' ').slice(0, 2).join(' ') };
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

type Pair = ReturnType<typeof ssh2.utils.generateKeyPairSync>;

// One of 256 pairs is broken, since ssh2 strips zero bytes at the beginning of a key:
// https://github.com/mscdex/ssh2/issues/1513.
function generatePair(generate: () => Pair, passphrase: string | undefined): Pair {
  for (let tries = 0; tries < 10; tries += 1) {
    const pair = generate();
    const parsed = [ssh2.utils.parseKey(pair.private, passphrase), ssh2.utils.parseKey(pair.public)];
    if (!parsed.some((key) => key instanceof Error)) return pair;
  }
  throw new Error('ten key pairs that ssh2 made, and it can read none of them');
}

/** Starts a server on the loopback. Without options such as `hang` it behaves well. */
export async function startServer(options: {
  readonly hostKeys: readonly [Key, ...Key[]];
  readonly clientKey?: Key;
  readonly password?: string;
  readonly keyboard?: string;
  /** Called in the place of opening a connection to another host, which then never opens. */
  readonly onTunnel?: () => void;
  /** Every attempt to log in waits for it. */
  readonly before?: Promise<undefined>;
}): Promise<TestServer> {
  const attempts: string[] = [];
  const connections: Connection[] = [];
  const server = new ssh2.Server({ hostKeys: options.hostKeys.map(({ privateText }) => privateText) }, (client) => {
    connections.push(client);
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      void (options.before ?? Promise.resolve(undefined)).then(() => {
        judge(context, options, attempts);
      });
    });
    client.on('session', (accept) => {
      serve(client, accept());
    });
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      if (options.onTunnel !== undefined) return options.onTunnel();
      const socket = connect(destPort, destIP);
      socket
        .once('error', () => {
          reject();
        })
        .once('connect', () => {
          const channel = accept();
          socket.on('error', () => {
            channel.close();
          });
          channel.on('error', () => {
            socket.destroy();
          });
          socket.pipe(channel).pipe(socket);
        });
      return undefined;
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    hostKey: options.hostKeys[0],
    attempts,
    connections,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const client of connections) client.end();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function judge(
  context: AuthContext,
  { clientKey, password, keyboard }: Parameters<typeof startServer>[0],
  attempts: string[],
): void {
  const methods = [
    ...(clientKey === undefined ? [] : ['publickey' as const]),
    ...(password === undefined ? [] : ['password' as const]),
    ...(keyboard === undefined ? [] : ['keyboard-interactive' as const]),
  ];
  if (context.method === 'publickey') {
    if (context.signature === undefined) attempts.push(`publickey ${context.key.algo}`);
    const known = clientKey === undefined ? undefined : ssh2.utils.parseKey(clientKey.publicText);
    if (known !== undefined && !(known instanceof Error) && known.getPublicSSH().equals(context.key.data)) {
      const { signature, blob } = context;
      if (signature === undefined || (blob !== undefined && known.verify(blob, signature, context.hashAlgo))) {
        context.accept();
        return;
      }
    }
  } else {
    attempts.push(context.method);
    if (context.method === 'password' && context.password === password) {
      context.accept();
      return;
    }
    if (context.method === 'keyboard-interactive' && keyboard !== undefined) {
      context.prompt([{ prompt: 'Password: ', echo: false }], (answers: unknown) => {
        if (Array.isArray(answers) && answers[0] === keyboard) context.accept();
        else context.reject();
      });
      return;
    }
  }
  context.reject(methods);
}

function serve(client: Connection, session: Session): void {
  let kill: (signal: NodeJS.Signals) => void = () => undefined;
  session.on('signal', (accept: (() => void) | undefined, _reject: unknown, { name }: { name: string }) => {
    accept?.();
    kill(`SIG${name}` as NodeJS.Signals); // names of RFC 4254 are POSIX names without SIG
  });
  session.on('exec', (accept: () => ServerChannel, _reject: unknown, { command }: { command: string }) => {
    const channel = accept();
    const child = spawn('bash', ['-c', command], { detached: true, env: { PATH: process.env['PATH'], SHLVL: '1' } });
    kill = (signal) => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, signal);
    };
    // No process of a test may outlive its connection.
    client.once('close', () => {
      kill('SIGKILL');
    });
    channel.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    child.on('close', (code, signal) => {
      if (code === null) channel.exit((signal ?? 'SIGKILL').slice(3));
      else channel.exit(code);
      // The end of the channel does not wait for errors that the client has no window for yet.
      channel.stderr.end(() => channel.end());
    });
  });
}
