import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import type { Host, Target } from '../../../src/core/host.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { TRANSPORTS } from '../../../src/remote/transport.ts';
import type { LocalUser } from '../../../src/remote/local-user.ts';
import { until } from '../../until.ts';
import { limitsUntil, PATIENT, problemOf, targetOf, valueOf } from '../target.ts';
import { createKeys } from './server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from './sshd.ts';

/** An input that ends when the promise does. */
async function* endingWith(over: Promise<undefined>): AsyncIterable<Uint8Array> {
  await over;
  yield new TextEncoder().encode('over');
}

for (const transport of TRANSPORTS)
  suite(`OpenSSH’s own server over ${transport}`, { skip: WITHOUT_SSHD ?? false }, async () => {
    const person = (environment: Readonly<Record<string, string>> = {}): LocalUser => ({
      home: keys.folder,
      userName: 'nobody',
      environment: { PATH: process.env['PATH'], ...environment },
    });
    const keys = await createKeys();
    const [hostKey, ecdsaHostKey, clientKey] = [
      await keys.make('host'),
      await keys.make('ecdsa-host', 'ecdsa'),
      await keys.make('client'),
    ];
    const connect = createConnect(person(), undefined, transport);
    const known = join(keys.folder, 'known-hosts');
    let sshd: Sshd | undefined;

    before(async () => {
      const { port } = (sshd = await startSshd(keys.folder, [hostKey, ecdsaHostKey], clientKey));
      await writeFile(
        known,
        ['127.0.0.1', 'localhost'].map((name) => `[${name}]:${String(port)} ${ecdsaHostKey.publicText}\n`).join(''),
      );
      // Hashed, as Debian's ssh writes it by default.
      execFileSync('ssh-keygen', ['-H', '-f', known], { stdio: 'ignore' });
    });

    after(async () => {
      await sshd?.close();
      await keys.remove();
    });

    const reach = (part: Partial<Target> = {}): Target =>
      targetOf({
        port: sshd?.port,
        user: sshd?.user,
        identityFiles: [clientKey.file],
        ...part,
        // Of an option that comes twice the first counts.
        sshArguments: ['-F', 'none', ...(part.sshArguments ?? []), '-o', `UserKnownHostsFile=${known}`],
      });

    /**
     * Connects. The connection is closed even if the test fails: an open one would keep the server and the file running.
     */
    const reached = async (t: TestContext, target: Target): Promise<Host> => {
      const host = valueOf(await connect(target, PATIENT.signal));
      t.after(() => host.close());
      return host;
    };

    test('a hashed known_hosts decides which of several keys is requested', async (t) => {
      assert.doesNotMatch(await readFile(known, 'utf8'), /127\.0\.0\.1/);
      const host = await reached(t, reach());
      const ran = valueOf(
        await host.run(
          { argv: ['bash', '-c', 'cat; printf "%s|" "$@"; exit 7', 'x', 'ä b', '$(id)'], stdin: 'in ' },
          PATIENT,
        ),
      );
      assert.deepEqual([ran.exitCode, ran.stdout], [7, 'in ä b|$(id)|']);
      await host.close();
    });

    test('a command whose input has ended is told to end after its timeout', async (t) => {
      const host = await reached(t, reach());
      const file = join(keys.folder, 'ended');
      const argv = [
        'bash',
        '-c',
        'trap "echo ended >\\"$1\\"; exit" TERM; echo >"$1.begun"; sleep 600 & wait',
        'x',
        file,
      ];
      const time = limitsUntil(t);
      const late = host.run({ argv }, time.options);
      await until('the command has begun', () => existsSync(`${file}.begun`), 30_000);
      time.pass();
      assert.equal(problemOf(await late).code, 'host.timeout');
      await until('the command was told to end', () => existsSync(file));
      await host.close();
    });

    test('an encrypted key works through an agent that has it', async () => {
      const socket = join(keys.folder, 'agent');
      const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
      try {
        const env = { ...process.env, SSH_AUTH_SOCK: socket };
        // Exit code 1: the agent answers and has no key yet.
        await until('the agent answers', () => spawnSync('ssh-add', ['-l'], { env }).status === 1, 30_000);
        execFileSync('ssh-add', ['-q', clientKey.file], { env });
        const locked = join(keys.folder, 'locked');
        await writeFile(locked, await readFile(clientKey.file), { mode: 0o600 });
        await writeFile(`${locked}.pub`, await readFile(`${clientKey.file}.pub`));
        execFileSync('ssh-keygen', ['-q', '-p', '-f', locked, '-N', 'open sesame', '-P', '']);
        const withAgent = createConnect(person({ SSH_AUTH_SOCK: socket }), undefined, transport);
        const target = reach({
          identityFiles: [locked],
          sshArguments: ['-o', 'IdentitiesOnly=yes', '-o', 'IdentityFile=none'],
        });
        await valueOf(await withAgent(target, PATIENT.signal)).close();
        assert.match(problemOf(await connect(target, PATIENT.signal)).detail, /is encrypted, and no agent has the key/);
      } finally {
        agent.kill();
      }
    });

    for (const maxSessions of [1, 2])
      test(`with MaxSessions ${String(maxSessions)} commands run beside one that stays, over further connections`, async (t) => {
        const few = await startSshd(keys.folder, [hostKey, ecdsaHostKey], clientKey, maxSessions);
        t.after(() => few.close());
        const file = join(keys.folder, `known-${String(few.port)}`);
        await writeFile(file, `[127.0.0.1]:${String(few.port)} ${ecdsaHostKey.publicText}\n`);
        const host = await reached(
          t,
          reach({
            port: few.port,
            sshArguments: ['-o', `UserKnownHostsFile=${file}`, '-o', 'GlobalKnownHostsFile=none'],
          }),
        );
        const held = Promise.withResolvers<undefined>();
        const stays = host.run({ argv: ['cat'], stdin: endingWith(held.promise) }, PATIENT);
        const all = await Promise.all(
          Array.from({ length: 5 }, (_, index) => host.run({ argv: ['echo', String(index)] }, PATIENT)),
        );
        assert.deepEqual(
          all.map((ran) => valueOf(ran).stdout),
          ['0\n', '1\n', '2\n', '3\n', '4\n'],
        );
        for (let turn = 0; turn < 10; turn += 1)
          assert.equal(valueOf(await host.run({ argv: ['echo', 'again'] }, PATIENT)).stdout, 'again\n');
        held.resolve(undefined);
        assert.equal(valueOf(await stays).stdout, 'over');
        await host.close();
      });

    test('with MaxSessions 0 the Problem names sshd’s setting', async (t) => {
      const none = await startSshd(keys.folder, [hostKey, ecdsaHostKey], clientKey, 0);
      t.after(() => none.close());
      const file = join(keys.folder, `known-${String(none.port)}`);
      await writeFile(file, `[127.0.0.1]:${String(none.port)} ${ecdsaHostKey.publicText}\n`);
      const host = await reached(t, reach({ port: none.port, sshArguments: ['-o', `UserKnownHostsFile=${file}`] }));
      const problem = problemOf(await host.run({ argv: ['true'] }, PATIENT));
      assert.deepEqual([problem.code, /MaxSessions 0/.test(problem.detail)], ['host.no-session', true]);
    });

    test('a jump host and a ProxyCommand are used, and every host key on the way is verified', async (t) => {
      const jump = reach({ sshArguments: ['-o', `ProxyJump=${String(sshd?.user)}@localhost:${String(sshd?.port)}`] });
      const host = await reached(t, jump);
      assert.equal(valueOf(await host.run({ argv: ['echo', 'there'] }, PATIENT)).stdout, 'there\n');
      await host.close();
      const command = reach({
        sshArguments: ['-o', 'ProxyCommand=bash -c "exec 3<>/dev/tcp/%h/%p; cat <&3 & exec cat >&3"'],
      });
      await valueOf(await connect(command, PATIENT.signal)).close();
      const closed = problemOf(
        await connect(
          reach({ sshArguments: ['-o', 'ProxyCommand=bash -c "echo no way >&2; exit 1"'] }),
          PATIENT.signal,
        ),
      );
      assert.deepEqual(
        [closed.code, /Message of the ProxyCommand: no way/.test(closed.detail)],
        ['host.unreachable', true],
      );
      await rm(known);
      assert.match(problemOf(await connect(jump, PATIENT.signal)).summary, /through .*: unknown host key/);
    });
  });
