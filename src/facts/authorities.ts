import { decodeBase64, SAY } from './base64.ts';
import type { Question } from './question.ts';

/** The authorities that a host trusts. */
export interface TrustStore {
  /** The file that programs on the host read; `undefined` if there is none. */
  readonly bundle: string | undefined;
  /** The folder that Node reads with `--use-system-ca`, /etc/ssl/certs, exists. */
  readonly isReadByNode: boolean;
  /** Certificates of the bundle, in PEM. */
  readonly certificates: readonly string[];
  /** Further certificates that Node alone reads: files in its folder. */
  readonly others: readonly string[];
  /** The program that adds one: `update-ca-certificates` (Debian), `update-ca-trust` (RHEL); `undefined` if there is none. */
  readonly updater: string | undefined;
}

// Debian and SUSE, RHEL, Alpine. The links in Node's folder lead to certificates of the bundle.
const SCRIPT = `[ "$1" = yes ] || exit 0
${SAY}
for name in update-ca-certificates update-ca-trust; do command -v "$name" >/dev/null && { say updater "$name"; break; }; done
[ ! -d /etc/ssl/certs ] || say folder yes
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
  if [ -s "$file" ]; then bundle=$file; say bundle "$file"; cat -- "$file"; break; fi
done
say end
for file in /etc/ssl/certs/*; do
  [ -f "$file" ] && [ ! -L "$file" ] && [ ! "$file" -ef "$bundle" ] && cat -- "$file"
done
exit 0`;

/** The host's authorities. `wanted`: otherwise nothing is read, since they are 200 kB. */
export function trustStoreQuestion(wanted: boolean): Question<TrustStore> {
  return {
    script: SCRIPT,
    arguments: [wanted ? 'yes' : 'no'],
    as: 'user',
    parse: ({ stdout }) => parseTrustStore(stdout),
  };
}

/** Parses the lines of the script with PEM between them. */
export function parseTrustStore(stdout: string): TrustStore {
  const [head = '', rest = ''] = stdout.split(/^end$/m);
  const valueOf = (word: string): string | undefined => {
    const value = new RegExp(`^${word} (\\S+)$`, 'm').exec(head)?.[1];
    return value === undefined ? undefined : decodeBase64(value);
  };
  return {
    bundle: valueOf('bundle'),
    isReadByNode: valueOf('folder') === 'yes',
    certificates: blocksOf(head),
    others: blocksOf(rest),
    updater: valueOf('updater'),
  };
}

function blocksOf(text: string): readonly string[] {
  return text.match(/^-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----$/gm) ?? [];
}

/** Whether two blocks of PEM hold the same certificate. */
export function isSameCertificate(a: string, b: string): boolean {
  return bodyOf(a) === bodyOf(b);
}

function bodyOf(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\s/g, '');
}
