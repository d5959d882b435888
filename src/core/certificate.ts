import { X509Certificate } from 'node:crypto';
import { MARK_LINE } from './mark.ts';
import { printable } from './printable.ts';

/** A certificate of a PEM file. */
export interface Certificate {
  /** Its block alone, with a line end. */
  readonly pem: string;
  /** The line of `-----BEGIN` in its file. */
  readonly line: number;
  /** `CN=Example CA, O=Example`; the common name comes first. */
  readonly subject: string;
  readonly issuer: string;
  /** The names and addresses that it is for: `DNS:llm.example.net, IP Address:10.0.0.5`; empty for most authorities. */
  readonly names: string;
  /** basicConstraints say that it may sign others. */
  readonly isAuthority: boolean;
  readonly isSelfSigned: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 in lower-case hexadecimal digits. */
  readonly fingerprint: string;
}

/** A block of a PEM file that is no certificate. */
export interface PemFault {
  readonly kind: 'private-key' | 'other-block' | 'no-end' | 'unreadable';
  readonly line: number;
  /** The words behind BEGIN, or the reason. */
  readonly what: string;
}

/** The blocks of a PEM file in their order. Text outside of them is not looked at, as by OpenSSL. */
export interface PemFile {
  readonly certificates: readonly Certificate[];
  readonly faults: readonly PemFault[];
}

/** Reads all certificates of a text. Never throws. */
export function readPem(text: string): PemFile {
  const certificates: Certificate[] = [];
  const faults: PemFault[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const label = /^-----BEGIN (.+)-----\s*$/.exec(lines[at] ?? '')?.[1];
    if (label === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line.startsWith('-----'));
    const line = at + 1;
    if (label.includes('PRIVATE KEY')) faults.push({ kind: 'private-key', line, what: label });
    else if (end < 0 || !(lines[end] ?? '').startsWith(`-----END ${label}-----`))
      faults.push({ kind: 'no-end', line, what: label });
    else if (label !== 'CERTIFICATE' && label !== 'X509 CERTIFICATE')
      faults.push({ kind: 'other-block', line, what: label });
    else {
      const body = lines.slice(at + 1, end).map((each) => each.trim());
      const read = readCertificate(
        `-----BEGIN CERTIFICATE-----\n${body.join('\n')}\n-----END CERTIFICATE-----\n`,
        line,
      );
      if (typeof read === 'string') faults.push({ kind: 'unreadable', line, what: read });
      else certificates.push(read);
    }
    if (end > at) at = (lines[end] ?? '').startsWith('-----END') ? end : end - 1;
  }
  return { certificates, faults };
}

/** Whether a certificate is for a name or an address, by its subjectAltName alone, as clients judge it. */
export function isForName({ pem }: Certificate, name: string): boolean {
  const certificate = new X509Certificate(pem);
  // Node refuses to compare a name as an address.
  return /^[\d.]+$|:/.test(name)
    ? certificate.checkIP(name) !== undefined
    : certificate.checkHost(name, { subject: 'never' }) !== undefined;
}

/** The text of `ca.pem`: the mark, and the certificates without any other text of their file, each below its subject. */
export function authoritiesText(certificates: readonly Certificate[]): string {
  const blocks = certificates.map(({ pem, subject }) => `# ${printable(subject).replaceAll('\n', ' ')}\n${pem}`);
  return `${MARK_LINE}\n${blocks.join('')}`;
}

function readCertificate(pem: string, line: number): Certificate | string {
  try {
    const found = new X509Certificate(pem);
    return {
      pem,
      line,
      subject: oneLine(found.subject),
      issuer: oneLine(found.issuer),
      names: found.subjectAltName ?? '',
      isAuthority: found.ca,
      isSelfSigned: found.subject === found.issuer && found.checkIssued(found),
      notBeforeMs: Date.parse(found.validFrom),
      notAfterMs: Date.parse(found.validTo),
      fingerprint: found.fingerprint256.replaceAll(':', '').toLowerCase(),
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

// One attribute stands on each line, the most specific last.
function oneLine(name: string): string {
  return name
    .split('\n')
    .filter((part) => part !== '')
    .toReversed()
    .join(', ');
}
