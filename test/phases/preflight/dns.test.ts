import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../../src/config/config.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { dnsAnswer, GOOD_NAMES, GOOD_ZONE, type Names } from './dns-answer.ts';
import { backendsOf, resultOf, type Answers } from './host.ts';
import { GOOD, judge } from './judging.ts';

const LLM01 = 'hx-llm01-server';

/** The results of the family that did not pass, by id, without those that were skipped. */
async function bad(
  names: Partial<Names>,
  settings: Partial<Settings> = {},
  answers: Answers = {},
): Promise<readonly CheckResult[]> {
  const results = await judge({ ...GOOD, dns: dnsAnswer({ ...GOOD_NAMES, ...names }), ...answers }, settings);
  return results.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'not-applicable' && outcome !== 'skip');
}

const ids = (results: readonly CheckResult[]): readonly string[] => results.map(({ id }) => id);

const without = (...keys: readonly string[]): typeof GOOD_ZONE =>
  Object.fromEntries(Object.entries(GOOD_ZONE).filter(([key]) => !keys.includes(key)));

test('one of two name servers is dead: a warning names it, and the line that leaves it out', async () => {
  const results = await bad({ servers: { '10.77.0.54': 'silent', '10.77.0.53': GOOD_ZONE } });
  assert.deepEqual(ids(results), ['dns.every-resolver']);
  const [{ severity, seen, fix } = resultOf(results, '')] = results;
  assert.equal(severity, 'warning');
  assert.match(seen, /^10\.77\.0\.54 does not answer\./);
  assert.match(fix ?? '', /sed -i\.old .*10\\\.77\\\.0\\\.54/);
});

test('all name servers are dead: one error, unless no name needs them', async () => {
  const dead = { servers: { '10.77.0.53': 'refused' } } as const;
  const results = await bad(dead);
  assert.deepEqual(ids(results), ['dns.resolvers']);
  assert.match(results[0]?.seen ?? '', /10\.77\.0\.53 is not reached on port 53/);
  const addresses = { requireDomainJoin: false, backends: backendsOf('http://10.77.0.12:11434') };
  const models = { models: undefined };
  const none = await judge({ ...GOOD, dns: dnsAnswer({ ...GOOD_NAMES, ...dead }) }, { ...addresses, ...models });
  assert.equal(resultOf(none, 'dns.resolvers').outcome, 'not-applicable');
});

test('resolv.conf that is missing or names no server', async () => {
  const results = await bad({ servers: {}, config: 'missing' });
  assert.deepEqual(ids(results), ['dns.resolvers']);
  assert.match(results[0]?.seen ?? '', /resolv\.conf.*cannot be read/);
  assert.match((await bad({ servers: {} }))[0]?.seen ?? '', /names no server/);
});

test('two name servers of one place that disagree; servers of two links may', async () => {
  const wrong = { ...GOOD_ZONE, 'A hx-llm01-server.hana-x.ai': ['10.77.0.99'] };
  const results = await bad({ servers: { '10.77.0.53': GOOD_ZONE, '10.77.0.54': wrong } });
  assert.deepEqual(ids(results), ['dns.resolvers-agree']);
  assert.match(results[0]?.seen ?? '', /10\.77\.0\.53 says 10\.77\.0\.12, 10\.77\.0\.54 says 10\.77\.0\.99/);
  const gone = await bad({
    servers: { '10.77.0.53': GOOD_ZONE, '10.77.0.54': without('A hx-llm01-server.hana-x.ai') },
  });
  assert.match(gone[0]?.seen ?? '', /10\.77\.0\.54 says that there is none/);
  const split = { '127.0.0.53': GOOD_ZONE, '10.77.0.53 eth0': GOOD_ZONE, '10.8.0.1 wg0': wrong };
  assert.deepEqual(ids(await bad({ servers: split })), []);
});

