import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import type { Target } from '../../../src/core/host.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { TRANSPORTS } from '../../../src/remote/transport.ts';
import { keyFingerprint } from '../../../src/remote/ssh/host-key.ts';
import { quietPort } from '../../port.ts';
import { PATIENT, problemOf, targetOf, valueOf } from '../target.ts';
import { createKeys, startServer, type TestServer } from './server.ts';

const keys = await createKeys();
after(() => keys.remove());
const [hostKey, otherHostKey, ecdsaHostKey, clientKey, strangeKey] = [
  await keys.make('host'),
  await keys.make('other-host'),
  await keys.make('ecdsa-host', 'ecdsa'),
  await keys.make('client'),
  await keys.make('strange'),
];
const person = { home: keys.folder, userName: 'deploy', environment: { PATH: process.env['PATH'] } };
let files = 0;

/** A target for a server, with its own known_hosts of these lines. */
async function reach(
  server: TestServer,
  known: string,
  part: Partial<Target> = {},
): Promise<{ readonly target: Target; readonly file: string }> {
  const file = join(keys.folder, `known-hosts-${String((files += 1))}`);
  await writeFile(file, known);
  const sshArguments = [
    '-F',
    'none',
    '-o',
    `UserKnownHostsFile=${file}`,
    '-o',
    'GlobalKnownHostsFile=none',
    '-o',
    'IdentityFile=none',
    ...(part.sshArguments ?? []),
  ];
  return {
    file,
    target: targetOf({ port: server.port, user: 'deploy', identityFiles: [clientKey.file], ...part, sshArguments }),
  };
}

/** The attempts that offer something: OpenSSH asks for the methods first, by `none`. */
const offered = ({ attempts }: TestServer): readonly string[] => attempts.filter((attempt) => attempt !== 'none');

/** The server's port on the loopback. */
async function portOf(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port; // a TCP server that listens
}

const fingerprintOf = ({ publicText }: { publicText: string }): string =>
  keyFingerprint(Buffer.from(publicText.split(' ')[1] ?? '', 'base64'));

const line = ({ port }: TestServer, key: { publicText: string }): string =>
  `[127.0.0.1]:${String(port)} ${key.publicText}\n`;

