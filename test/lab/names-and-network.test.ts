import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { CheckResult } from '../../src/core/verdict.ts';
import { borrowLab } from './borrowed.ts';
import { removeCgroups } from './cgroup.ts';
import { must, until } from './command.ts';
import { addNamespace, startDetached } from './network.ts';
import { createOperator } from './operator.ts';
import { BRIDGE, DNS_ADDRESS, KNOWN_HOSTS, PLACES, PREFIX, STATE, ZONE } from './place.ts';
import { deploymentsOf } from './variables.ts';

const lab = borrowLab();
const operator = createOperator();
const { set } = deploymentsOf(operator);

const [LLM01, LLM02] = [`hx-llm01-server.${ZONE}`, `hx-llm02-server.${ZONE}`] as const;
const urlOf = (name: string): string => `http://${name}:11434`;
/** The second name server, with records that a test chooses. */
const OTHER = '10.77.0.54';
const HOST = 'hx-api-server';

type Results = ReadonlyMap<string, CheckResult>;

async function preflight(): Promise<Results> {
  const ran = await operator.hxllm('preflight', '--json');
  // Its shape is what hxllm documents.
  const { results } = JSON.parse(ran.stdout) as { readonly results: readonly CheckResult[] };
  return new Map(results.map((result) => [result.id, result]));
}

/**
 * The checks that failed or are unknown. A skipped check has one of them as its cause. runtime.cgroups is a note about
 * every host of the lab.
 */
function faults(results: Results): readonly string[] {
  return [...results.values()]
    .filter(({ id, outcome }) => id !== 'runtime.cgroups' && (outcome === 'fail' || outcome === 'unknown'))
    .map(({ id, outcome }) => (outcome === 'fail' ? id : `${id} ${outcome}`));
}

/** Runs a preflight with a plant on the host, which it takes back. */
async function planted(plant: string, undo: string): Promise<Results> {
  const host = lab.host(HOST);
  await host.must(plant);
  try {
    return await preflight();
  } finally {
    await host.must(undo);
  }
}

const RESTORE = `printf 'search ${ZONE}\\nnameserver ${DNS_ADDRESS}\\n' > /etc/resolv.conf`;
const asks = (...servers: readonly string[]): Promise<Results> =>
  planted(
    `printf 'search ${ZONE}\\n' > /etc/resolv.conf; printf 'nameserver %s\\n' ${servers.join(' ')} >> /etc/resolv.conf`,
    RESTORE,
  );

/** Starts the second name server again with these flags of dnsmasq. */
async function serve(...flags: readonly string[]): Promise<void> {
  const namespace = `/run/netns/${PREFIX}dns2`;
  if (!existsSync(namespace)) await addNamespace('dns2', 54);
  await removeCgroups('dns2');
  const argv = ['dnsmasq', '--keep-in-foreground', '--no-resolv', '--no-hosts', '--user=root', '--conf-file=/dev/null'];
  const zone = [`--local=/${ZONE}/`, '--local=/in-addr.arpa/', '--local=/ip6.arpa/', '--pid-file'];
  startDetached('dns2', ['nsenter', `--net=${namespace}`, ...argv, ...zone, ...flags], `${STATE}/dns/log2`);
  await until('the second name server', 10_000, async () =>
    (await must(['nsenter', `--net=${namespace}`, 'ss', '-Hlun', 'sport = :53'])).includes(':53'),
  );
}

const records = (over: Readonly<Record<string, string>> = {}): readonly string[] =>
  PLACES.map(({ name, address }) => `--host-record=${name}.${ZONE},${over[name] ?? address}`);

test('a host on which all is well fails nothing about names and the network', lab.only, async () => {
  const results = await preflight();
  assert.deepEqual(faults(results), []);
  const seen = (id: string): string => results.get(id)?.seen ?? '';
  assert.match(seen(`network.backend-reached[${urlOf(LLM01)}]`), /^10\.77\.0\.12 in \d+(?:\.\d)? ms$/);
  assert.equal(seen('network.addresses'), 'IPv4 10.77.0.11; IPv6 none');
  assert.equal(seen('network.default-route'), 'IPv4 through 10.77.0.1 (host0)');
  assert.equal(seen('network.port-reached'), '10.77.0.11: answers: nothing listens yet');
  assert.equal(seen('dns.own-reverse'), `10.77.0.11 is ${HOST}.${ZONE}`);
});