test('a server behind the stub of systemd-resolved is dead', async () => {
  const results = await bad({
    servers: { '127.0.0.53': GOOD_ZONE, '10.77.0.53 eth0': GOOD_ZONE, '10.77.0.54 eth0': 'silent' },
  });
  assert.deepEqual(ids(results), ['dns.every-resolver']);
  assert.match(results[0]?.fix ?? '', /resolvectl status/);
});

test('the hosts file disagrees with DNS: a warning with the line, and nothing else about names', async () => {
  const hosts = { [LLM01]: `3:10.77.0.99 ${LLM01}` };
  const results = await bad({ nss: { ...GOOD_NAMES.nss, [LLM01]: '10.77.0.99' }, hosts });
  assert.deepEqual(ids(results), [`dns.nss-agrees[${LLM01}]`]);
  assert.match(results[0]?.seen ?? '', /10\.77\.0\.99, from \/etc\/hosts line 3: 10\.77\.0\.99 hx-llm01-server/);
  assert.match(results[0]?.fix ?? '', /sed -i\.old .*3s/);
  // A name that only the hosts file knows is no disagreement.
  const alone = await judge({
    ...GOOD,
    dns: dnsAnswer({ ...GOOD_NAMES, hosts, servers: { '10.77.0.53': without('A hx-llm01-server.hana-x.ai') } }),
  });
  assert.match(resultOf(alone, `dns.nss-agrees[${LLM01}]`).seen, /from \/etc\/hosts; DNS does not know the name/);
});

test('no way back, or one to another name', async () => {
  const results = await bad({
    servers: { '10.77.0.53': without('PTR 12.0.77.10.in-addr.arpa', 'PTR 11.0.77.10.in-addr.arpa') },
  });
  assert.deepEqual(ids(results), ['dns.own-reverse', `dns.backend-reverse[${LLM01}]`]);
  assert.match(results[1]?.fix ?? '', /^12\.0\.77\.10\.in-addr\.arpa\. IN PTR hx-llm01-server\.hana-x\.ai\./);
  const other = { ...GOOD_ZONE, 'PTR 12.0.77.10.in-addr.arpa': ['old.hana-x.ai'] };
  assert.match((await bad({ servers: { '10.77.0.53': other } }))[0]?.seen ?? '', /10\.77\.0\.12 is old\.hana-x\.ai/);
});

test('an alias in DNS leads back to the name behind it', async () => {
  const { 'A hx-llm01-server.hana-x.ai': addresses = [], ...rest } = GOOD_ZONE;
  const zone = {
    ...rest,
    'CNAME hx-llm01-server.hana-x.ai': ['node17.hana-x.ai'],
    'A node17.hana-x.ai': addresses,
    'PTR 12.0.77.10.in-addr.arpa': ['node17.hana-x.ai'],
  };
  assert.deepEqual(ids(await bad({ servers: { '10.77.0.53': zone } })), []);
});

test('a name that DNS does not know needs no way back: the hosts file, mDNS, a search domain behind a name with dots', async () => {
  const results = await judge({
    ...GOOD,
    dns: dnsAnswer({
      ...GOOD_NAMES,
      servers: { '10.77.0.53': without('A hx-llm01-server.hana-x.ai', 'PTR 12.0.77.10.in-addr.arpa') },
    }),
  });
  const { outcome, seen } = resultOf(results, `dns.backend-reverse[${LLM01}]`);
  assert.deepEqual([outcome, seen], ['not-applicable', `${LLM01} is not a name of DNS`]);
});

test('without a name server, names that the host finds in another way are enough', async () => {
  const results = await judge(
    { ...GOOD, dns: dnsAnswer({ ...GOOD_NAMES, servers: {}, config: 'missing' }) },
    { requireDomainJoin: false },
  );
  assert.equal(resultOf(results, 'dns.resolvers').outcome, 'not-applicable');
  const open = results.filter(
    ({ id, outcome }) => id.startsWith('dns.') && !['pass', 'not-applicable'].includes(outcome),
  );
  assert.deepEqual(ids(open), []);
});

