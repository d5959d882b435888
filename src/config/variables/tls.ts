import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readPem } from '../../core/certificate.ts';
import { HIDDEN_FROM_UNIT } from '../../core/hidden-from-unit.ts';
import { Secret } from '../../core/secret.ts';
import type { TlsSettings } from '../trust-settings.ts';
import type { Value } from '../value.ts';
import type { HostVariables, Reader } from './reader.ts';

const CERT = 'litellm_tls_cert';
const KEY = 'litellm_tls_key';
const WANTED = 'an absolute path on the host, or the PEM text itself';
const PEM = /-----BEGIN /;

/**
 * Reads the certificate and key that the gateway serves clients with: both are files on the host, or both are PEM texts, which enforce sends. The key of
 * a vault that was not opened is unknown. Dates and names depend on the day and the host, so preflight judges them.
 */
export function readTls(variables: HostVariables, reader: Reader): TlsSettings | undefined {
  const [certValue, keyValue] = [CERT, KEY].map((name) => (variables.all.has(name) ? variables.get(name) : undefined));
  if (certValue === undefined && keyValue === undefined) return undefined;
  if (certValue === undefined) {
    const isLocked = variables.scope.lockedFiles.length > 0;
    return keyValue === undefined || isLocked ? undefined : reader.wrong(keyValue, `${CERT} beside ${KEY}`);
  }
  const cert = reader.text(certValue, WANTED);
  if (cert === undefined) return undefined;
  const isLocked = keyValue?.kind === 'locked' || (keyValue === undefined && variables.scope.lockedFiles.length > 0);
  if (keyValue === undefined && !isLocked) return reader.wrong(certValue, `${KEY} beside ${CERT}`);
  if (isLocked) return PEM.test(cert) ? sent(cert, certValue, undefined, certValue, reader) : locked(certValue, reader);
  const key = keyValue === undefined ? undefined : reader.text(keyValue, WANTED);
  if (key === undefined || keyValue === undefined) return undefined;
  if (PEM.test(cert) !== PEM.test(key))
    return reader.wrong(
      certValue,
      `${CERT} and ${KEY} in the same form`,
      'write two paths on the host, or two PEM texts',
    );
  if (PEM.test(cert)) return sent(cert, certValue, key, keyValue, reader);
  const paths = [hostPath(cert, certValue, reader), hostPath(key, keyValue, reader)];
  const [certFile, keyFile] = paths;
  return certFile === undefined || keyFile === undefined ? undefined : { from: 'host', certFile, keyFile };
}

function locked(value: Value, reader: Reader): undefined {
  return reader.wrong(value, `${KEY} beside ${CERT}`, 'run again with --ask-vault-pass or --vault-password-file FILE');
}

function hostPath(path: string, value: Value, reader: Reader): string | undefined {
  const hidden = HIDDEN_FROM_UNIT.find((folder) => path === folder || path.startsWith(`${folder}/`));
  if (hidden !== undefined)
    return reader.wrong(value, `a path that the service sees: nothing below ${hidden}`, 'move the file to /etc/ssl');
  return /^\/[\w@+=:,./-]*$/.test(path) && !path.split('/').includes('..')
    ? path
    : reader.wrong(value, `${WANTED}; the path of letters, digits and @+=:,./_-`);
}

function sent(
  cert: string,
  certValue: Value,
  key: string | undefined,
  keyValue: Value,
  reader: Reader,
): TlsSettings | undefined {
  const { certificates, faults } = readPem(cert);
  const [first] = certificates;
  const [fault] = faults;
  if (fault !== undefined || first === undefined)
    return reader.wrong(
      certValue,
      'certificates in PEM alone, the one of the gateway first',
      fault?.kind === 'private-key' ? `move the key to ${KEY}, in the vault` : 'copy the certificate again',
    );
  const certificate = { certificates, text: `${cert}\n` };
  if (key === undefined) return { from: 'sent', ...certificate, key: undefined };
  if (!keyValue.encrypted)
    reader.findings.warning({
      code: 'vault.plain-text',
      summary: 'the private key of the gateway is in a file that is not encrypted',
      detail: `Expected ${KEY} in an Ansible Vault, found it as plain text.`,
      fix: `hxllm vault encrypt ${keyValue.where.file ?? 'FILE'}`,
      where: keyValue.where,
    });
  if (/ENCRYPTED/.test(key))
    return reader.wrong(keyValue, 'a private key without a passphrase', 'openssl pkey -in FILE -out FILE.open');
  const secret = privateKey(key);
  if (secret === undefined) return reader.wrong(keyValue, 'a private key in PEM', 'copy the key again');
  if (!new X509Certificate(first.pem).checkPrivateKey(secret))
    return reader.wrong(keyValue, `the private key of ${first.subject}`, `set ${CERT} and ${KEY} to a pair`);
  return { from: 'sent', ...certificate, key: new Secret(`${key}\n`) };
}

function privateKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}
