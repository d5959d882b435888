import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPem } from '../../src/core/certificate.ts';
import { certificateText } from '../certificates/certificates.ts';

test('certificates are read with their lines, whatever stands around them', () => {
  const text = `A bundle\r\n\r\n${certificateText('ca.pem').replaceAll('\n', '\r\n')}# next\n${certificateText('good.pem')}trailing`;
  const { certificates, faults } = readPem(text);
  assert.deepEqual(faults, []);
  const [authority, server] = certificates;
  assert.deepEqual(
    [authority?.line, authority?.subject, authority?.isAuthority, authority?.isSelfSigned],
    [3, 'CN=Example Root CA, O=Example', true, true],
  );
  assert.equal(authority?.pem, certificateText('ca.pem'));
  assert.equal(authority.notAfterMs, Date.UTC(2055, 0, 1));
  assert.match(authority.fingerprint, /^[0-9a-f]{64}$/);
  assert.deepEqual([server?.issuer, server?.isAuthority, server?.isSelfSigned], [authority.subject, false, false]);
  assert.match(server?.names ?? '', /^DNS:localhost, IP Address:127\.0\.0\.1/);
});

test('other blocks, keys, cut-off blocks and wrong bytes are faults with a line', () => {
  const [key, authority] = [certificateText('good.key'), certificateText('ca.pem')];
  const cut = authority.split('\n').slice(0, 4).join('\n');
  const { certificates, faults } = readPem(
    `${key}${cut}\n${authority}-----BEGIN TRUSTED CERTIFICATE-----\nAA==\n-----END TRUSTED CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n${cut}`,
  );
  assert.equal(certificates.length, 1);
  assert.deepEqual(
    faults.map(({ kind, line }) => [kind, line]),
    [
      ['private-key', 1],
      ['no-end', 6],
      ['other-block', 10 + authority.split('\n').length - 1],
      ['unreadable', 13 + authority.split('\n').length - 1],
      ['no-end', 16 + authority.split('\n').length - 1],
    ],
  );
  assert.doesNotMatch(JSON.stringify(faults), new RegExp(key.split('\n')[1] ?? 'x'));
});