test('one of two name servers is dead', lab.only, async () => {
  const results = await asks(DNS_ADDRESS, OTHER);
  assert.deepEqual(faults(results), ['dns.every-resolver']);
  assert.match(results.get('dns.every-resolver')?.seen ?? '', /^10\.77\.0\.54 /);
});

test('the only name server is dead', lab.only, async () => {
  assert.deepEqual(faults(await asks(OTHER)), ['dns.resolvers']);
});

test('the second name server has another address of a backend', lab.only, async () => {
  await serve(...records({ 'hx-llm01-server': '10.77.0.99' }));
  const results = await asks(DNS_ADDRESS, OTHER);
  assert.deepEqual(faults(results), ['dns.resolvers-agree']);
  assert.match(results.get('dns.resolvers-agree')?.seen ?? '', /10\.77\.0\.54 says 10\.77\.0\.99/);
});

test('the first name server gives a wrong address: the backend is not reached either', lab.only, async () => {
  assert.deepEqual(faults(await asks(OTHER, DNS_ADDRESS)), [
    'dns.resolvers-agree',
    `network.backend-reached[${urlOf(LLM01)}]`,
  ]);
});

test('a name server without the way back', lab.only, async () => {
  await serve(...PLACES.map(({ name, address }) => `--address=/${name}.${ZONE}/${address}`));
  assert.deepEqual(faults(await asks(OTHER)), [
    'dns.own-reverse',
    `dns.backend-reverse[${LLM01}]`,
    `dns.backend-reverse[${LLM02}]`,
  ]);
});

test('a required domain has no services in DNS, then a server without address, then both', lab.only, async () => {
  const services = [`_ldap._tcp.dc._msdcs.${ZONE},hx-dc.${ZONE},389`, `_kerberos._tcp.${ZONE},hx-dc.${ZONE},88`];
  const srv = services.map((record) => `--srv-host=${record}`);
  set({ litellm_require_domain_join: 'true' });
  const both = ['dns.domain-controllers', 'dns.kerberos', 'domain.joined'];
  assert.deepEqual(faults(await preflight()), both);
  await serve(...records(), ...srv);
  const lost = await asks(OTHER);
  assert.deepEqual(faults(lost), both);
  assert.match(lost.get('dns.kerberos')?.seen ?? '', /hx-dc\.dev-test\.hana-x\.ai does not resolve/);
  await serve(...records(), ...srv, `--host-record=hx-dc.${ZONE},10.77.0.14`);
  assert.deepEqual(faults(await asks(OTHER)), ['domain.joined']);
  set({});
});

test('the hosts file disagrees with DNS, and its fix takes the line back', lab.only, async () => {
  const host = lab.host(HOST);
  await host.must(`cp /etc/hosts /etc/hosts.kept; echo '10.77.0.13 ${LLM01}' >> /etc/hosts`);
  try {
    const results = await preflight();
    assert.deepEqual(faults(results), [`dns.nss-agrees[${LLM01}]`]);
    await must(['bash', '-c', results.get(`dns.nss-agrees[${LLM01}]`)?.fix ?? '']);
    assert.deepEqual(faults(await preflight()), []);
  } finally {
    await host.must('mv /etc/hosts.kept /etc/hosts; rm -f /etc/hosts.old');
  }
});

/** A preflight behind rules in the network of the host. The host itself has no nft, so the trial from this machine decides. */
async function behind(rules: string): Promise<Results> {
  const nft = ['nsenter', `--net=/run/netns/${PREFIX}${HOST}`, 'nft', '-f', '-'];
  await must(nft, { stdin: rules });
  try {
    return await preflight();
  } finally {
    await must(nft, { stdin: 'flush ruleset\n' });
  }
}

const CHAIN = 'table inet filter { chain input { type filter hook input priority filter; policy accept;';

