import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameCertificate, parseTrustStore } from '../../src/facts/authorities.ts';
import { certificateText } from '../certificates/certificates.ts';

test('a host’s list of authorities is read with its file, its program, and what Node alone reads', () => {
  const [ca, other] = [certificateText('ca.pem'), certificateText('other.pem')];
  const store = parseTrustStore(
    `updater =update-ca-trust\nfolder =yes\nbundle =/etc/pki/tls/certs/ca-bundle.crt\n# Example\n${ca}\nend\n${other}`,
  );
  assert.deepEqual(
    [store.bundle, store.updater, store.isReadByNode, store.certificates.length, store.others.length],
    ['/etc/pki/tls/certs/ca-bundle.crt', 'update-ca-trust', true, 1, 1],
  );
  assert.ok(isSameCertificate(store.certificates[0] ?? '', ca.replaceAll('\n', '\r\n')));
  assert.ok(!isSameCertificate(store.others[0] ?? '', ca));
});

test('a bare host has no list', () => {
  const store = { bundle: undefined, updater: undefined, isReadByNode: false, certificates: [], others: [] };
  assert.deepEqual(parseTrustStore('end\n'), store);
  assert.deepEqual(parseTrustStore(''), store);
});
