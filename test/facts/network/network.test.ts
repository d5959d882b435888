import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { globalAddresses } from '../../../src/facts/addresses.ts';
import { linksQuestion, parseLinks } from '../../../src/facts/network/links.ts';
import { hostsWithProxy, parseProxies, proxyQuestion } from '../../../src/facts/network/proxy.ts';
import { parseReach, reachQuestion } from '../../../src/facts/network/reach.ts';
import type { Question } from '../../../src/facts/question.ts';
import { quietPort } from '../../port.ts';

async function ask<T>(question: Question<T>): Promise<T> {
  const argv = ['-c', question.script, 'hxllm', ...(question.arguments ?? [])];
  const { stdout } = await promisify(execFile)('bash', argv, {
    env: { PATH: process.env['PATH'], LC_ALL: 'C', SHLVL: '1' },
  });
  return question.parse({ stdout, exitCode: 0 });
}

test('bash connects to each address of a backend and takes the time', async (t) => {
  const port = await quietPort();
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  t.after(() => server.close());
  const [reach, ...others] = await ask(reachQuestion('127.0.0.1', port));
  assert.deepEqual([reach?.address, reach?.connected, others], ['127.0.0.1', true, []]);
  assert.ok(reach?.latencyMs !== undefined && reach.latencyMs < 5000);
  const [refused] = await ask(reachQuestion('127.0.0.1', await quietPort()));
  assert.deepEqual([refused?.connected, refused?.why], [false, 'Connection refused']);
  assert.deepEqual(await ask(reachQuestion('no.such.name.invalid', 80)), []);
  assert.equal(parseReach('192.0.2.1\t124\t\n')[0]?.why, 'no answer within 3 s');
});

test('links and default routes come from the kernel’s tables, for both families', async () => {
  const here = await ask(linksQuestion);
  assert.ok(here.links.every(({ mtu }) => mtu > 0));
  const sys = parseLinks('link lo 65536 0x9\nlink host0 1500 0x1003\nv4 Iface\n');
  assert.deepEqual(sys.links, [{ name: 'host0', mtu: 1500, isUp: true }]);
  const { links, routes } =
    parseLinks(`1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: host0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000\\    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
3: wg0: <POINTOPOINT,NOARP> mtu 1420 qdisc noop state DOWN mode DEFAULT group default qlen 1000\\    link/none
v4 Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
v4 host0\t00000000\t01004D0A\t0003\t0\t0\t0\t00000000\t0\t0\t0
v4 host0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
v6 00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     host0
v6 00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`);
  assert.deepEqual(links, [
    { name: 'host0', mtu: 1500, isUp: true },
    { name: 'wg0', mtu: 1420, isUp: false },
  ]);
  assert.deepEqual(routes, [
    { family: 4, link: 'host0', gateway: '10.77.0.1' },
    { family: 6, link: 'host0', gateway: 'fd00::1' },
  ]);
  // A VPN that takes all traffic by two halves.
  const halves = parseLinks(
    'v4 tun0 00000000 00000000 0001 0 0 0 00000080 0\nv4 tun0 00000080 00000000 0001 0 0 0 00000080 0\n',
  );
  assert.deepEqual(halves.routes, [{ family: 4, link: 'tun0', gateway: '' }]);
  assert.throws(() => parseLinks(''), /could not be read/);
});

test('addresses of the loopback and of a single link reach nobody', () => {
  const own = new Set([
    '127.0.0.1',
    '169.254.3.4',
    '10.77.0.11',
    '0:0:0:0:0:0:0:1',
    'fe80:0:0:0:1:2:3:4',
    'fd00:0:0:0:0:0:0:11',
  ]);
  assert.deepEqual(globalAddresses(own), { v4: ['10.77.0.11'], v6: ['fd00:0:0:0:0:0:0:11'] });
});

test('a proxy reaches the unit from systemd, a drop-in or its file, and not from a login', () => {
  const line = (kind: string, source: string, setting: string): string => `${kind}\t${source}\t${setting}\n`;
  const conf = '/etc/systemd/system.conf.d/proxy.conf';
  const found = parseProxies(
    line('unit', conf, 'DefaultEnvironment="HTTP_PROXY=http://proxy:3128" no_proxy=localhost,.hana-x.ai') +
      line('login', '/etc/environment', 'https_proxy="http://proxy:3128"'),
  );
  assert.deepEqual(found, [
    { name: 'HTTP_PROXY', value: 'http://proxy:3128', source: conf, reachesUnit: true },
    { name: 'no_proxy', value: 'localhost,.hana-x.ai', source: conf, reachesUnit: true },
    { name: 'https_proxy', value: 'http://proxy:3128', source: '/etc/environment', reachesUnit: false },
  ]);
  assert.deepEqual(hostsWithProxy(found, ['hx-llm01.hana-x.ai', '10.0.0.5', 'localhost']), ['10.0.0.5']);
  const unset = parseProxies(
    line('unit', 'manager', 'HTTP_PROXY=http://proxy:3128') +
      line('unit', '/etc/systemd/system/litellm.service.d/a.conf', 'UnsetEnvironment=HTTP_PROXY'),
  );
  assert.deepEqual(
    unset.map(({ reachesUnit }) => reachesUnit),
    [false],
  );
});

test('a proxy’s password and the other variables of its line never leave the host; comments count for nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-proxy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'env');
  writeFileSync(
    file,
    `API_KEY=canary1 HTTP_PROXY=http://user:canary/2@proxy:3128 "DB=canary3"
https_proxy=user:canary@4@proxy:3128
all_proxy='socks5://user:canary5@[fd00::1]:1080'
  # http_proxy=http://user:canary6@proxy:3128
HTTPS_PROXY="http://user:canary 7"
export no_proxy="localhost, 10.0.0.5" X=canary8
UnsetEnvironment=all_proxy TOKEN=canary9 no_proxy=canary10
`,
  );
  const question = proxyQuestion('hxllm-none', file);
  const said: string[] = [];
  const found = await ask({
    ...question,
    parse: (answer) => {
      said.push(answer.stdout);
      return question.parse(answer).filter(({ source }) => source === file);
    },
  });
  assert.doesNotMatch(said.join(''), /canary|user/);
  assert.deepEqual(
    found.map(({ name, value, reachesUnit }) => [name, value, reachesUnit]),
    [
      ['HTTP_PROXY', 'http://proxy:3128', true],
      ['https_proxy', 'proxy:3128', true],
      ['all_proxy', 'socks5://[fd00::1]:1080', false],
      ['HTTPS_PROXY', 'http://…', true],
      ['no_proxy', 'localhost, 10.0.0.5', false],
    ],
  );
});
