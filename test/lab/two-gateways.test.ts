import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildBalancer } from './balancer.ts';
import { borrowLab } from './borrowed.ts';
import { chat, readMasterKey } from './client.ts';
import { until } from './command.ts';
import { bootHost } from './host/boot.ts';
import { openHost, waitForHost, type LabHost } from './host/host.ts';
import { createOperator } from './operator.ts';
import type { Place } from './place.ts';

// Two gateway hosts behind HAProxy, with the configuration that the operations page prints.
const lab = borrowLab();
const operator = createOperator();
const key = await readMasterKey();

const SECOND: Place = { name: 'hx-bench1', role: 'api', address: '10.77.0.61', octet: 61 };
const BALANCER: Place = { name: 'hx-bench2', role: 'api', address: '10.77.0.62', octet: 62 };
const BALANCED = `http://${BALANCER.address}:4000`;

/** The names that the page has, and the hosts of the lab that stand for them. */
const gateways = (): readonly (readonly [string, LabHost])[] => [
  ['hx-api-1', lab.host('hx-api-server')],
  ['hx-api-2', openHost(SECOND)],
];

/** The first block of code below the page's words on HAProxy. */
function printedConfiguration(): string {
  const page = readFileSync(join(import.meta.dirname, '../../src/docs/operations.md'), 'utf8');
  const block = /^\*\*HAProxy\*\*[^]*?^```\n(?<text>[^]*?)^```$/m.exec(page)?.groups?.['text'];
  assert.ok(block !== undefined, 'operations.md has a configuration of HAProxy');
  return block;
}

interface Clients {
  /** How many requests have ended. */
  count(): number;
  end(): Promise<{ readonly refused: readonly string[]; readonly cut: readonly string[] }>;
}

/** Six clients of the balancer, half of them with streams, until `end`. */
function startClients(): Clients {
  const state = { ended: false, count: 0 };
  const [refused, cut]: [string[], string[]] = [[], []];
  const client = async (stream: boolean): Promise<void> => {
    while (!state.ended) {
      const { fate, why } = await chat(key, stream, BALANCED);
      if (fate === 'refused') refused.push(why);
      if (fate === 'broke off') cut.push(why);
      state.count += 1;
    }
  };
  const clients = Array.from({ length: 6 }, (_, index) => client(index % 2 === 0));
  return {
    count: () => state.count,
    end: async () => {
      state.ended = true;
      await Promise.all(clients);
      return { refused, cut };
    },
  };
}

async function assertWhole(clients: Clients): Promise<void> {
  const { refused, cut } = await clients.end();
  assert.deepEqual([refused.slice(0, 3), cut.slice(0, 3)], [[], []]);
}

/** Waits until so many more requests have ended. */
async function more(clients: Clients, requests: number): Promise<void> {
  const wanted = clients.count() + requests;
  await until(`${String(requests)} more requests`, 60_000, () => Promise.resolve(clients.count() >= wanted));
}

/** The state of a gateway as HAProxy sees it. */
async function stateOf(name: string): Promise<string> {
  const lines = await openHost(BALANCER).must(
    `exec 3<>/dev/tcp/127.0.0.1/9999; printf 'GET /;csv HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`,
  );
  const row = lines.split('\n').find((line) => line.startsWith(`gateways,${name},`));
  return row?.split(',')[17] ?? '';
}

const isUp = (name: string, wanted: 'UP' | 'DOWN'): Promise<void> =>
  until(`HAProxy to have ${name} ${wanted}`, 60_000, async () => (await stateOf(name)) === wanted);

before(async () => {
  if (lab.only.skip !== false) return;
  const signal = AbortSignal.timeout(300_000);
  const { debian, haproxy } = await buildBalancer(signal);
  await bootHost(SECOND, [debian]);
  await bootHost(BALANCER, [haproxy, debian]);
  for (const place of [SECOND, BALANCER]) await waitForHost(openHost(place), signal);
});

test('both gateways are deployed, and HAProxy takes the configuration as it is printed', lab.only, async () => {
  operator.edit('inventories/dev.ini', '[all:vars]', `hx-second ansible_host=${SECOND.address}\n\n[all:vars]`);
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  const names = gateways().map(([name, host]) => `${host.address} ${name}`);
  // The page for people who look at it stands beside the printed part.
  const configuration = `${printedConfiguration()}
listen looked-at
    bind 127.0.0.1:9999
    stats enable
    stats uri /
`;
  await openHost(BALANCER).must(`set -e
printf '%s\\n' ${names.map((line) => `'${line}'`).join(' ')} >> /etc/hosts
echo ${Buffer.from(configuration).toString('base64')} | base64 -d > /etc/haproxy/haproxy.cfg
haproxy -c -f /etc/haproxy/haproxy.cfg
systemctl restart haproxy`);
  for (const [name] of gateways()) await isUp(name, 'UP');
  assert.equal((await chat(key, true, BALANCED)).fate, 'whole');
});

test('no request fails while each gateway in turn is stopped and started', lab.only, async (context) => {
  const clients = startClients();
  await more(clients, 20);
  for (const [name, host] of gateways()) {
    await host.must('systemctl stop litellm');
    await isUp(name, 'DOWN');
    await more(clients, 20);
    await host.must('systemctl start litellm');
    await isUp(name, 'UP');
    await more(clients, 20);
  }
  await assertWhole(clients);
  context.diagnostic(`${String(clients.count())} requests`);
});

test('a gateway that is killed cuts its own streams alone', lab.only, async (context) => {
  const clients = startClients();
  for (const [name, host] of gateways()) {
    await more(clients, 20);
    await host.must(`systemctl kill -s KILL 'litellm@*'`);
    await more(clients, 20);
    // HAProxy looks once a second, and may not have noticed that it was away.
    await setTimeout(3000);
    await isUp(name, 'UP');
  }
  const { refused, cut } = await clients.end();
  context.diagnostic(`${String(clients.count())} requests, ${String(cut.length)} cut`);
  assert.deepEqual(refused.slice(0, 3), []);
  // Three clients have streams, and each gateway was killed once.
  assert.ok(cut.length <= 6, cut.join('\n'));
});

test('requests go on over a host whose network is gone, and over its return', lab.only, async (context) => {
  const [[name, host] = ['', lab.host('hx-api-server')]] = gateways();
  const clients = startClients();
  await more(clients, 20);
  await host.must('ip link set host0 down');
  await isUp(name, 'DOWN');
  await more(clients, 20);
  await host.must('ip link set host0 up; ip route replace default via 10.77.0.1');
  await isUp(name, 'UP');
  await more(clients, 20);
  await assertWhole(clients);
  context.diagnostic(`${String(clients.count())} requests`);
});
