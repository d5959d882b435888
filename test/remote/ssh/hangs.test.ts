import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import type { Target } from '../../../src/core/host.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { TRANSPORTS, type Transport } from '../../../src/remote/transport.ts';
import { dial } from '../../../src/remote/ssh/dial.ts';
import { resolveSettings } from '../../../src/remote/ssh/settings.ts';
import { within } from '../../../src/remote/wait.ts';
import { PATIENT, problemOf, targetOf, valueOf } from '../target.ts';
import { createKeys, startServer } from './server.ts';

const keys = await createKeys();
after(() => keys.remove());
const [hostKey, clientKey] = [await keys.make('host'), await keys.make('client')];
const person = (environment: Readonly<Record<string, string>> = {}) => ({
  home: keys.folder,
  userName: 'deploy',
  environment: { PATH: process.env['PATH'], ...environment },
});

/** A server that takes connections and says nothing: on a port, or on a socket file as an agent does. */
async function mute(t: TestContext, path?: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).resume();
    t.after(() => socket.destroy());
  });
  t.after(() => server.close());
  await once(path === undefined ? server.listen(0, '127.0.0.1') : server.listen(path), 'listening');
  return { server, port: path === undefined ? (server.address() as AddressInfo).port : 0 }; // a TCP server that listens
}

const knownFile = async (port: number): Promise<string> => {
  const file = join(keys.folder, `known-${String(port)}`);
  await writeFile(file, `[127.0.0.1]:${String(port)} ${hostKey.publicText}\n`);
  return file;
};

