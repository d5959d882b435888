import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { dnsAddresses, dnsNames, dnsServers, faultOf, reverseName } from '../../../src/facts/dns/lookup.ts';
import { parseNameService, type NameService } from '../../../src/facts/dns/name-service.ts';
import { DNS_SCRIPT } from '../../../src/facts/dns/script.ts';
import { quietPort } from '../../port.ts';
import { startNameServer } from './name-server.ts';

const DEFAULT = { 'etc/nsswitch.conf': 'passwd: files\nhosts:  files dns\n', 'etc/hosts': '127.0.0.1 localhost\n' };

interface Machine {
  readonly files: Readonly<Record<string, string>>;
  readonly port: number;
  readonly joins?: boolean;
  /** Programs in front of the path: name and script. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly connection?: string;
}

/** Runs the script as on a host whose `/etc` and `/run` are these files. */
async function look(t: TestContext, machine: Machine, ...names: readonly string[]): Promise<NameService> {
  const top = mkdtempSync(join(tmpdir(), 'hxllm-dns-'));
  t.after(() => {
    rmSync(top, { recursive: true });
  });
  const programs = Object.entries(machine.programs ?? {}).map(([name, text]) => [`bin/${name}`, text] as const);
  for (const [path, text] of [...Object.entries({ ...DEFAULT, ...machine.files }), ...programs]) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text, { mode: 0o755 });
  }
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-c', DNS_SCRIPT, 'hxllm', String(machine.port), top, machine.joins === true ? 'yes' : 'no', ...names],
    {
      env: {
        PATH: `${join(top, 'bin')}:${process.env['PATH'] ?? ''}`,
        LC_ALL: 'C',
        // Node's pipes look like a network login to bash, which would read .bashrc.
        SHLVL: '1',
        SSH_CONNECTION: machine.connection ?? '10.77.0.1 50122 10.77.0.11 22',
      },
    },
  );
  return parseNameService(stdout);
}

const ZONE = {
  'A llm1.lab.test': ['10.77.0.12'],
  'AAAA llm1.lab.test': ['fd00::12'],
  // A label of ten letters has the length 0x0a, a line feed, at which bash alone would send two datagrams.
  'A abcdefghij.lab.test': ['10.77.0.10'],
  'PTR 11.0.77.10.in-addr.arpa': ['hx-api-server.lab.test'],
  'SRV _ldap._tcp.dc._msdcs.lab.test': ['dc1.lab.test:389', 'dc2.lab.test:389'],
  'SRV _kerberos._tcp.lab.test': ['dc1.lab.test:88'],
};

test('bash asks a name server for addresses, names and services, without any tool', async (t) => {
  const port = await quietPort();
  await using server = await startNameServer('127.0.0.1', port, ZONE);
  const service = await look(
    t,
    { port, joins: true, files: { 'etc/resolv.conf': 'search lab.test\nnameserver 127.0.0.1\n' } },
    'llm1.lab.test',
    'llm1',
    'none.lab.test',
    'abcdefghij.lab.test',
  );
  assert.deepEqual(service.resolvers, [{ address: '127.0.0.1', place: 'resolv.conf', overTls: false }]);
  assert.deepEqual([service.search, service.sources], [['lab.test'], ['files', 'dns']]);
  assert.equal(service.fullName, `${hostname().toLowerCase()}${hostname().includes('.') ? '' : '.lab.test'}`);
  for (const name of ['llm1.lab.test', 'llm1'])
    assert.deepEqual(dnsAddresses(service, name), { answered: true, addresses: ['10.77.0.12', 'fd00::12'] });
  assert.deepEqual(dnsAddresses(service, 'abcdefghij.lab.test').addresses, ['10.77.0.10']);
  assert.deepEqual(dnsAddresses(service, 'none.lab.test'), { answered: true, addresses: [] });
  assert.deepEqual(dnsNames(service, '10.77.0.11'), { answered: true, names: ['hx-api-server.lab.test'] });
  assert.deepEqual(dnsServers(service, '_ldap._tcp.dc._msdcs.lab.test'), ['dc1.lab.test', 'dc2.lab.test']);
  assert.equal(service.resolvers.map((resolver) => faultOf(service, resolver)).join(), '');
  assert.equal(server.asked.filter((one) => one === 'udp A llm1.lab.test').length, 1, 'each name is asked once');
});

test('a line of the hosts file counts for its words, not for parts of them or of its comment', async (t) => {
  const port = await quietPort();
  const files = {
    'etc/hosts': '10.0.0.1 llm.lab.test other # db\n10.0.0.2 LLM db-2\n# 10.0.0.3 db\n',
    'etc/resolv.conf': '',
  };
  const service = await look(t, { port, files }, 'llm', 'db', 'other');
  assert.deepEqual(service.hosts, { llm: ['2:10.0.0.2 LLM db-2'], other: ['1:10.0.0.1 llm.lab.test other # db'] });
});

test('a resolver over IPv6, and an answer that was cut and comes over TCP', async (t) => {
  const port = await quietPort();
  const many = Array.from({ length: 60 }, (_, index) => `10.1.0.${String(index)}`);
  await using server = await startNameServer(
    '::1',
    port,
    {
      'A big.lab.test': many,
      'PTR 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa': ['six.lab.test'],
    },
    { cut: true },
  );
  const files = { 'etc/resolv.conf': 'nameserver ::1\n' };
  const service = await look(t, { port, files, connection: 'fd00::9 50122 fd00::1 22' }, 'big.lab.test');
  assert.deepEqual(dnsAddresses(service, 'big.lab.test').addresses, many);
  assert.deepEqual(dnsNames(service, 'fd00::1').names, ['six.lab.test']);
  assert.ok(server.asked.includes('tcp A big.lab.test'));
});

