import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Settings } from '../../../src/config/config.ts';
import type { PortTrial } from '../../../src/core/host.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { backendsOf, resultOf, type Answers } from './host.ts';
import { GOOD, judge, LLM01, LLM02 } from './judging.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`../../facts/network/samples/${name}.txt`, import.meta.url), 'utf8');

/** The rules of nft-drop without the one that lets other networks in. */
const DROPPED = sample('nft-drop').replaceAll('"right": 4000}', '"right": 4009}');

const trialOf = (state: 'open' | 'refused' | 'silent' | 'prohibited', address = '10.77.0.11'): PortTrial => ({
  state,
  address,
  detail: state === 'silent' ? 'no answer within 4 s' : state.toUpperCase(),
});

async function bad(
  answers: Answers,
  settings: Partial<Settings> = {},
  trial?: PortTrial,
): Promise<readonly CheckResult[]> {
  const results = await judge({ ...GOOD, ...answers }, settings, trial);
  return results.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'not-applicable' && outcome !== 'skip');
}

const ids = (results: readonly CheckResult[]): readonly string[] => results.map(({ id }) => id);

/** Rules, the trial, and the check that fails; none: all pass. */
const WAYS: readonly (readonly [string, string, PortTrial, string | undefined, RegExp | undefined])[] = [
  [
    'dropped by nftables',
    DROPPED,
    trialOf('silent'),
    'network.firewall',
    /nft insert rule inet filter input tcp dport 4000 accept/,
  ],
  ['dropped by ufw', sample('ufw-default'), trialOf('silent'), 'network.firewall', /sudo ufw allow 4000\/tcp/],
  [
    'refused by firewalld',
    sample('firewalld'),
    trialOf('prohibited'),
    'network.firewall',
    /--zone=public --add-port=4000\/tcp/,
  ],
  [
    'dropped by iptables-legacy',
    sample('legacy'),
    trialOf('silent'),
    'network.firewall',
    /iptables -I INPUT -p tcp --dport 4000/,
  ],
  ['rejected like a port without listener', sample('nft-reject'), trialOf('refused'), 'network.firewall', /nft insert/],
  ['kept out, and no program shows the rules', '', trialOf('silent'), 'network.firewall', /or let TCP port 4000 in/],
  [
    'let in by the rules, and kept out on the way',
    sample('firewalld-open'),
    trialOf('silent'),
    'network.port-reached',
    /nc -vz 10\.77\.0\.11 4000/,
  ],
  ['let in by ufw', sample('ufw-allow'), trialOf('refused'), undefined, undefined],
  ['let in by a rule that only the kernel understands', sample('nft-drop'), trialOf('refused'), undefined, undefined],
  ['open', sample('nft-drop'), trialOf('open'), undefined, undefined],
];

for (const [name, firewall, trial, id, fix] of WAYS)
  test(`the gateway’s port is ${name}`, async () => {
    const results = await bad({ firewall }, {}, trial);
    assert.deepEqual(ids(results), id === undefined ? [] : [id]);
    if (fix !== undefined) assert.match(results[0]?.fix ?? '', fix);
    assert.equal(results[0]?.severity, id === undefined ? undefined : id === 'network.firewall' ? 'error' : 'warning');
  });

test('a firewall that lets in the network of the clients alone is a warning for this machine', async () => {
  const rule = '-A INPUT -s 10.20.0.0/16 -p tcp -m tcp --dport 4000 -j ACCEPT';
  const firewall = `#iptables\n*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n${rule}\nCOMMIT\n\n#end 0\n`;
  const results = await bad({ firewall }, {}, trialOf('silent'));
  assert.deepEqual(ids(results), ['network.port-reached']);
  assert.match(results[0]?.seen ?? '', /the rules of the host let others in/);
  const indirect: PortTrial = { state: 'indirect', why: 'SSH goes through bastion' };
  assert.deepEqual(ids(await bad({ firewall }, {}, indirect)), []);
});

test('the trial says nothing through a jump host, through translation, or for another address', async () => {
  const indirect: PortTrial = { state: 'indirect', why: 'SSH goes through bastion' };
  const results = await judge({ ...GOOD, firewall: '' }, {}, indirect);
  assert.match(resultOf(results, 'network.firewall').seen, /nothing on the host shows its rules.*bastion/);
  assert.equal(resultOf(results, 'network.port-reached').outcome, 'not-applicable');
  assert.deepEqual(ids(await bad({ firewall: DROPPED }, {}, indirect)), ['network.firewall']);
  assert.deepEqual(ids(await bad({ firewall: sample('nft-allow') }, {}, trialOf('silent', '203.0.113.7'))), []);
  const other = await judge({ ...GOOD, firewall: sample('ufw-allow') }, { listen: '10.78.0.11' }, trialOf('silent'));
  assert.match(resultOf(other, 'network.port-reached').seen, /litellm_listen is 10\.78\.0\.11/);
  for (const settings of [{ listen: '127.0.0.1' }, { serviceManager: 'process' as const }])
    assert.equal(
      resultOf(await judge({ ...GOOD, firewall: sample('nft-drop') }, settings), 'network.firewall').outcome,
      'not-applicable',
    );
});

