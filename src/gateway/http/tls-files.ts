import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { errorCode, errorMessage } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { TlsFiles } from '../../schema/gateway-config.ts';

/** A certificate with its key, ready for connections. */
export interface TlsIdentity {
  readonly files: TlsFiles;
  /** The certificates and the key, as `node:tls` takes them. */
  readonly pair: Pick<SecureContextOptions, 'cert' | 'key' | 'minVersion'>;
  /** SHA-256 of the certificate, as OpenSSL prints it. */
  readonly fingerprint: string;
  /** Its last moment, ms since 1970. */
  readonly notAfterMs: number;
}

/**
 * Reads a certificate and its key (PEM). The certificate comes first in its file, and those between it and the root follow. A pair that does
 * not fit, as while a renewal has written one of the two files, is a Problem.
 */
export async function readTlsFiles(files: TlsFiles): Promise<Result<TlsIdentity>> {
  const [certificate, key] = await Promise.all([
    read(files.certFile, 'certificate', 'cert'),
    read(files.keyFile, 'private key', 'key'),
  ]);
  if (!certificate.ok) return certificate;
  if (!key.ok) return key;
  const first = firstCertificate(certificate.value, files.certFile);
  if (!first.ok) return first;
  const secret = privateKey(key.value, files.keyFile);
  if (!secret.ok) return secret;
  if (!first.value.checkPrivateKey(secret.value))
    return fail(
      wrong(
        files.keyFile,
        'the private key does not belong to the certificate',
        `Expected the key of ${files.certFile} (${subjectOf(first.value)}), found another one.`,
        `openssl x509 -noout -pubkey -in ${files.certFile}; openssl pkey -pubout -in ${files.keyFile}  # the two are the same for a pair`,
      ),
    );
  try {
    const pair = { cert: certificate.value, key: key.value, minVersion: 'TLSv1.2' } as const;
    createSecureContext(pair);
    return ok({
      files,
      pair,
      fingerprint: first.value.fingerprint256,
      notAfterMs: Date.parse(first.value.validTo),
    });
  } catch (error) {
    // As a key of 512 bits, or a broken certificate behind the first.
    return fail(
      wrong(
        files.certFile,
        'OpenSSL refuses the certificate or its key',
        `Expected a certificate and a key for TLS 1.2, found: ${errorMessage(error)}.`,
        `openssl x509 -noout -text -in ${files.certFile}`,
      ),
    );
  }
}

async function read(file: string, what: string, key: 'cert' | 'key'): Promise<Result<string>> {
  try {
    return ok(await readFile(file, 'latin1'));
  } catch (error) {
    const code = errorCode(error);
    const found =
      code === 'ENOENT'
        ? 'no such file'
        : code === 'EACCES'
          ? 'a file that this user may not read'
          : errorMessage(error);
    return fail(
      wrong(
        file,
        `the ${what} of the gateway cannot be read`,
        `Expected a PEM file under hxllm.tls.${key}, found ${found}.`,
        code === 'EACCES' ? `namei -l ${file}` : `correct hxllm.tls.${key}`,
      ),
    );
  }
}

function firstCertificate(text: string, file: string): Result<X509Certificate> {
  const block = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/.exec(
    text,
  );
  try {
    if (block !== null) return ok(new X509Certificate(block[0]));
  } catch (error) {
    return fail(noCertificate(file, `a block that OpenSSL refuses: ${errorMessage(error)}`));
  }
  return fail(noCertificate(file, text.trim() === '' ? 'an empty file' : 'no such block'));
}

function noCertificate(file: string, found: string): Problem {
  return wrong(
    file,
    'the certificate of the gateway is not PEM',
    `Expected a block -----BEGIN CERTIFICATE-----, found ${found}.`,
    `openssl x509 -in ${file} -out ${file}.pem`,
  );
}

function privateKey(text: string, file: string): Result<KeyObject> {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text))
    return fail(
      wrong(
        file,
        'the private key of the gateway has a passphrase',
        'Expected a key that a service can read without a person, found an encrypted one.',
        `openssl pkey -in ${file} -out ${file}.open  # asks for the passphrase; then give the service the new file, 0640`,
      ),
    );
  try {
    return ok(createPrivateKey(text));
  } catch (error) {
    return fail(
      wrong(
        file,
        'the private key of the gateway is not PEM',
        `Expected a block -----BEGIN PRIVATE KEY-----, found ${text.trim() === '' ? 'an empty file' : `what OpenSSL refuses: ${errorMessage(error)}`}.`,
        `head -n 1 ${file}`,
      ),
    );
  }
}

function subjectOf({ subject }: X509Certificate): string {
  return subject.split('\n').at(-1) ?? '';
}

function wrong(file: string, summary: string, detail: string, fix: string): Problem {
  return { code: 'config.tls', summary, detail, fix, where: { file } };
}