test('the host is its own backend, with 127.0.1.1 in the hosts file', async () => {
  const own = 'hx-api-server';
  const nss = { ...GOOD_NAMES.nss, [own]: '127.0.1.1' };
  const hosts = { [own]: `2:127.0.1.1 ${own}.hana-x.ai ${own}` };
  assert.deepEqual(
    ids(
      await bad(
        { nss, hosts },
        { backends: backendsOf(`http://${own}:11434`) },
        { [`resolves ${own}`]: '127.0.1.1 STREAM x\n' },
      ),
    ).filter((id) => id.startsWith('dns.')),
    [],
  );
});

test('a server of a VPN that refuses other domains than its own is not dead, and the only server is', async () => {
  const refusing: Names['servers'] = { '10.8.0.1 wg0': 'REFUSED' };
  const good: Names['servers'] = { '127.0.0.53': GOOD_ZONE, '10.77.0.53 eth0': GOOD_ZONE };
  assert.deepEqual(ids(await bad({ servers: { ...good, ...refusing } })), []);
  assert.deepEqual(ids(await bad({ servers: { '127.0.0.53': GOOD_ZONE, ...refusing } })), ['dns.every-resolver']);
});

test('the host’s own name: unknown to DNS, another address, or no full name', async () => {
  const unknown = await bad({ servers: { '10.77.0.53': without('A hx-api-server.hana-x.ai') } });
  assert.deepEqual(ids(unknown), ['dns.own-name']);
  assert.match(unknown[0]?.fix ?? '', /^hx-api-server\.hana-x\.ai\. IN A 10\.77\.0\.11/);
  const moved = { ...GOOD_ZONE, 'A hx-api-server.hana-x.ai': ['10.77.0.21'] };
  assert.match((await bad({ servers: { '10.77.0.53': moved } }))[0]?.seen ?? '', /10\.77\.0\.21/);
  const short = await bad({ full: '' });
  assert.deepEqual(ids(short), ['dns.own-name']);
  assert.match(short[0]?.fix ?? '', /hostnamectl set-hostname/);
});

test('the stub of systemd-resolved makes the host’s own record up: the servers behind it count', async () => {
  const behind = without('A hx-api-server.hana-x.ai');
  const results = await bad({ servers: { '127.0.0.53': GOOD_ZONE, '10.77.0.53 eth0': behind } });
  assert.deepEqual(ids(results), ['dns.own-name']);
});

test('short names without a search domain', async () => {
  const results = await bad({ search: '', full: 'hx-api-server.hana-x.ai' }, { requireDomainJoin: false });
  assert.deepEqual(ids(results), ['dns.search-domain']);
  assert.match(results[0]?.wanted ?? '', /hx-llm01-server, hx-llm02-server/);
});

test('where a domain is required, its services and the addresses of its servers are asked for', async () => {
  const services = await bad({
    servers: { '10.77.0.53': without('SRV _ldap._tcp.dc._msdcs.hana-x.ai', 'SRV _kerberos._tcp.hana-x.ai') },
  });
  assert.deepEqual(
    services.map(({ id, severity }) => [id, severity]),
    [
      ['dns.domain-controllers', 'error'],
      ['dns.kerberos', 'error'],
    ],
  );
  assert.match(services[0]?.wanted ?? '', /_ldap\._tcp\.dc\._msdcs\.hana-x\.ai/);
  const lost = await bad({}, {}, { 'resolves dc1.hana-x.ai': '' });
  assert.deepEqual(ids(lost), ['dns.domain-controllers', 'dns.kerberos']);
  assert.match(lost[0]?.seen ?? '', /dc1\.hana-x\.ai does not resolve/);
  const free = await judge(GOOD, { requireDomainJoin: false });
  assert.equal(resultOf(free, 'dns.kerberos').outcome, 'not-applicable');
});
