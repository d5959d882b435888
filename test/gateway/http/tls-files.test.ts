import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readTlsFiles } from '../../../src/gateway/http/tls-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-tls-files-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const CERTIFICATES = join(import.meta.dirname, '../../certificates');
const of = (name: string): string => join(CERTIFICATES, name);
const made = (name: string, text: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

test('a certificate with its chain, text around the blocks and any form of key are read', async () => {
  const legacy = execFileSync('openssl', ['ec', '-in', of('leaf.key')], { stdio: ['ignore', 'pipe', 'ignore'] });
  const noted = made('noted.pem', `# a comment\n\u00e9\n${readFileSync(of('leaf.pem'), 'utf8')}`);
  for (const [certFile, keyFile] of [
    [of('good.pem'), of('good.key')],
    [of('leaf.pem'), made('legacy.key', legacy)],
    [noted, of('leaf.key')],
  ] as const) {
    const read = await readTlsFiles({ certFile, keyFile });
    assert.ok(read.ok, JSON.stringify(read));
    assert.equal(read.value.notAfterMs, Date.UTC(2055, 0, 1));
  }
});

test('each pair that cannot be used is refused with its file and a command, and no key is shown', async () => {
  const sealed = join(folder, 'sealed.key');
  execFileSync('openssl', ['pkey', '-in', of('good.key'), '-aes256', '-passout', 'pass:secret', '-out', sealed]);
  const der = join(folder, 'der.key');
  execFileSync('openssl', ['pkey', '-in', of('good.key'), '-outform', 'der', '-out', der]);
  const [good, key] = [of('good.pem'), of('good.key')];
  const half = made('half.pem', readFileSync(good).subarray(0, 300));
  const chain = made(
    'chain.pem',
    `${readFileSync(good, 'utf8')}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
  );
  for (const [certFile, keyFile, file, message] of [
    [good, sealed, sealed, /has a passphrase/],
    [
      good,
      made('old.key', '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n'),
      join(folder, 'old.key'),
      /has a passphrase/,
    ],
    [good, of('expired.key'), of('expired.key'), /does not belong to the certificate/],
    [good, der, der, /is not PEM/],
    [good, join(folder, 'nowhere'), join(folder, 'nowhere'), /no such file/],
    [made('empty', ''), key, join(folder, 'empty'), /an empty file/],
    [half, key, half, /no such block/],
    [chain, key, chain, /OpenSSL refuses/],
    [good, good, good, /is not PEM/],
    [folder, key, folder, /EISDIR/],
  ] as const) {
    const read = await readTlsFiles({ certFile, keyFile });
    assert.ok(!read.ok, certFile);
    const [problem] = read.problems;
    assert.deepEqual([problem.code, problem.where?.file], ['config.tls', file]);
    assert.match(`${problem.summary} ${problem.detail}`, message);
    assert.notEqual(problem.fix, '');
  }
});
