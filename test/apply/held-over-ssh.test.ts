import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { SUDO, type Become } from '../../src/core/become.ts';
import { Secret } from '../../src/core/secret.ts';
import { holdHost, type HeldHost } from '../../src/apply/held-host.ts';
import type { Host } from '../../src/core/host.ts';
import { randomId } from '../../src/core/id.ts';
import type { Result } from '../../src/core/problem.ts';
import { createConnect } from '../../src/remote/connect.ts';
import { createKeys } from '../remote/ssh/server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from '../remote/ssh/sshd.ts';
import { PATIENT, targetOf, valueOf } from '../remote/target.ts';
import { passwordSudo } from '../fake-sudo.ts';
import { until } from '../until.ts';
import { pipesOf } from './bench.ts';

/** Counts its calls, keeps its input and output as sudo's log does, and takes its time. */
const FAKE_SUDO = `#!/bin/bash
folder=\${0%/*}
[ "$1" = -V ] && { echo 'Sudo version 1.9.13p3'; exit; }
[ "$1" = -n ] && shift; [ "$1" = -- ] && shift
echo once >>"$folder/calls"
printf '%s\\n' "$@" >>"$folder/arguments"
[ ! -e "$folder/refuses" ] || { cat "$folder/refuses" >&2; exit 1; }
sleep 1
tee -a "$folder/input" | "$@" | tee -a "$folder/output"
exit "\${PIPESTATUS[1]}"
`;