async function reach(port: number, part: Partial<Target> = {}): Promise<Target> {
  return targetOf({
    port,
    user: 'deploy',
    identityFiles: [clientKey.file],
    ...part,
    sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile=${await knownFile(port)}`, ...(part.sshArguments ?? [])],
  });
}

/** The milliseconds that a connection takes to end after `begun`, when the abort comes. It must end as interrupted. */
async function abortedAfter(
  transport: Transport,
  target: Target,
  environment: Readonly<Record<string, string>>,
  begun: Promise<unknown>,
): Promise<number> {
  const stop = new AbortController();
  const connecting = createConnect(person(environment), undefined, transport)(target, stop.signal);
  await begun;
  const fromMs = performance.now();
  stop.abort();
  assert.equal(problemOf(await connecting).code, 'host.aborted');
  return performance.now() - fromMs;
}

test('an agent that lists nothing is given up after five seconds, and the key file still connects', async (t) => {
  await using server = await startServer({ hostKeys: [hostKey], clientKey });
  const socket = join(keys.folder, 'mute-agent');
  await mute(t, socket);
  const connect = createConnect(person({ SSH_AUTH_SOCK: socket }));
  await valueOf(await connect(await reach(server.port), PATIENT.signal)).close();
  const none = await reach(server.port, { identityFiles: [], sshArguments: ['-o', 'IdentityFile=none'] });
  assert.match(problemOf(await connect(none, PATIENT.signal)).detail, /mute-agent did not list its keys within 5 s/);
});

for (const transport of TRANSPORTS) {
  test(`every step over ${transport} ends within a second of the abort`, async (t) => {
    await using server = await startServer({ hostKeys: [hostKey], clientKey });
    const steps: (readonly [string, number])[] = [];
    const agentSocket = join(keys.folder, `mute-agent-${transport}`);
    const agent = await mute(t, agentSocket);
    steps.push([
      'the agent',
      await abortedAfter(
        transport,
        await reach(server.port),
        { SSH_AUTH_SOCK: agentSocket },
        once(agent.server, 'connection'),
      ),
    ]);
    const silent = await mute(t);
    steps.push([
      'the greeting',
      await abortedAfter(transport, await reach(silent.port), {}, once(silent.server, 'connection')),
    ]);
    const command = join(keys.folder, `stubborn-${transport}`);
    const begun = mute(t).then(async ({ server: started, port }) => {
      await writeFile(
        command,
        `#!/bin/bash\ntrap "" TERM HUP\nexec 3<>/dev/tcp/127.0.0.1/${String(port)}\nwhile :; do sleep 1; done\n`,
        { mode: 0o755 },
      );
      return started;
    });
    const marker = await begun;
    steps.push([
      'a ProxyCommand that ignores SIGTERM',
      await abortedAfter(
        transport,
        await reach(1, { sshArguments: ['-o', `ProxyCommand=${command}`] }),
        {},
        once(marker, 'connection'),
      ),
    ]);
    const config = join(keys.folder, `match-${transport}`);
    const other = await mute(t);
    await writeFile(
      config,
      `Match exec "bash -c 'exec 3<>/dev/tcp/127.0.0.1/${String(other.port)}; cat <&3'"\n  Port 3\n`,
    );
    steps.push([
      'a command of Match exec',
      await abortedAfter(transport, targetOf({ sshArguments: ['-F', config] }), {}, once(other.server, 'connection')),
    ]);
    const tunnel = Promise.withResolvers<undefined>();
    await using bastion = await startServer({
      hostKeys: [hostKey],
      clientKey,
      onTunnel: () => {
        tunnel.resolve(undefined);
      },
    });
    const through = (connectTimeoutMs: number): Target =>
      targetOf({
        port: 9,
        user: 'deploy',
        identityFiles: [clientKey.file],
        connectTimeoutMs,
        sshArguments: [
          '-F',
          'none',
          '-o',
          `UserKnownHostsFile=${bastionKnown}`,
          '-J',
          `deploy@127.0.0.1:${String(bastion.port)}`,
        ],
      });
    const bastionKnown = await knownFile(bastion.port);
    steps.push([
      'a jump host that cannot reach its target',
      await abortedAfter(transport, through(60_000), {}, tunnel.promise),
    ]);
    const blocked = problemOf(await createConnect(person(), undefined, transport)(through(1000), PATIENT.signal));
    assert.match(
      blocked.detail,
      // ssh does not tell whether a channel is open.
      transport === 'ssh2'
        ? /from 127\.0\.0\.1 to 127\.0\.0\.1 port 9, found: no answer within 1 s/
        : /through the jump host within 1 s/,
    );
    for (const [step, tookMs] of steps) assert.ok(tookMs < 10_000, `${step}: ${String(Math.round(tookMs))} ms`);
  });

  test(`a server that says nothing over ${transport}, directly or through a jump host or a command, has a limit and words of its own`, async (t) => {
    await using server = await startServer({ hostKeys: [hostKey], clientKey });
    const { port } = await mute(t);
    const known = await knownFile(server.port);
    const limit = { connectTimeoutMs: 1000 };
    const connect = createConnect(person(), undefined, transport);
    const direct = problemOf(await connect(await reach(port, limit), PATIENT.signal));
    assert.match(
      direct.detail,
      /within 1 s, found that the port accepts the connection, and no SSH server greets there/,
    );
    const jumpArguments = [
      '-o',
      `UserKnownHostsFile=${known}`,
      '-o',
      `ProxyJump=deploy@127.0.0.1:${String(server.port)}`,
    ];
    const jump = problemOf(
      await connect({ ...(await reach(port, limit)), sshArguments: ['-F', 'none', ...jumpArguments] }, PATIENT.signal),
    );
    assert.match(jump.detail, /through the jump host within 1 s, found that the way opens/);
    const command = await reach(port, {
      ...limit,
      sshArguments: ['-o', 'ProxyCommand=bash -c "echo lost >&2; sleep 600"'],
    });
    const piped = problemOf(await connect(command, PATIENT.signal));
    assert.match(piped.detail, /through the ProxyCommand within 1 s.*Message of the ProxyCommand: lost/s);
  });
}

test('a login that is slower than the connect timeout passes; it has a limit of its own, which names the last attempt', async () => {
  const login = Promise.withResolvers<undefined>();
  await using server = await startServer({ hostKeys: [hostKey], clientKey, before: login.promise });
  const target = await reach(server.port, { connectTimeoutMs: 1000 });
  const settings = valueOf(await resolveSettings(person(), target, PATIENT.signal));
  const late = problemOf(await dial(settings, undefined, undefined, PATIENT.signal, 300));
  assert.deepEqual([late.code, late.summary], ['host.timeout', 'hx-test: the login did not end within 0.3 s']);
  assert.ok(late.detail.includes(`The last attempt: ${clientKey.file}`), late.detail);
  const connecting = createConnect(person())(target, PATIENT.signal);
  assert.equal((await within(connecting, 1500, PATIENT.signal)).state, 'late', 'the login still waits');
  login.resolve(undefined);
  await valueOf(await connecting).close();
});