for (const [name, rule] of [
  ['dropped', 'drop'],
  ['refused with ICMP', 'reject with icmpx type admin-prohibited'],
])
  test(`nftables keeps the gateway’s port out: ${name ?? ''}`, lab.only, async () => {
    const results = await behind(`${CHAIN} tcp dport 4000 ${rule ?? ''};\n }\n }\n`);
    assert.deepEqual(faults(results), ['network.firewall']);
    assert.equal(results.get('network.firewall')?.severity, 'error');
    assert.match(
      results.get('network.firewall')?.seen ?? '',
      rule === 'drop' ? /no answer within 4 s/ : /EHOSTUNREACH/,
    );
  });

test('nftables keeps a backend out of reach', lab.only, async () => {
  const results = await behind(
    'table inet filter { chain output { type filter hook output priority filter; policy accept; ip daddr 10.77.0.13 tcp dport 11434 drop;\n }\n }\n',
  );
  assert.deepEqual(faults(results), [`network.backend-reached[${urlOf(LLM02)}]`]);
});

test('an MTU below IPv6, no default route, and a proxy for every unit', lab.only, async () => {
  const small = await planted('ip link set host0 mtu 1200', 'ip link set host0 mtu 1500');
  assert.deepEqual(faults(small), ['network.mtu']);
  const lost = await planted('ip route del default', 'ip route add default via 10.77.0.1');
  assert.deepEqual(faults(lost), ['network.default-route']);
  const proxy = await planted(
    `mkdir -p /etc/systemd/system.conf.d; printf '[Manager]\\nDefaultEnvironment=HTTP_PROXY=http://user:secret@proxy:3128\\n' > /etc/systemd/system.conf.d/proxy.conf; systemctl daemon-reexec`,
    'rm /etc/systemd/system.conf.d/proxy.conf; systemctl daemon-reexec',
  );
  assert.deepEqual(faults(proxy), ['network.proxy']);
  assert.match(proxy.get('network.proxy')?.seen ?? '', /HTTP_PROXY=http:\/\/proxy:3128/);
  assert.ok(!operator.evidence().includes('user:secret'));
});

test('a host with IPv6 alone needs another address to listen on, and nothing else', lab.only, async () => {
  await must(['ip', 'addr', 'add', 'fd77::1/64', 'dev', BRIDGE, 'nodad']);
  await must(['ip', '-n', `${PREFIX}dns2`, 'addr', 'add', 'fd77::54/64', 'dev', 'host0', 'nodad']);
  for (const { name, octet, role } of PLACES) {
    await must(['ip', '-n', `${PREFIX}${name}`, 'addr', 'add', `fd77::${String(octet)}/64`, 'dev', 'host0', 'nodad']);
    if (role === 'llm')
      await lab
        .host(name)
        .must(
          "sed -i 's/--host 0.0.0.0/--host ::/' /etc/systemd/system/ollama.service; systemctl daemon-reload; systemctl restart ollama",
        );
  }
  await serve(...PLACES.map(({ name, octet }) => `--host-record=${name}.${ZONE},fd77::${String(octet)}`));
  const keys = readFileSync(KNOWN_HOSTS, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${HOST},`));
  appendFileSync(KNOWN_HOSTS, keys.map((line) => `${line.replace(/^\S+/, 'fd77::11')}\n`).join(''));
  operator.edit('inventories/dev.ini', 'ansible_host=10.77.0.11', 'ansible_host=fd77::11');
  await lab.host(HOST).must(
    `ip -4 addr flush dev host0; ip -6 route add default via fd77::1
printf 'search ${ZONE}\\nnameserver fd77::54\\n' > /etc/resolv.conf
printf '127.0.0.1 localhost\\n::1 localhost\\nfd77::11 ${HOST}.${ZONE} ${HOST}\\n' > /etc/hosts`,
  );
  await until('Ollama over IPv6', 30_000, () =>
    fetch('http://[fd77::13]:11434/api/version').then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  assert.deepEqual(faults(await preflight()), ['place.family']);
  set({ litellm_listen: '"::"' });
  const results = await preflight();
  assert.deepEqual(faults(results), []);
  assert.equal(results.get('network.addresses')?.seen, 'IPv4 none; IPv6 fd77:0:0:0:0:0:0:11');
  assert.equal(results.get('network.default-route')?.seen, 'IPv6 through fd77::1 (host0)');
  assert.equal(results.get('network.port-reached')?.seen, 'fd77::11: answers: nothing listens yet');
});
