import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificateText } from '../../certificates/certificates.ts';
import { configOf, GUIDE, hostOf, problemsOf, Tree } from '../tree.ts';

const VARS = 'inventories/group_vars/all/main.yml';
const withFile = (name: string, files: Readonly<Record<string, string>>): Record<string, string> => ({
  ...GUIDE,
  [VARS]: `${GUIDE[VARS] ?? ''}\nlitellm_ca_file: "${name}"\n`,
  ...files,
});

test('the authorities are read, and their file is among those that the evidence has hashes of', async () => {
  const files = { 'files/ca.pem': certificateText('ca.pem') + certificateText('other.pem') };
  using tree = new Tree(withFile('files/ca.pem', files));
  const loaded = await tree.load();
  const { authorities } = hostOf(loaded).settings;
  assert.deepEqual(
    authorities?.certificates.map(({ subject, line }) => [subject, line]),
    [
      ['CN=Example Root CA, O=Example', 1],
      ['CN=Another CA, O=Example', certificateText('ca.pem').split('\n').length],
    ],
  );
  assert.equal(authorities.file, 'files/ca.pem');
  assert.ok(configOf(loaded).files.includes(join(tree.folder, 'files/ca.pem')));
});

test('the path may be absolute, below the home folder, or a template', async () => {
  for (const name of ['~/ca.pem', '{{ inventory_dir }}/../home/ca.pem']) {
    using tree = new Tree(withFile(name, { 'home/ca.pem': certificateText('ca.pem') }));
    assert.equal(hostOf(await tree.load()).settings.authorities?.certificates.length, 1, name);
  }
});

const FAULTS: readonly (readonly [string, Readonly<Record<string, string>>, RegExp, number | undefined])[] = [
  [
    'a file that does not exist',
    {},
    /does not exist.*Expected a PEM file at \S+files\/ca\.pem, found none.*main\.yml/s,
    undefined,
  ],
  ['an empty file', { 'files/ca.pem': '' }, /has no certificate.*head -n 3/s, undefined],
  [
    'a certificate of a server',
    { 'files/ca.pem': certificateText('ca.pem') + certificateText('good.pem') },
    /no authority.*CN=good/s,
    certificateText('ca.pem').split('\n').length,
  ],
  [
    'a private key',
    { 'files/ca.pem': certificateText('good.key') + certificateText('ca.pem') },
    /has a private key/,
    1,
  ],
  [
    'a certificate that is cut off',
    { 'files/ca.pem': `\n${certificateText('ca.pem').slice(0, 300)}\n` },
    /is cut off/,
    2,
  ],
  [
    'a block with wrong bytes',
    { 'files/ca.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
    /cannot be read.*OpenSSL refuses/s,
    1,
  ],
  ['a folder', { 'files/ca.pem/x': '' }, /cannot read litellm_ca_file.*EISDIR/s, undefined],
];

for (const [title, files, expected, line] of FAULTS)
  test(`${title} is an error with its place and a command`, async () => {
    using tree = new Tree(withFile('files/ca.pem', files));
    const [problem, ...others] = problemsOf(await tree.load());
    assert.deepEqual(others, []);
    assert.match(JSON.stringify(problem), expected);
    assert.equal(problem?.where?.file === VARS ? undefined : problem?.where?.line, line);
    assert.ok(problem?.where?.file === 'files/ca.pem' || problem?.where?.file === VARS);
    assert.doesNotMatch(JSON.stringify(problem), new RegExp(certificateText('good.key').split('\n')[1] ?? 'x'));
  });

test('a DER file is named with the command that makes PEM of it', async () => {
  using tree = new Tree(withFile('files/ca.der', {}));
  tree.writeBytes('files/ca.der', Buffer.from(certificateText('ca.pem').replaceAll(/-----.*-----|\s/g, ''), 'base64'));
  const [problem] = problemsOf(await tree.load());
  assert.match(problem?.summary ?? '', /is not PEM/);
  assert.equal(problem?.fix, 'openssl x509 -inform der -in files/ca.der -out files/ca.pem');
});

test('an encrypted file is opened with the vault’s password, else named', async () => {
  const vault = readFileSync(join(import.meta.dirname, '../fixtures/vault/default.vault'), 'utf8');
  using tree = new Tree(withFile('files/ca.pem', { 'files/ca.pem': vault }));
  const [problem] = problemsOf(await tree.load());
  assert.match(problem?.summary ?? '', /litellm_ca_file is encrypted/);
});
