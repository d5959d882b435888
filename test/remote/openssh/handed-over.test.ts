import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, suite, test, type TestContext } from 'node:test';
import type { Target } from '../../../src/core/host.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { createKeys } from '../ssh/server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from '../ssh/sshd.ts';
import { PATIENT, problemOf, targetOf, valueOf } from '../target.ts';

/** The servers and keys that ssh2 cannot use and the installed ssh can: ssh2 names the option, and with it the login succeeds. */
suite('servers and keys for the installed ssh alone', { skip: WITHOUT_SSHD ?? false }, async () => {
  const keys = await createKeys();
  after(() => keys.remove());
  const [hostKey, clientKey, authority] = [
    await keys.make('host'),
    await keys.make('client'),
    await keys.make('authority'),
  ];
  const again = 'hxllm preflight --transport openssh';
  const person = {
    home: keys.folder,
    userName: 'deploy',
    environment: { PATH: process.env['PATH'] },
    withOpenSsh: again,
  };
  const [bySsh2, byOpenSsh] = [createConnect(person), createConnect(person, undefined, 'openssh')];

  const serve = async (t: TestContext, lines: readonly string[]): Promise<Sshd> => {
    const sshd = await startSshd(keys.folder, [hostKey], clientKey, 10, lines);
    t.after(() => sshd.close());
    return sshd;
  };
  const reach = async ({ port, user }: Sshd, part: Partial<Target> = {}): Promise<Target> => {
    const known = join(keys.folder, `known-${String(port)}`);
    await writeFile(known, `[127.0.0.1]:${String(port)} ${hostKey.publicText}\n`);
    const sshArguments = ['-F', 'none', '-o', `UserKnownHostsFile=${known}`, '-o', 'IdentityFile=none'];
    return targetOf({ port, user, identityFiles: [clientKey.file], sshArguments, ...part });
  };

  test('a server that offers sntrup761x25519-sha512 alone', async (t) => {
    const target = await reach(await serve(t, ['KexAlgorithms sntrup761x25519-sha512@openssh.com']));
    const problem = problemOf(await bySsh2(target, PATIENT.signal));
    assert.match(problem.summary, /no common algorithm/);
    assert.ok(problem.fix.startsWith(`${again}  #`), problem.fix);
    const host = valueOf(await byOpenSsh(target, PATIENT.signal));
    assert.equal(valueOf(await host.run({ argv: ['id', '-un'] }, PATIENT)).stdout.trim(), target.user);
    await host.close();
  });

  test('a server that trusts the certificates of users alone', async (t) => {
    const lines = [`TrustedUserCAKeys ${authority.file}.pub`, 'AuthorizedKeysFile none'];
    const sshd = await serve(t, lines);
    const signed = await keys.make('signed');
    execFileSync('ssh-keygen', ['-q', '-s', authority.file, '-I', 'ada', '-n', sshd.user, `${signed.file}.pub`]);
    const target = await reach(sshd, { identityFiles: [signed.file] });
    const problem = problemOf(await bySsh2(target, PATIENT.signal));
    assert.equal(problem.code, 'host.authentication-failed');
    assert.match(problem.detail, /signed-cert\.pub is a user certificate/);
    assert.equal(problem.fix, again);
    const host = valueOf(await byOpenSsh(target, PATIENT.signal));
    assert.equal(valueOf(await host.run({ argv: ['echo', 'in'] }, PATIENT)).stdout, 'in\n');
    await host.close();
    // An expired certificate is refused, with the key and the words of the server.
    const args = ['-q', '-s', authority.file, '-I', 'ada', '-n', sshd.user, '-V', '20200101:20200102'];
    execFileSync('ssh-keygen', [...args, `${signed.file}.pub`]);
    const expired = problemOf(await byOpenSsh(target, PATIENT.signal));
    assert.equal(expired.code, 'host.authentication-failed');
    assert.match(expired.detail, /signed \(ED25519-CERT SHA256:\S+\).*The server accepts publickey/);
  });

  test('a FIDO key is named, with the option that uses it', async (t) => {
    const target = await reach(await serve(t, []));
    const file = join(keys.folder, 'fido');
    await writeFile(file, 'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA== me\n');
    assert.equal(problemOf(await bySsh2({ ...target, identityFiles: [file] }, PATIENT.signal)).fix, again);
  });

  test('no common algorithm of the installed ssh either is told with the offer of the server', async (t) => {
    const target = await reach(await serve(t, ['Ciphers aes128-cbc']));
    const problem = problemOf(await byOpenSsh(target, PATIENT.signal));
    assert.match(problem.summary, /no common algorithm/);
    assert.match(problem.detail, /no matching cipher found\. Their offer: aes128-cbc/);
  });

  test('a login that the server ends for too many keys has the words of the server and a fix', async (t) => {
    const sshd = await serve(t, ['MaxAuthTries 2']);
    const strange = await Promise.all(['a', 'b', 'c'].map((name) => keys.make(`strange-${name}`)));
    const target = await reach(sshd, { identityFiles: strange.map(({ file }) => file) });
    const { detail, fix } = problemOf(await byOpenSsh(target, PATIENT.signal));
    assert.match(detail, /strange-a \(ssh-ed25519 SHA256:\S+\).*Its message: Too many authentication failures/);
    assert.match(fix, /IdentitiesOnly=yes/);
  });

  test('a key that the host’s KnownHostsCommand prints is known, and another one is a changed key', async (t) => {
    const target = await reach(await serve(t, []));
    const other = await keys.make('another');
    const command = join(keys.folder, 'known-command');
    const script = '#!/bin/sh\n[ "$2" = ORDER ] && exit\n[ "$1" = same ] && echo "$3 $4 $5" || echo "$3 $6"\n';
    await writeFile(command, script.replace('$6', other.publicText), { mode: 0o755 });
    const asking = (word: string): Target => ({
      ...target,
      sshArguments: [
        '-F',
        'none',
        '-o',
        'UserKnownHostsFile=none',
        '-o',
        'IdentityFile=none',
        '-o',
        `KnownHostsCommand=${command} ${word} %I %H %t %K`,
      ],
    });
    await valueOf(await byOpenSsh(asking('same'), PATIENT.signal)).close();
    assert.equal(problemOf(await byOpenSsh(asking('other'), PATIENT.signal)).code, 'host.key-changed');
  });

  test('ssh_config counts in full: a Match with an environment and a key of its own', async (t) => {
    const sshd = await serve(t, []);
    const target = await reach(sshd, { port: undefined, user: undefined, address: 'nick', identityFiles: [] });
    const config = join(keys.folder, 'config');
    const known = join(keys.folder, `known-${String(sshd.port)}`);
    await writeFile(
      config,
      `Host nick\n  HostName 127.0.0.1\n  Port ${String(sshd.port)}\nMatch originalhost nick exec "test 1 = 1"\n  User ${sshd.user}\n  IdentityFile ${clientKey.file}\n  UserKnownHostsFile ${known}\n  ControlMaster auto\n  ControlPath ${keys.folder}/theirs\n  RemoteCommand echo mine\n  RequestTTY yes\n  LocalForward 1 127.0.0.1:1\n`,
    );
    const host = valueOf(await byOpenSsh({ ...target, sshArguments: ['-F', config] }, PATIENT.signal));
    assert.equal(valueOf(await host.run({ argv: ['echo', 'ours'] }, PATIENT)).stdout, 'ours\n');
    await host.close();
  });

  test('a key that is not in known_hosts is accepted without the check, and known_hosts stays as it is', async (t) => {
    const sshd = await serve(t, []);
    const target = await reach(sshd, { hostKeyChecking: false });
    const known = join(keys.folder, `known-${String(sshd.port)}`);
    await rm(known);
    await valueOf(await byOpenSsh(target, PATIENT.signal)).close();
    await assert.rejects(readFile(known), /ENOENT/);
  });
});