test('a silent, a closed and a refusing resolver are told apart; glibc uses three', async (t) => {
  const port = await quietPort();
  await using good = await startNameServer('127.0.0.2', port, ZONE);
  await using silent = await startNameServer('127.0.0.3', port, ZONE, { silent: true });
  await using refusing = await startNameServer('127.0.0.5', port, ZONE, { code: 5 });
  const ask = (...servers: readonly string[]): Promise<NameService> =>
    look(
      t,
      { port, files: { 'etc/resolv.conf': servers.map((address) => `nameserver ${address}\n`).join('') } },
      'llm1.lab.test',
    );
  const first = await ask('127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5');
  assert.deepEqual(
    first.resolvers.map((resolver) => faultOf(first, resolver)),
    [undefined, '127.0.0.3 does not answer', '127.0.0.4 is not reached on port 53 (closed, or no route to it)'],
  );
  assert.deepEqual(first.ignored, ['127.0.0.5']);
  const second = await ask('127.0.0.5');
  assert.deepEqual(
    second.resolvers.map((resolver) => faultOf(second, resolver)),
    ['127.0.0.5 answers every question with REFUSED'],
  );
  assert.equal(silent.asked.filter((one) => one === 'udp A llm1.lab.test').length, 2, 'asked twice, as glibc does');
  assert.ok(good.asked.length > 0 && refusing.asked.length > 0);
});

const STUB = {
  'etc/resolv.conf':
    '# This is /run/systemd/resolve/stub-resolv.conf managed by man:systemd-resolved(8).\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lab.test\n',
  'run/systemd/resolve/resolv.conf':
    '# managed by man:systemd-resolved(8)\nnameserver 127.0.0.2\nnameserver 127.0.0.3\nsearch lab.test\n',
};

test('behind the stub of systemd-resolved every server is asked, by resolvectl or from its file', async (t) => {
  const port = await quietPort();
  await using stub = await startNameServer('127.0.0.53', port, ZONE);
  await using behind = await startNameServer('127.0.0.2', port, ZONE);
  // As resolvectl 252 to 255 print it.
  const dns = `#!/bin/sh
[ "$1" = dns ] && printf 'Global:\\nLink 2 (eth0): 127.0.0.2 127.0.0.4#dns.example\\nLink 3 (docker0):\\n'
[ "$1" = dnsovertls ] && printf 'Global: no\\nLink 2 (eth0): %s\\n' "$(cat "\${0%/*}/tls")"
:
`;
  const machine = { port, files: STUB, programs: { resolvectl: dns, tls: 'no' } };
  const service = await look(t, machine, 'llm1.lab.test');
  assert.deepEqual(
    service.resolvers.map(({ address, place }) => [address, place]),
    [
      ['127.0.0.53', 'resolv.conf'],
      ['127.0.0.2', 'eth0'],
      ['127.0.0.4', 'eth0'],
    ],
  );
  assert.equal(service.config.writer, 'systemd-resolved');
  assert.deepEqual(
    service.resolvers.map((resolver) => faultOf(service, resolver)),
    [undefined, undefined, '127.0.0.4 is not reached on port 53 (closed, or no route to it)'],
  );
  const own = 'udp PTR 11.0.77.10.in-addr.arpa';
  assert.deepEqual([stub.asked.includes(own), behind.asked.includes(own)], [false, true], 'the stub makes its name up');
  const tls = await look(t, { ...machine, programs: { ...machine.programs, tls: 'yes' } }, 'llm1.lab.test');
  assert.deepEqual(
    tls.resolvers.map((resolver) => [resolver.overTls, faultOf(tls, resolver)]),
    [
      [false, undefined],
      [true, undefined],
      [true, undefined],
    ],
  );
  const file = await look(t, { port, files: STUB, programs: { resolvectl: '#!/bin/sh\nexit 1\n' } }, 'llm1.lab.test');
  assert.deepEqual(
    file.resolvers.map(({ address }) => address),
    ['127.0.0.53', '127.0.0.2', '127.0.0.3'],
  );
});

test('the lines of /etc/hosts with a name are quoted, comments are not', async (t) => {
  const port = await quietPort();
  const hosts =
    '127.0.0.1 localhost\n# 10.0.0.8 llm1.lab.test\n10.0.0.9\tllm1.lab.test llm1\n10.0.0.7 xllm1.lab.test\n';
  const service = await look(t, { port, files: { 'etc/resolv.conf': '', 'etc/hosts': hosts } }, 'llm1.lab.test');
  assert.deepEqual(service.hosts['llm1.lab.test'], ['3:10.0.0.9 llm1.lab.test llm1']);
  assert.deepEqual(service.resolvers, []);
  const nothing = await look(t, { port, files: {} }, 'llm1.lab.test');
  assert.deepEqual([nothing.resolvers, nothing.config.target], [[], 'missing']);
});

test('a search list of systemd-resolved without a domain is empty, and a dot at the end is no part of a domain', async (t) => {
  const port = await quietPort();
  const searchOf = async (line: string): Promise<readonly string[]> =>
    (await look(t, { port, files: { 'etc/resolv.conf': `search old.test\n${line}\n` } })).search;
  assert.deepEqual(await searchOf('search .'), []);
  assert.deepEqual(await searchOf('search lab.test. other.test'), ['lab.test', 'other.test']);
  assert.deepEqual(await searchOf('domain lab.test'), ['lab.test']);
});

test('a name for the way back is written for both families', () => {
  assert.equal(reverseName('10.77.0.11'), '11.0.77.10.in-addr.arpa');
  assert.equal(reverseName('2001:db8::1'), '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa');
});