for (const transport of TRANSPORTS)
  suite(`connections over ${transport}`, () => {
    const connect = createConnect(person, undefined, transport);

    test('a known key and an accepted key connect, and close', async () => {
      await using server = await startServer({ hostKeys: [hostKey], clientKey });
      const host = valueOf(await connect((await reach(server, line(server, hostKey))).target, PATIENT.signal));
      assert.deepEqual(offered(server), ['publickey ssh-ed25519']);
      assert.equal(host.address, '127.0.0.1');
      await host.close();
      await host.close();
    });

    test('an unknown host key is refused before authentication, with its fingerprint and a fix', async () => {
      await using server = await startServer({ hostKeys: [hostKey], clientKey });
      const { target, file } = await reach(server, '');
      const problem = problemOf(await connect(target, PATIENT.signal));
      assert.equal(problem.code, 'host.key-unknown');
      assert.match(problem.detail, /ssh-ed25519 key SHA256:[A-Za-z0-9+/]{43}\./);
      assert.ok(
        problem.detail.includes(file) && problem.detail.includes(`[127.0.0.1]:${String(server.port)}`),
        problem.detail,
      );
      assert.equal(problem.fix, 'hxllm trust hx-test');
      const chosen = createConnect(person, 'hxllm trust -i hosts.ini', transport);
      assert.equal(problemOf(await chosen(target, PATIENT.signal)).fix, 'hxllm trust -i hosts.ini hx-test');
      assert.deepEqual(offered(server), []);
    });

    test('StrictHostKeyChecking=no in the arguments has no effect; host_key_checking=False accepts an unknown key', async () => {
      await using server = await startServer({ hostKeys: [hostKey], clientKey });
      const { target } = await reach(server, '', { sshArguments: ['-o', 'StrictHostKeyChecking=no'] });
      assert.equal(problemOf(await connect(target, PATIENT.signal)).code, 'host.key-unknown');
      await valueOf(await connect({ ...target, hostKeyChecking: false }, PATIENT.signal)).close();
    });

    test('a changed host key is refused, with the line of the old one', async () => {
      await using server = await startServer({ hostKeys: [hostKey], clientKey });
      const { target, file } = await reach(server, `# a comment\n${line(server, otherHostKey)}`);
      const problem = problemOf(await connect(target, PATIENT.signal));
      assert.equal(problem.code, 'host.key-changed');
      assert.deepEqual(problem.where, { host: 'hx-test', file, line: 2 });
      assert.equal(problem.fix, `ssh-keygen -f ${file} -R '[127.0.0.1]:${String(server.port)}' && hxllm trust hx-test`);
      assert.deepEqual(offered(server), []);
    });

    test('host_key_checking=False accepts no changed, no revoked key and no other type than the known one', async () => {
      await using server = await startServer({ hostKeys: [hostKey], clientKey, password: 'hunter2' });
      for (const [known, code] of [
        [line(server, otherHostKey), 'host.key-changed'],
        [`@revoked ${line(server, hostKey)}`, 'host.key-changed'],
        [`@revoked * ${hostKey.publicText}\n`, 'host.key-changed'],
        [line(server, ecdsaHostKey), 'host.key-unknown'],
      ] as const) {
        const { target } = await reach(server, known, { hostKeyChecking: false, password: new Secret('hunter2') });
        assert.equal(problemOf(await connect(target, PATIENT.signal)).code, code, known);
      }
      assert.deepEqual(offered(server), [], 'neither a key nor the password was offered');
    });

    test('RevokedHostKeys counts with the check on and off, and a file that is missing refuses every key', async () => {
      await using server = await startServer({ hostKeys: [hostKey], clientKey });
      await writeFile(join(keys.folder, 'revoked'), `# lost\n${otherHostKey.publicText}\n${hostKey.publicText}\n`);
      await writeFile(join(keys.folder, 'others'), `${otherHostKey.publicText}\n`);
      for (const hostKeyChecking of [true, false])
        for (const [file, summary] of [
          ['revoked', /the host key was revoked/],
          ['nowhere', /the host key cannot be checked/],
          ['others', undefined],
        ] as const) {
          const sshArguments = ['-o', `RevokedHostKeys=${join(keys.folder, file)}`];
          const { target } = await reach(server, line(server, hostKey), { sshArguments, hostKeyChecking });
          const connected = await connect(target, PATIENT.signal);
          if (summary === undefined) await valueOf(connected).close();
          else assert.match(problemOf(connected).summary, summary);
        }
    });

    test('of several host keys the known one is requested', async () => {
      await using server = await startServer({ hostKeys: [hostKey, ecdsaHostKey], clientKey });
      const { target } = await reach(server, line(server, ecdsaHostKey));
      await valueOf(await connect(target, PATIENT.signal)).close();
    });

    test('a refused login names the user, the keys that were tried, the accepted methods and a fix', async () => {
      await using server = await startServer({ hostKeys: [hostKey], clientKey });
      const { target } = await reach(server, line(server, hostKey), {
        identityFiles: [strangeKey.file, join(keys.folder, 'gone')],
      });
      const problem = problemOf(await connect(target, PATIENT.signal));
      assert.equal(problem.code, 'host.authentication-failed');
      assert.ok(
        problem.detail.includes(
          `Expected to log in as deploy. Tried ${strangeKey.file} (ssh-ed25519 ${fingerprintOf(strangeKey)}).`,
        ),
        problem.detail,
      );
      assert.match(problem.detail, /gone does not exist\. The server accepts publickey\./);
      assert.match(problem.fix, /^ssh-copy-id -i .*strange -p \d+ deploy@127\.0\.0\.1$/);
    });

    test('an encrypted key without an agent is named with ssh-add', async () => {
      const locked = await keys.make('locked', 'ed25519', 'open sesame');
      await using server = await startServer({ hostKeys: [hostKey], clientKey: locked });
      const { target } = await reach(server, line(server, hostKey), { identityFiles: [locked.file] });
      const problem = problemOf(await connect(target, PATIENT.signal));
      assert.equal(problem.code, 'host.authentication-failed');
      assert.match(
        problem.detail,
        /(?:There is no key to try|Tried .*, encrypted\))\. .*locked is encrypted, and no agent has the key\./,
      );
      assert.equal(problem.fix, `ssh-add ${locked.file}`);
    });

    test('a password is sent to a server that accepts one, also as an answer to a prompt', async () => {
      for (const [part, attempt] of [
        [{ password: 'hunter2' }, 'password'],
        [{ keyboard: 'hunter2' }, 'keyboard-interactive'],
      ] as const) {
        await using server = await startServer({ hostKeys: [hostKey], ...part });
        const { target } = await reach(server, line(server, hostKey), {
          identityFiles: [],
          password: new Secret('hunter2'),
        });
        await valueOf(await connect(target, PATIENT.signal)).close();
        assert.equal(server.attempts.at(-1), attempt);
      }
    });

    test('a closed port, an unknown name and a server without SSH have different reasons', async () => {
      await using mute = createServer((socket) => {
        socket.on('error', () => undefined).resume();
      });
      await using rude = createServer((socket) => {
        socket
          .on('error', () => undefined)
          .resume()
          .end('HTTP/1.1 400 Bad Request\r\n\r\n');
      });
      const [mutePort, rudePort] = [await portOf(mute), await portOf(rude)];
      const plain = { sshArguments: ['-F', 'none'] };
      const silent = problemOf(
        await connect(targetOf({ ...plain, port: mutePort, connectTimeoutMs: 400 }), PATIENT.signal),
      );
      assert.deepEqual(
        [silent.code, silent.summary],
        ['host.timeout', `hx-test: no answer from 127.0.0.1 port ${String(mutePort)}`],
      );
      assert.equal(
        problemOf(await connect(targetOf({ ...plain, port: rudePort }), PATIENT.signal)).code,
        'host.unreachable',
      );
      const unresolved = problemOf(
        await connect(targetOf({ ...plain, address: 'no-such-host.invalid', port: 22 }), PATIENT.signal),
      );
      assert.deepEqual([unresolved.code, unresolved.fix], ['host.unreachable', 'getent ahosts no-such-host.invalid']);
      const refused = problemOf(await connect(targetOf({ ...plain, port: await quietPort() }), PATIENT.signal));
      assert.match(refused.detail, /nothing listens on the port/);
    });

    test('an abort ends a connection attempt, and options that ssh refuses are a configuration problem', async () => {
      await using mute = createServer((socket) => {
        socket.on('error', () => undefined).resume();
      });
      const port = await portOf(mute);
      const stop = new AbortController();
      mute.once('connection', () => {
        stop.abort();
      });
      assert.equal(
        problemOf(await connect(targetOf({ port, sshArguments: ['-F', 'none'] }), stop.signal)).code,
        'host.aborted',
      );
      const config = join(keys.folder, 'config');
      await appendFile(config, 'Colour blue\n');
      const problem = problemOf(await connect(targetOf({ sshArguments: ['-F', config] }), PATIENT.signal));
      assert.deepEqual([problem.code, /colour/i.test(problem.detail)], ['config.ssh', true]);
    });
  });