test('a backend that refuses or does not answer fails one check, and Ollama is not asked again', async () => {
  const refused = await bad({
    [`reach ${LLM01}`]: '10.77.0.12\t7\thxllm: connect: Connection refused hxllm: line 2: x\n',
  });
  assert.deepEqual(ids(refused), [`network.backend-reached[${LLM01}]`]);
  assert.match(refused[0]?.fix ?? '', /OLLAMA_HOST/);
  const down = await judge({ ...GOOD, [`reach ${LLM01}`]: '10.77.0.12\t124\t\n' });
  assert.match(resultOf(down, `ollama.answers[${LLM01}]`).seen, /because network\.backend-reached/);
  const silent = await bad({ [`reach ${LLM02}`]: '10.77.0.13\t124\t\n' });
  assert.match(silent[0]?.fix ?? '', /ip route get 10\.77\.0\.13.*TCP port 11434/);
  const two = await bad({ [`reach ${LLM01}`]: 'fd00::12\t124\t\n10.77.0.12\t0\t412\n' });
  assert.deepEqual(ids(two), [`network.backend-latency[${LLM01}]`]);
  assert.deepEqual(ids(await bad({ [`reach ${LLM01}`]: '10.77.0.12\t0\t150000\n' })), [
    `network.backend-latency[${LLM01}]`,
  ]);
  assert.equal(resultOf(await judge(GOOD), `network.backend-reached[${LLM01}]`).seen, '10.77.0.12 in 0.4 ms');
});

test('addresses, default route and MTU', async () => {
  const alone = '  |-- 127.0.0.1\n     /32 host LOCAL\ninet6\n';
  assert.ok(ids(await bad({ addresses: alone })).includes('network.addresses'));
  const links = 'link host0 1200 0x1003\nv4 Iface Destination\n';
  assert.deepEqual(ids(await bad({ links })), ['network.default-route', 'network.mtu']);
  const both = await judge(GOOD);
  assert.equal(resultOf(both, 'network.addresses').seen, 'IPv4 10.77.0.11; IPv6 none');
  assert.equal(resultOf(both, 'network.mtu').seen, 'host0 1500');
  assert.equal(resultOf(both, 'network.default-route').seen, 'IPv4 through 10.77.0.1 (host0)');
});

test('a host with IPv6 alone takes its backends and its route by IPv6, and needs another address to listen on', async () => {
  const url = 'http://[fd00::12]:11434';
  const six: Answers = {
    addresses: '  |-- 127.0.0.1\n     /32 host LOCAL\ninet6\nfd000000000000000000000000000011 02 40 00 80 host0\n',
    links:
      'link host0 1500 0x1003\nv4 Iface Destination\nv6 00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 1 0 00000003 host0\n',
    reached: 'fd00::1 50122 fd00::11 22',
    client: 'fd00::1 50122 fd00::11 22',
    [`reach ${url}`]: 'fd00::12\t0\t412\n',
    [`version ${url}`]: GOOD[`version ${LLM01}`] ?? '',
    [`models ${url}`]: GOOD[`models ${LLM01}`] ?? '',
  };
  const settings = { backends: backendsOf(url), models: [] };
  assert.deepEqual(ids(await bad(six, settings, trialOf('refused', 'fd00::11'))), ['place.family']);
  assert.deepEqual(ids(await bad(six, { ...settings, listen: '::' }, trialOf('refused', 'fd00::11'))), []);
});

test('a proxy in the environment of systemd is a warning unless the backends are exempt', async () => {
  const proxies = 'unit\t/etc/systemd/system.conf\tDefaultEnvironment=HTTP_PROXY=http://proxy:3128\n';
  const results = await bad({ proxies });
  assert.deepEqual(ids(results), ['network.proxy']);
  assert.match(results[0]?.fix ?? '', /UnsetEnvironment=HTTP_PROXY/);
  const exempt = `${proxies}unit\tmanager\tNO_PROXY=hx-llm01-server,hx-llm02-server\n`;
  assert.deepEqual(ids(await bad({ proxies: exempt })), []);
  const login = await judge({ ...GOOD, proxies: 'login\t/etc/environment\thttp_proxy=http://proxy:3128\n' });
  assert.match(resultOf(login, 'network.proxy').seen, /for logins alone/);
});
