import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Target } from '../../../src/core/host.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { TRANSPORTS } from '../../../src/remote/transport.ts';
import { SshPrompts } from '../../../src/remote/ssh/prompts.ts';
import { certificateText } from '../../certificates/certificates.ts';
import { tlsServer } from '../../certificates/tls-server.ts';
import { quietPort } from '../../port.ts';
import { until } from '../../until.ts';
import { createKeys, startServer } from '../ssh/server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from '../ssh/sshd.ts';
import { PATIENT, problemOf, targetOf, valueOf } from '../target.ts';

/** The command lines of all processes of this machine that name a text. */
async function processesWith(text: string): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(text)).map((line) => line.replaceAll('\0', ' '));
}

async function listening(server: Server, address: string): Promise<{ readonly port: number }> {
  await once(server.listen(0, address), 'listening');
  return server.address() as { readonly port: number }; // a TCP server that listens
}

suite('the end of a connection by the installed ssh', { skip: WITHOUT_SSHD ?? false }, async () => {
  const keys = await createKeys();
  const [hostKey, clientKey] = [await keys.make('host'), await keys.make('client')];
  const folder = join(keys.folder, 'run');
  const person = { home: keys.folder, userName: 'ada', environment: { PATH: process.env['PATH'], TMPDIR: folder } };
  const connect = createConnect(person, undefined, 'openssh');
  const known = join(keys.folder, 'known');
  let [plain, closed]: (Sshd | undefined)[] = [];

  before(async () => {
    await mkdir(folder);
    plain = await startSshd(keys.folder, [hostKey], clientKey);
    closed = await startSshd(keys.folder, [hostKey], clientKey, 10, ['AllowTcpForwarding no']);
    const lines = [plain, closed].map(({ port }) => `[127.0.0.1]:${String(port)} ${hostKey.publicText}\n`);
    await writeFile(known, lines.join(''));
  });
  after(async () => {
    await plain?.close();
    await closed?.close();
    await keys.remove();
  });

  const reach = (sshd = plain, part: Partial<Target> = {}): Target =>
    targetOf({
      port: sshd?.port,
      user: sshd?.user,
      identityFiles: [clientKey.file],
      ...part,
      sshArguments: [
        '-F',
        'none',
        '-o',
        `UserKnownHostsFile=${known}`,
        '-o',
        'IdentityFile=none',
        ...(part.sshArguments ?? []),
      ],
    });

  // A process that was killed is in /proc for a moment.
  const nothingIsLeft = async (): Promise<void> => {
    assert.deepEqual(await readdir(folder), []);
    await until('no process is left', async () => (await processesWith(folder)).length === 0);
  };

  test('the folder is private while it is open, and no process and no file is left after it', async () => {
    const host = valueOf(await connect(reach(), PATIENT.signal));
    const [name = ''] = await readdir(folder);
    assert.match(name, /^hxllm-/);
    assert.ok((await processesWith(join(folder, name))).length > 0);
    await host.close();
    await nothingIsLeft();
  });

  test('a failed and an interrupted connection leave nothing either', async () => {
    const strange = await keys.make('strange');
    problemOf(await connect(reach(plain, { identityFiles: [strange.file] }), PATIENT.signal));
    const stop = new AbortController();
    const sshArguments = ['-o', 'ProxyCommand=bash -c "trap : TERM HUP; while :; do sleep 1; done"'];
    const interrupted = connect(reach(plain, { sshArguments }), stop.signal);
    await until('ssh runs', async () => (await processesWith(folder)).length > 0);
    stop.abort();
    assert.equal(problemOf(await interrupted).code, 'host.aborted');
    await nothingIsLeft();
  });

  test(
    'a hxllm that is killed leaves no ssh, no ProxyCommand that ignores SIGTERM, and no file',
    { timeout: 60_000 },
    async () => {
      const stubborn = join(keys.folder, 'stubborn');
      await writeFile(
        stubborn,
        '#!/bin/bash\ntrap "" TERM HUP\nexec 3<>"/dev/tcp/$1/$2"; cat <&3 & cat >&3; while :; do read -r -t 1 <> <(:); done\n',
        { mode: 0o755 },
      );
      const target = reach(plain, { sshArguments: ['-o', `ProxyCommand=${stubborn} %h %p`] });
      const program = join(import.meta.dirname, 'stays-alone.ts');
      const child = spawn(process.execPath, ['--no-warnings', program, JSON.stringify(target)], {
        env: person.environment,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      assert.equal((await readdir(folder)).length, 1);
      child.kill('SIGKILL');
      await until('nothing is left', async () => {
        const left = [...(await readdir(folder)), ...(await processesWith(folder)), ...(await processesWith(stubborn))];
        return left.length === 0;
      });
    },
  );

  test('255 of a command is its own, and of a connection that is lost it is none', { timeout: 60_000 }, async (t) => {
    const host = valueOf(await connect(reach(), PATIENT.signal));
    t.after(() => host.close());
    const run = (text: string) => host.run({ argv: ['bash', '-c', text] }, PATIENT);
    assert.equal(valueOf(await run('exit 255')).exitCode, 255);
    // The words of ssh are words of the command here.
    const words = 'mux_client_request_session: session request failed: Session open refused by peer';
    const said = valueOf(await run(`echo "${words}" >&2; printf half >&2; exit 255`));
    assert.deepEqual([said.exitCode, said.stderr], [255, `${words}\nhalf`]);
    const lost = run('kill -9 $(ps -o ppid= -p $(ps -o sid= -p $$))');
    assert.equal(problemOf(await lost).code, 'host.unreachable');
  });

  for (const transport of TRANSPORTS)
    for (const forwards of ['with', 'without'] as const)
      test(`over ${transport} TLS goes through a host ${forwards} forwarding`, async (t) => {
        await using server = await tlsServer('good');
        const other = createConnect(person, undefined, transport);
        const host = valueOf(await other(reach(forwards === 'with' ? plain : closed), PATIENT.signal));
        t.after(() => host.close());
        const ask = (port: number) =>
          host.tls({ hostname: 'localhost', port, trusted: [certificateText('ca.pem')], withOwn: false }, PATIENT);
        assert.equal(valueOf(await ask(server.port)).chainError, undefined);
        await using text = createServer((socket) =>
          socket
            .on('error', () => undefined)
            .resume()
            .end('220 mail\r\n'),
        );
        const { port } = await listening(text, '127.0.0.1');
        assert.equal(problemOf(await ask(port)).summary, 'it does not speak TLS');
        const refused = problemOf(await ask(await quietPort())).summary;
        assert.match(refused, forwards === 'with' ? /^Connection refused$/ : /./);
      });

  for (const transport of TRANSPORTS)
    for (const forwards of ['with', 'without'] as const)
      test(`over ${transport} a listener at an address of its own is reached on a host ${forwards} forwarding`, async (t) => {
        const sockets = new Set<Socket>();
        await using echo = createServer((socket) => {
          sockets.add(socket);
          socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
          socket.on('data', (data) => (String(data).includes('bye') ? socket.end(data) : socket.write(data)));
        });
        const { port } = await listening(echo, '127.0.0.2');
        const other = createConnect(person, undefined, transport);
        const host = valueOf(await other(reach(forwards === 'with' ? plain : closed), PATIENT.signal));
        t.after(() => host.close());
        const way = valueOf(await host.forward('127.0.0.2', port));
        const open = (): Socket => connectTcp({ host: way.address, port: way.port });
        const talker = open();
        talker.write('hello');
        assert.equal(String((await once(talker, 'data'))[0]), 'hello');
        talker.write('bye');
        assert.equal(String((await once(talker, 'data'))[0]), 'bye');
        // The end of the listener’s side is the end here, and a client that leaves is gone there.
        await once(talker, 'close');
        const leaver = open();
        leaver.write('hello');
        await once(leaver, 'data');
        assert.equal(sockets.size, 1);
        leaver.destroy();
        await until('the listener sees that the client has left', () => Promise.resolve(sockets.size === 0));
        const shut = valueOf(await host.forward('127.0.0.1', port));
        await once(connectTcp({ host: shut.address, port: shut.port }).resume(), 'close');
        assert.match(String(shut.refusal?.()), forwards === 'with' ? /^Connection refused$/ : /^undefined$/);
      });

  test('a password is in no command line and no environment, and goes to the host alone', async () => {
    const canary = 'hunter2-canary-7';
    await using server = await startServer({ hostKeys: [hostKey], password: canary });
    const file = join(keys.folder, 'known-password');
    await writeFile(file, `[127.0.0.1]:${String(server.port)} ${hostKey.publicText}\n`);
    const sshArguments = ['-o', `UserKnownHostsFile=${file}`];
    const target = {
      ...reach(plain, { password: new Secret(canary), identityFiles: [] }),
      port: server.port,
      sshArguments: ['-F', 'none', '-o', 'IdentityFile=none', ...sshArguments],
    };
    const host = valueOf(await connect(target, PATIENT.signal));
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
    for (const id of ids)
      for (const place of ['cmdline', 'environ'])
        assert.ok(
          !(await readFile(`/proc/${id}/${place}`, 'latin1').catch(() => '')).includes(canary),
          `${id} ${place}`,
        );
    const [name = ''] = await readdir(folder);
    for (const each of await readdir(join(folder, name)))
      assert.ok(!(await readFile(join(folder, name, each), 'latin1').catch(() => '')).includes(canary), each);
    await host.close();
  });

  test('a jump host that asks for a password does not get the one of the host', async () => {
    await using jump = await startServer({ hostKeys: [hostKey], keyboard: 'typed', password: 'other' });
    const file = join(keys.folder, 'known-jump');
    await writeFile(file, `[127.0.0.1]:${String(jump.port)} ${hostKey.publicText}\n${await readFile(known, 'utf8')}`);
    const asked: string[] = [];
    const prompts = new SshPrompts((question) => {
      asked.push(question);
      return Promise.resolve('typed');
    });
    const target = {
      ...reach(plain, { password: new Secret('of-the-host') }),
      sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile=${file}`, '-J', `ada@127.0.0.1:${String(jump.port)}`],
    };
    const host = valueOf(await createConnect({ ...person, prompts }, undefined, 'openssh')(target, PATIENT.signal));
    await host.close();
    assert.deepEqual(asked, ['(ada@127.0.0.1) Password: ']);
  });
});
