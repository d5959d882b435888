import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmod, copyFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Target } from '../../../src/core/host.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { until } from '../../until.ts';
import { PATIENT, problemOf, targetOf, valueOf } from '../target.ts';
import { createKeys, startServer, type Key } from './server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from './sshd.ts';

suite('kinds of keys, against OpenSSH’s own server', { skip: WITHOUT_SSHD ?? false }, async () => {
  const keys = await createKeys();
  const hostKey = await keys.make('host');
  const socket = join(keys.folder, 'agent');
  const environment = { PATH: process.env['PATH'], KEYS: keys.folder, SSH_AUTH_SOCK: socket };
  const connect = createConnect({ home: keys.folder, userName: 'deploy', environment });
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  let server: { readonly sshd: Sshd; readonly lines: string } | undefined;

  before(() =>
    until('the agent answers', () => spawnSync('ssh-add', ['-l'], { env: environment }).status === 1, 30_000),
  );

  after(async () => {
    agent.kill();
    await server?.sshd.close();
    await keys.remove();
  });

  /** A key pair that OpenSSL made, in the form that its command gives. */
  const made = async (name: string, argv: readonly string[]): Promise<Key> => {
    const file = join(keys.folder, name);
    const [command = '', ...options] = argv;
    execFileSync('openssl', [command, '-out', file, ...options], { stdio: 'ignore' });
    await chmod(file, 0o600);
    return { file, privateText: '', publicText: await publicOf(file) };
  };

  /** The public key in OpenSSH's form; ssh-keygen 9.2 reads no Ed25519 in PKCS#8. */
  const publicOf = async (file: string): Promise<string> => {
    const read = spawnSync('ssh-keygen', ['-y', '-P', 'open sesame', '-f', file], { encoding: 'utf8' });
    if (read.status === 0) return read.stdout.trim().split(' ').slice(0, 2).join(' ');
    const der = execFileSync('openssl', ['pkey', '-in', file, '-pubout', '-outform', 'DER']);
    const length = Buffer.from([0, 0, 0, 11]);
    const blob = Buffer.concat([length, Buffer.from('ssh-ed25519'), Buffer.from([0, 0, 0, 32]), der.subarray(-32)]);
    return Promise.resolve(`ssh-ed25519 ${blob.toString('base64')}`);
  };

  /** A server that accepts this key, and the target that leads to it. */
  const accepting = async (key: Key, part: Partial<Target>, more: readonly string[] = []): Promise<Target> => {
    const lines = more.join();
    if (server?.lines !== lines) {
      await server?.sshd.close();
      server = { sshd: await startSshd(keys.folder, [hostKey], key, 10, more), lines };
    }
    const { sshd } = server;
    await writeFile(join(keys.folder, 'authorized'), `${key.publicText}\n`);
    const known = join(keys.folder, `known hosts ${String(sshd.port)}`);
    await writeFile(known, `[127.0.0.1]:${String(sshd.port)} ${hostKey.publicText}\n`);
    return targetOf({
      port: sshd.port,
      user: sshd.user,
      ...part,
      sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile="${known}" /nowhere`, ...(part.sshArguments ?? [])],
    });
  };

  const connects = async (target: Target): Promise<void> => {
    await valueOf(await connect(target, PATIENT.signal)).close();
  };

  for (const [name, argv] of [
    ['rsa-pkcs8', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']],
    ['ecdsa-pkcs8', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['ed25519-pkcs8', ['genpkey', '-algorithm', 'ED25519']],
    ['rsa-pkcs1', ['genrsa', '-traditional', '2048']],
    ['ecdsa-sec1', ['ecparam', '-genkey', '-name', 'secp384r1']],
  ] as const)
    test(`a key of OpenSSL’s form ${name} connects`, async () => {
      const key = await made(name, argv);
      await connects(await accepting(key, { identityFiles: [key.file] }));
    });

  for (const algorithm of ['rsa-sha2-512', 'rsa-sha2-256'])
    test(`a server that accepts ${algorithm} alone takes an RSA key, of a file and of the agent`, async () => {
      const key = await made(`only-${algorithm}`, ['genpkey', '-algorithm', 'RSA']);
      const target = await accepting(key, { identityFiles: [key.file] }, [`PubkeyAcceptedAlgorithms ${algorithm}`]);
      await connects(target);
      execFileSync('ssh-add', ['-q', key.file], { env: environment, stdio: 'ignore' });
      await connects({
        ...target,
        identityFiles: [],
        sshArguments: [...target.sshArguments, '-o', 'IdentityFile=none'],
      });
      execFileSync('ssh-add', ['-q', '-D'], { env: environment, stdio: 'ignore' });
    });

  test('an IdentityFile that names the public key of an agent’s key connects, with a variable and tokens in its path', async () => {
    const key = await keys.make('held');
    const strange = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((n) => keys.make(`strange${String(n)}`)));
    execFileSync('ssh-add', ['-q', ...strange.map(({ file }) => file), key.file], {
      env: environment,
      stdio: 'ignore',
    });
    await rename(key.file, `${key.file}.away`);
    const of = (path: string): Partial<Target> => ({
      sshArguments: ['-o', 'IdentitiesOnly=yes', '-o', `IdentityFile=${path}`],
    });
    const target = await accepting(key, of('${KEYS}/held.pub'), ['MaxAuthTries 3']);
    await connects(target);
    for (const path of ['~/held.pub', '%d/held.pub', join(keys.folder, 'held')])
      await connects({
        ...target,
        sshArguments: [...target.sshArguments.slice(0, 4), ...(of(path).sshArguments ?? [])],
      });
    // Without IdentitiesOnly the key that is named comes before the seven others.
    await connects({
      ...target,
      sshArguments: [...target.sshArguments.slice(0, 4), '-o', `IdentityFile=${key.file}.pub`],
    });
    const crowded = problemOf(
      await connect(
        { ...target, sshArguments: [...target.sshArguments.slice(0, 4), '-o', 'IdentityFile=none'] },
        PATIENT.signal,
      ),
    );
    assert.match(crowded.detail, /Too many authentication failures/);
    assert.match(crowded.fix, /IdentitiesOnly=yes/);
    execFileSync('ssh-add', ['-q', '-D'], { env: environment, stdio: 'ignore' });
    const alone = problemOf(await connect(target, PATIENT.signal));
    assert.match(alone.detail, /held\.pub has a public key only, and no agent has its private key/);
  });

  test('a certificate, open permissions, a FIFO, a FIDO key and an encrypted PKCS#8 key are named', async () => {
    const key = await keys.make('plain');
    const target = await accepting(key, {});
    const detailOf = async (file: string): Promise<string> => {
      const only = {
        ...target,
        identityFiles: [file],
        sshArguments: [...target.sshArguments, '-o', 'IdentityFile=none'],
      };
      return problemOf(await connect(only, PATIENT.signal)).detail;
    };
    const other = await keys.make('signed');
    execFileSync('ssh-keygen', ['-q', '-s', key.file, '-I', 'me', '-n', 'me', `${other.file}.pub`]);
    assert.match(await detailOf(other.file), /signed-cert\.pub is a user certificate, which hxllm cannot use/);
    const open = join(keys.folder, 'open');
    await copyFile(key.file, open);
    await chmod(open, 0o644);
    assert.match(await detailOf(open), /permissions 0644 are too open/);
    const fifo = join(keys.folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    assert.match(await detailOf(fifo), /not a regular file/);
    const locked = join(keys.folder, 'locked-pkcs8');
    execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-aes256', '-pass', 'pass:open sesame', '-out', locked], {
      stdio: 'ignore',
    });
    await chmod(locked, 0o600);
    assert.match(await detailOf(locked), /locked-pkcs8 is encrypted, and no agent has the key/);
    const sk = join(keys.folder, 'fido.pub');
    await writeFile(sk, 'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA== me\n');
    assert.match(await detailOf(sk), /cannot use the type sk-ssh-ed25519@openssh\.com/);
  });

  test('KnownHostsCommand knows the key, with its tokens, and refuses the host by printing another key', async () => {
    const key = await keys.make('client');
    const target = await accepting(key, { identityFiles: [key.file] });
    const another = await keys.make('another');
    const command = join(keys.folder, 'known command');
    const lines = (text: string): readonly string[] => [
      '-F',
      'none',
      '-o',
      'UserKnownHostsFile=none',
      '-o',
      `KnownHostsCommand="${command}" "${text}" %I %H %t %K`,
    ];
    await writeFile(
      command,
      `#!/bin/sh\n[ "$2" = ORDER ] && exit\n[ "$1" = same ] && echo "$3 $4 $5" || echo "$3 ${another.publicText}"\n`,
      { mode: 0o755 },
    );
    await connects({ ...target, sshArguments: lines('same') });
    const problem = problemOf(await connect({ ...target, sshArguments: lines('other') }, PATIENT.signal));
    assert.equal(problem.code, 'host.key-changed');
  });

  test('servers without a common algorithm, without keys or with a banner of 64 KB have fixes of their own', async () => {
    const key = await keys.make('refused');
    await writeFile(join(keys.folder, 'banner'), 'legal '.repeat(11_000));
    for (const [line, fix] of [
      ['KexAlgorithms sntrup761x25519-sha512@openssh.com', /KexAlgorithms \+curve25519-sha256$/],
      ['MACs umac-128-etm@openssh.com\nCiphers aes256-ctr', /MACs \+hmac-sha2-256-etm@openssh\.com$/],
      [`Banner ${join(keys.folder, 'banner')}`, /grep -i banner/],
    ] as const) {
      const problem = problemOf(
        await connect(await accepting(key, { identityFiles: [key.file] }, [line]), PATIENT.signal),
      );
      assert.match(problem.fix, fix, problem.detail);
    }
    await using other = await startServer({ hostKeys: [hostKey], password: 'hunter2' });
    const known = join(keys.folder, 'known-password');
    await writeFile(known, `[127.0.0.1]:${String(other.port)} ${hostKey.publicText}\n`);
    const sshArguments = ['-F', 'none', '-o', `UserKnownHostsFile=${known}`];
    const target = targetOf({ port: other.port, user: 'me', identityFiles: [key.file], sshArguments });
    assert.match(problemOf(await connect(target, PATIENT.signal)).fix, /pubkeyauthentication.*ansible_password/);
  });
});