suite('a held host over OpenSSH', { skip: WITHOUT_SSHD ?? false }, async () => {
  const keys = await createKeys();
  const [hostKey, clientKey] = [await keys.make('host'), await keys.make('client')];
  const connect = createConnect({ home: keys.folder, userName: 'nobody', environment: { PATH: process.env['PATH'] } });
  const bin = join(keys.folder, 'bin');
  let sshd: Sshd | undefined;

  before(async () => {
    sshd = await startSshd(keys.folder, [hostKey], clientKey, 1);
    await writeFile(join(keys.folder, 'known'), `[127.0.0.1]:${String(sshd.port)} ${hostKey.publicText}\n`);
    await mkdir(bin, { mode: 0o777 });
    await chmod(bin, 0o777);
    await writeFile(join(bin, 'sudo'), FAKE_SUDO, { mode: 0o755 });
  });
  after(async () => {
    await sshd?.close();
    await keys.remove();
  });

  const reached = async (t: TestContext): Promise<Host> => {
    const target = targetOf({
      port: sshd?.port,
      user: sshd?.user,
      identityFiles: [clientKey.file],
      sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile=${join(keys.folder, 'known')}`],
    });
    const host = valueOf(await connect(target, PATIENT.signal));
    t.after(() => host.close());
    // The sudo of this test comes first.
    return {
      ...host,
      run: (command, options) =>
        host.run({ ...command, argv: ['env', `PATH=${bin}:/usr/bin:/bin:/usr/sbin`, ...command.argv] }, options),
    };
  };
  const hold = (host: Host, token = randomId(), become: Become = SUDO): Promise<Result<HeldHost>> =>
    holdHost(
      host,
      {
        become,
        token,
        command: 'hxllm enforce',
        by: 'ada@workstation',
        name: 'lock',
        folder: join(keys.folder, 'held'),
        noShell: () => ({ code: 'host.no-shell', summary: '', detail: '', fix: '' }),
      },
      PATIENT.signal,
    );
  const folderFor = async (name: string): Promise<string> => {
    const made = await mkdtemp(join(keys.folder, `${name}-`));
    await chmod(made, 0o777);
    return made;
  };
  const kept = (name: string): Promise<string> => readFile(join(bin, name), 'utf8');

  test('with MaxSessions 1 a whole run calls sudo once, and nothing that is sent or answered passes through it', async (t) => {
    const token = randomId();
    const held = valueOf(await hold(await reached(t), token));
    const script = "{\necho the-answer; read -r line < /dev/null; echo 'the-secret' | wc -c\n}\n";
    for (let index = 0; index < 4; index += 1) {
      const ran = valueOf(await held.run({ argv: ['bash', '-s'], stdin: script }, PATIENT));
      assert.equal(ran.stdout, 'the-answer\n11\n');
    }
    const sent = new Uint8Array(5_000_000).fill('p'.charCodeAt(0));
    assert.equal(valueOf(await held.run({ argv: ['wc', '-c'], stdin: sent }, PATIENT)).stdout, '5000000\n');
    await held.release();
    assert.equal(await kept('calls'), 'once\n');
    const log = `${await kept('input')}${await kept('output')}${await kept('arguments')}`;
    assert.doesNotMatch(log, /the-secret|the-answer|pppp/);
    assert.ok((await kept('arguments')).length < 400, 'sudo writes its command line to the system’s log');
    assert.match(await kept('input'), /^(?:beat\n)+$/);
    assert.match(await kept('output'), /^hxllm:root\n$/);
    assert.deepEqual(pipesOf(token), []);
  });

  test('after a lost connection a switch goes on to its end, and everything else ends at once', async (t) => {
    const host = await reached(t);
    const token = randomId();
    const held = valueOf(await hold(host, token));
    const folder = join(keys.folder, 'lost');
    await mkdir(folder);
    await chmod(folder, 0o777);
    const run = (name: string, breaks: 'any' | 'whole'): Promise<unknown> =>
      held.run(
        { argv: ['bash', '-c', 'touch "$0.begun"; sleep 1.5; touch "$0.done"', join(folder, name)], breaks },
        PATIENT,
      );
    const both = Promise.all([run('switch', 'whole'), run('other', 'any')]);
    await until('both have begun', () =>
      ['switch', 'other'].every((name) => existsSync(join(folder, `${name}.begun`))),
    );
    await host.close();
    await both;
    await until('the switch is done', () => existsSync(join(folder, 'switch.done')));
    // The folder of the lock goes last.
    await until('pipes and lock are gone', () => pipesOf(token).length === 0 && !existsSync(join(keys.folder, 'held')));
    assert.ok(!existsSync(join(folder, 'other.done')));
  });

  for (const free of [false, true])
    test(`a password of sudo goes in once, and the lock is held as without one (sudo asks: ${String(!free)})`, async (t) => {
      const log = await folderFor('pw');
      const program = join(log, 'sudo');
      await writeFile(program, passwordSudo(log, 'pass word', free), { mode: 0o755 });
      const become = { program: [program], flags: ['-H'], password: new Secret('pass word') };
      const token = randomId();
      const host = await reached(t);
      const held = valueOf(await hold(host, token, become));
      const ran = valueOf(await held.run({ argv: ['cat'], stdin: 'the input' }, PATIENT));
      assert.equal(ran.stdout, 'the input');
      assert.ok(!(await held.run({ argv: ['true'] }, { ...PATIENT, signal: AbortSignal.abort() })).ok);
      await held.release();
      assert.deepEqual(pipesOf(token), []);
      assert.ok(!existsSync(join(keys.folder, 'held')), 'the lock is still there');
      assert.doesNotMatch(await readFile(join(log, 'arguments'), 'utf8'), /pass word/);
      assert.match(await readFile(join(log, 'tries'), 'utf8'), free ? /^granted\ngranted\n$/ : /^granted\n$/);
      // Nothing of the run is left on the host that holds its input.
      await until('no process of the run is left', async () => {
        const left = valueOf(await host.run({ argv: ['pgrep', '-u', 'nobody', '-f', `hxllm-${token}`] }, PATIENT));
        return left.exitCode === 1;
      });
    });

  test('a wrong password is tried once, and the refusal names the option that gives another', async (t) => {
    const log = await folderFor('wrong');
    const program = join(log, 'sudo');
    await writeFile(program, passwordSudo(log, 'right'), { mode: 0o755 });
    const refused = await hold(await reached(t), randomId(), {
      ...SUDO,
      program: [program],
      password: new Secret('no'),
    });
    assert.deepEqual(refused.ok ? [] : refused.problems.map(({ code, summary }) => [code, summary]), [
      ['permission.sudo', 'sudo does not accept the password'],
    ]);
    assert.match(refused.ok ? '' : refused.problems[0].fix, /--ask-become-pass/);
    assert.equal(await readFile(join(log, 'tries'), 'utf8'), 'refused no\n');
  });

  test('where become is switched off a login user who is not root is refused, with the place', async (t) => {
    const refused = await hold(await reached(t), randomId(), { by: 'ansible_become (dev.ini:3)' });
    assert.match(
      refused.ok ? '' : refused.problems[0].detail,
      /found: become is switched off by ansible_become \(dev\.ini:3\)/,
    );
  });

  test('sudo’s refusal is a Problem with its words', async (t) => {
    await writeFile(join(bin, 'refuses'), 'sudo: a password is required\n');
    const refused = await hold(await reached(t));
    assert.deepEqual(refused.ok ? [] : refused.problems.map(({ code, summary }) => [code, summary]), [
      ['permission.sudo', 'sudo asks for a password'],
    ]);
  });
});
