import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Prompt } from 'ssh2';
import type { Target } from '../../../src/core/host.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { TRANSPORTS } from '../../../src/remote/transport.ts';
import { keyboardInteractive } from '../../../src/remote/ssh/keyboard-interactive.ts';
import { SshPrompts } from '../../../src/remote/ssh/prompts.ts';
import { PATIENT, problemOf, targetOf, valueOf } from '../target.ts';
import { createKeys, startServer, type Key } from './server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from './sshd.ts';

/** Prompts that are answered from a list, and the questions that were asked. */
function prompted(...answers: readonly string[]): { readonly prompts: SshPrompts; readonly asked: string[] } {
  const asked: string[] = [];
  const left = [...answers];
  return {
    asked,
    prompts: new SshPrompts((question) => {
      asked.push(question);
      return Promise.resolve(left.shift());
    }),
  };
}

for (const transport of TRANSPORTS)
  suite(`encrypted keys over ${transport}, against OpenSSH’s own server`, { skip: WITHOUT_SSHD ?? false }, async () => {
    const keys = await createKeys();
    const [hostKey, strangeKey] = [await keys.make('host'), await keys.make('strange', 'ed25519', 'other')];
    const files: Key[] = [];
    for (const [name, argv] of [
      ['ed', ['-t', 'ed25519']],
      ['rsa', ['-t', 'rsa', '-b', '2048']],
      ['ec', ['-t', 'ecdsa', '-b', '384']],
      ['pem', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
      ['pkcs8', ['-t', 'ecdsa', '-b', '256', '-m', 'PKCS8']],
    ] as const) {
      const file = join(keys.folder, name);
      execFileSync('ssh-keygen', ['-q', ...argv, '-N', 'open sesame', '-f', file]);
      const publicText = (await readFile(`${file}.pub`, 'utf8')).trim();
      // OpenSSH's own format has the public key inside.
      if (!['pem', 'pkcs8'].includes(name)) await rm(`${file}.pub`);
      files.push({ file, privateText: '', publicText });
    }
    const known = join(keys.folder, 'known');
    const servers: Sshd[] = [];

    before(async () => {
      const [first = hostKey] = files;
      const several = 'AuthenticationMethods publickey,publickey';
      for (const more of [[], [several]]) servers.push(await startSshd(keys.folder, [hostKey], first, 10, more));
      await writeFile(join(keys.folder, 'authorized'), files.map(({ publicText }) => `${publicText}\n`).join(''));
      const lines = servers.map(({ port }) => `[127.0.0.1]:${String(port)} ${hostKey.publicText}\n`);
      await writeFile(known, lines.join(''));
    });
    after(async () => {
      await Promise.all(servers.map((server) => server.close()));
      await keys.remove();
    });

    const reach = (identityFiles: readonly string[], server = 0): Target =>
      targetOf({
        port: servers[server]?.port,
        user: servers[server]?.user,
        identityFiles,
        sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile=${known}`, '-o', 'IdentityFile=none'],
      });
    const connect = (target: Target, prompts: SshPrompts): ReturnType<ReturnType<typeof createConnect>> =>
      createConnect(
        { home: keys.folder, userName: 'ada', environment: { PATH: process.env['PATH'] }, prompts },
        undefined,
        transport,
      )(target, PATIENT.signal);

    test('each kind of key and file is unlocked by its passphrase, which is asked for once for all connections', async () => {
      for (const { file } of files) {
        const { prompts, asked } = prompted('open sesame');
        const both = await Promise.all([connect(reach([file]), prompts), connect(reach([file]), prompts)]);
        await Promise.all(both.map((each) => valueOf(each).close()));
        await valueOf(await connect(reach([file]), prompts)).close();
        assert.deepEqual(asked, [`Passphrase of ${file}: `]);
      }
    });

    test('a key that the server refuses is not asked for, and the Problem has its type and fingerprint', async () => {
      const { prompts, asked } = prompted('open sesame');
      const file = files[0]?.file ?? '';
      await valueOf(await connect(reach([strangeKey.file, file]), prompts)).close();
      assert.deepEqual(asked, [`Passphrase of ${file}: `]);
      const none = prompted();
      const { detail } = problemOf(await connect(reach([strangeKey.file]), none.prompts));
      assert.deepEqual(none.asked, []);
      assert.match(detail, /strange \(ssh-ed25519 SHA256:[\w+/]{43}, encrypted\)/);
      assert.match(detail, /The server accepts publickey/);
    });

    test('a wrong passphrase is asked for again, three times in all, and then never in this run', async () => {
      const file = files[0]?.file ?? '';
      const once = prompted('wrong', 'open sesame');
      await valueOf(await connect(reach([file]), once.prompts)).close();
      assert.deepEqual(once.asked, [`Passphrase of ${file}: `, `Wrong passphrase. Passphrase of ${file}: `]);
      const never = prompted('a', 'b', 'c', 'open sesame');
      for (let run = 0; run < 2; run += 1) {
        const { code, detail, fix } = problemOf(await connect(reach([file]), never.prompts));
        assert.deepEqual([code, fix], ['host.authentication-failed', `ssh-add ${file}`]);
        assert.ok(detail.includes(`${file} stays locked, without its passphrase`), detail);
      }
      assert.equal(never.asked.length, 3);
    });

    if (transport === 'ssh2')
      test('a PEM file without its .pub is named with the command that writes it', async () => {
        const file = join(keys.folder, 'alone');
        await copyFile(join(keys.folder, 'pem'), file);
        const { prompts, asked } = prompted();
        const { fix, detail } = problemOf(await connect(reach([file]), prompts));
        assert.deepEqual([fix, asked], [`ssh-keygen -yf ${file} >${file}.pub`, []], detail);
      });
    else
      test('ssh asks for the passphrase of a PEM file without its .pub', async () => {
        const file = join(keys.folder, 'alone');
        await copyFile(join(keys.folder, 'pem'), file);
        const { prompts, asked } = prompted('open sesame');
        await valueOf(await connect(reach([file]), prompts)).close();
        assert.deepEqual(asked, [`Passphrase of ${file}: `]);
      });

    test('a server that wants two keys gets two, and a Problem names the one that it accepted in part', async () => {
      const [first, second] = files;
      const { prompts, asked } = prompted('open sesame', 'open sesame');
      await valueOf(await connect(reach([first?.file ?? '', second?.file ?? ''], 1), prompts)).close();
      assert.equal(asked.length, 2);
      const open = join(keys.folder, 'open');
      execFileSync('cp', [first?.file ?? '', open]);
      execFileSync('ssh-keygen', ['-q', '-p', '-P', 'open sesame', '-N', '', '-f', open]);
      const { detail } = problemOf(await connect(reach([open], 1), prompts));
      assert.match(detail, /open \(ssh-ed25519 SHA256:\S+\) \[accepted in part\]/);
    });
  });

test('a server’s questions are put to the operator with its words; the password is given to one of them', async () => {
  const answers = async (
    rounds: readonly (readonly Prompt[])[],
    password: string | undefined,
    typed: readonly string[] | undefined,
  ): Promise<{ readonly given: readonly (readonly string[])[]; readonly asked: readonly string[] }> => {
    const { prompts, asked } = prompted(...(typed ?? []));
    const secret = password === undefined ? undefined : new Secret(password);
    const method = keyboardInteractive('ada', 'h', secret, typed === undefined ? undefined : prompts, PATIENT.signal);
    const given: (readonly string[])[] = [];
    for (const round of rounds)
      given.push(
        await new Promise<readonly string[]>((resolve) => {
          method.prompt('', 'Two steps\u001B[2J', '', [...round], resolve);
        }),
      );
    return { given, asked };
  };
  const [password, code] = [
    { prompt: 'Password: ', echo: false },
    { prompt: 'Verification code: ', echo: false },
  ];
  const both = await answers([[password], [code]], 'hunter2', ['123456']);
  assert.deepEqual(both.given, [['hunter2'], ['123456']]);
  assert.deepEqual(both.asked, ['Two steps[2J\n(ada@h) Verification code: ']);
  assert.deepEqual((await answers([[code, password]], 'hunter2', ['1'])).given, [['1', 'hunter2']]);
  assert.deepEqual((await answers([[password], [password]], 'hunter2', ['new'])).given, [['hunter2'], ['new']]);
  assert.deepEqual((await answers([[password]], undefined, ['typed'])).given, [['typed']]);
  assert.deepEqual((await answers([[code]], 'hunter2', undefined)).given, [['']], 'a code is no password');
  const change = { prompt: 'New password: ', echo: false };
  assert.deepEqual((await answers([[change]], 'hunter2', ['x'])).given, [['x']]);
  assert.deepEqual((await answers([[{ prompt: 'Jelszó: ', echo: false }]], 'hunter2', undefined)).given, [['hunter2']]);
});

for (const transport of TRANSPORTS)
  test(`on a terminal the questions of a server over ${transport} are asked without a password in the inventory`, async () => {
    const keys = await createKeys();
    try {
      const hostKey = await keys.make('host');
      await using server = await startServer({ hostKeys: [hostKey], keyboard: 'typed' });
      const known = join(keys.folder, 'known');
      await writeFile(known, `[127.0.0.1]:${String(server.port)} ${hostKey.publicText}\n`);
      const target = targetOf({
        port: server.port,
        user: 'deploy',
        sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile=${known}`, '-o', 'IdentityFile=none'],
      });
      const { prompts, asked } = prompted('typed', 'wrong');
      const person = { home: keys.folder, userName: 'ada', environment: { PATH: process.env['PATH'] }, prompts };
      await valueOf(await createConnect(person, undefined, transport)(target, PATIENT.signal)).close();
      assert.deepEqual(asked, ['(deploy@127.0.0.1) Password: ']);
      const { detail } = problemOf(await createConnect(person, undefined, transport)(target, PATIENT.signal));
      assert.match(detail, /Tried keyboard-interactive\. The server accepts no further method\./);
    } finally {
      await keys.remove();
    }
  });
