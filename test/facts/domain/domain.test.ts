import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCredential } from '../../../src/facts/domain/credential.ts';
import { joinQuestion, parseJoin } from '../../../src/facts/domain/join.ts';
import { KEYTAB } from '../../../src/facts/domain/keytab.ts';
import { parseSssd } from '../../../src/facts/domain/sssd.ts';
import { parseGroup } from '../../../src/facts/group.ts';

const sample = (name: string): string => readFileSync(new URL(`../samples/${name}.txt`, import.meta.url), 'utf8');
const encode = (text: string): string => Buffer.from(text).toString('base64');

test('a joined host claims its domain by realmd and SSSD, with the principals of its keytab', () => {
  const { claims, keytab, tools } = parseJoin(sample('domain-join-realmd'));
  assert.deepEqual(claims, [
    { by: 'realmd', domain: 'dev-test.hana-x.ai' },
    { by: 'sssd', domain: 'dev-test.hana-x.ai' },
  ]);
  assert.equal(keytab.principals[0], 'HX-API-SERVER$@DEV-TEST.HANA-X.AI');
  assert.equal(keytab.principals.length, 5);
  assert.deepEqual(tools, ['realm', 'adcli', 'net', 'sssctl']);
});

test('a host that has not joined has the evidence of each source', () => {
  const { claims, evidence, keytab } = parseJoin(sample('domain-join-none'));
  assert.deepEqual([claims, keytab.exists], [[], false]);
  assert.deepEqual(evidence, [
    'realm list is empty',
    'there is no sssd.conf',
    'there is no smb.conf',
    'there is no /etc/krb5.keytab',
  ]);
  const bare = parseJoin('keytab =/etc/krb5.keytab - -\n');
  assert.equal(bare.evidence[0], 'realmd is not installed');
});

test('a domain counts by its directory: winbind, a bare adcli, several sections, and none that is local or off', () => {
  const claims = (text: string): unknown => parseJoin(`${text}\nkeytab =/etc/krb5.keytab - -\n`).claims;
  assert.deepEqual(claims(`samba ${encode('   security = ADS\n\trealm = Example.NET\n')}`), [
    { by: 'winbind', domain: 'example.net' },
  ]);
  assert.deepEqual(claims(`samba ${encode('security = user\nrealm = EXAMPLE.NET')}`), []);
  assert.deepEqual(parseJoin(`keytab =/etc/krb5.keytab =yes ${encode('host/a@R\nA$@EXAMPLE.NET')}`).claims, [
    { by: 'keytab', domain: 'example.net' },
  ]);
  const sssd = [
    '[sssd]',
    'domains = a.example, LOCAL , c.example',
    '[domain/a.example]',
    'id_provider = ipa',
    '[domain/local]',
    'id_provider = files',
    '[domain/b.example]',
    'id_provider = ad',
    '[domain/c.example]',
    'id_provider=ad',
    'ad_domain = C.Example',
    '[domain/d.example]',
    'enabled = TRUE',
    'id_provider = ldap',
  ].join('\n');
  assert.deepEqual(claims(`sssd ${encode(sssd)}`), [
    { by: 'sssd', domain: 'a.example' },
    { by: 'sssd', domain: 'c.example' },
    { by: 'sssd', domain: 'd.example' },
  ]);
  const discovered = 'a.example\n  configured: no\nb.example\n  configured: kerberos-member\n  domain-name: b.example';
  assert.deepEqual(claims(`realm ${encode(discovered)}`), [{ by: 'realmd', domain: 'b.example' }]);
});

test('the credential’s trial is read with the program’s last line', () => {
  assert.deepEqual(parseCredential(sample('domain-credential-adcli')), {
    tool: 'adcli',
    principal: 'HX-API-SERVER$@DEV-TEST.HANA-X.AI',
    exitCode: 0,
    message: 'Sucessfully validated join to domain dev-test.hana-x.ai',
  });
  for (const [name, message] of [
    ['revoked', /credentials have been revoked$/],
    ['reset', /Preauthentication failed$/],
    ['deleted', /not found in Kerberos database$/],
  ] as const) {
    const trial = parseCredential(sample(`domain-credential-${name}`));
    assert.ok(trial.tool === 'adcli' && trial.exitCode === 3);
    assert.match(trial.message, message);
  }
  assert.deepEqual(parseCredential('none\n'), { tool: 'none' });
});

test('SSSD is on line with its server, or off', () => {
  assert.deepEqual(parseSssd(sample('domain-sssd-online')), {
    active: 'active',
    domains: [{ name: 'dev-test.hana-x.ai', online: true, server: 'hx-dc.dev-test.hana-x.ai' }],
  });
  const off = `active =active\ndomain =a.example ${encode('Online status: Offline\n\nActive servers:\nThis domain has no active servers.')}\n`;
  assert.deepEqual(parseSssd(off).domains, [{ name: 'a.example', online: false, server: undefined }]);
  assert.deepEqual(parseSssd('active -\n'), { active: '', domains: [] });
});

test('a group is read by name, number and members', () => {
  assert.deepEqual(parseGroup('llm admins@a.example:*:1481001102:alice@a.example,bob@a.example\n'), {
    name: 'llm admins@a.example',
    gid: 1_481_001_102,
    members: ['alice@a.example', 'bob@a.example'],
  });
  assert.equal(parseGroup(''), undefined);
});

/** An entry of a keytab (MIT's file format 0x502) with a key of 16 bytes. */
function entry(realm: string, ...components: readonly string[]): Buffer {
  const word = (text: string): Buffer => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const head = Buffer.alloc(2);
  head.writeUInt16BE(components.length);
  const rest = Buffer.concat([
    Buffer.alloc(4),
    Buffer.alloc(4),
    Buffer.from([2, 0, 17, 0, 16]),
    Buffer.from('SECRETSECRETSECR'),
  ]);
  const body = Buffer.concat([head, word(realm), ...components.map(word), rest]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

test('a keytab is read without klist, with removed entries and without its keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-keytab-'));
  try {
    const file = join(folder, 'krb5.keytab');
    const hole = Buffer.alloc(24);
    hole.writeInt32BE(-20);
    writeFileSync(
      file,
      Buffer.concat([
        Buffer.from([5, 2]),
        entry('EXAMPLE.NET', 'HX$'),
        hole,
        entry('EXAMPLE.NET', 'host', 'hx.example.net'),
      ]),
    );
    const read = (path: string): string =>
      execFileSync('bash', ['-c', `${KEYTAB}\nprincipals "$1"`, 'hxllm', path], { encoding: 'utf8' });
    assert.equal(read(file), 'HX$@EXAMPLE.NET\nhost/hx.example.net@EXAMPLE.NET\n');
    writeFileSync(file, 'not a keytab');
    assert.equal(read(file), '');
    writeFileSync(file, Buffer.concat([Buffer.from([5, 2]), entry('A', 'B$').subarray(0, 20)]));
    assert.doesNotMatch(read(file), /SECRET/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('nothing is looked at where no domain is required', () => {
  const { script, arguments: words = [] } = joinQuestion(false);
  assert.equal(execFileSync('bash', ['-c', script, 'hxllm', ...words], { encoding: 'utf8' }), '');
});
