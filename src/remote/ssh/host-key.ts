import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { Problem } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import { judgeHostKey, knownNames, knownTypes, parseKnownHosts, type KnownKey } from './known-hosts.ts';
import type { SshSettings } from './settings.ts';

/** Judges the key that a server shows, and says which kinds of key to ask it for. */
export interface HostKeys {
  /** Those that known_hosts has first: a server with several keys then shows one that can be compared. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** `undefined`: the key is the known one, or nobody wants to know. */
  judge(key: Buffer): Problem | undefined;
}

// Best first, and none that signs with SHA-1; an RSA key is known as ssh-rsa and signs with SHA-2 (RFC 8332).
const ALGORITHMS: readonly (readonly [ServerHostKeyAlgorithm, string])[] = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'ssh-rsa'],
  ['rsa-sha2-256', 'ssh-rsa'],
];

/** Reads the known_hosts files once; a file that is not there knows nobody. */
export async function readHostKeys(settings: SshSettings): Promise<HostKeys> {
  const files = await Promise.all(
    settings.knownHostsFiles.map(async (file) => parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file)),
  );
  const entries = files.flat();
  const names = knownNames(settings.hostName, settings.port, settings.hostKeyAlias);
  const known = new Set(knownTypes(entries, names));
  const algorithms = [
    ...ALGORITHMS.filter(([, type]) => known.has(type)),
    ...ALGORITHMS.filter(([, type]) => !known.has(type)),
  ].map(([algorithm]) => algorithm);
  return { algorithms, judge: (key) => (settings.checkHostKey ? judge(settings, entries, names, key) : undefined) };
}

function judge(
  settings: SshSettings,
  entries: readonly KnownKey[],
  names: readonly string[],
  key: Buffer,
): Problem | undefined {
  const type = typeOf(key);
  const shown = `${type} key ${keyFingerprint(key)}`;
  const verdict = judgeHostKey(entries, names, type, key.toString('base64'));
  const { name } = settings;
  const [knownAs = ''] = names;
  if (verdict.state === 'known') return undefined;
  if (verdict.state === 'unknown') {
    const others =
      verdict.otherTypes.length === 0
        ? ''
        : ` It is known by a key of another kind (${verdict.otherTypes.join(', ')}), which the server did not show.`;
    const authority =
      verdict.authority === undefined
        ? ''
        : ` ${placeOf(verdict.authority)} trusts a certificate authority for it; hxllm does not read host certificates, so the key itself must be known.`;
    return {
      code: 'host.key-unknown',
      summary: `${name}: its host key is not known`,
      detail: `Wanted a key for ${knownAs} in ${settings.knownHostsFiles[0] ?? 'known_hosts'}. The server shows ${shown}.${others}${authority} On the host, ssh-keygen -lf /etc/ssh/ssh_host_${shortType(type)}_key.pub prints the fingerprint to compare with.`,
      // Asks, shows the same fingerprint and writes it down when the person agrees.
      fix: settings.command.replace(/^ssh/, 'ssh -o StrictHostKeyChecking=ask'),
      where: { host: name },
    };
  }
  const { entry } = verdict;
  const forget = shellLine(['ssh-keygen', '-f', entry.file, '-R', knownAs]);
  const [what, fix] =
    verdict.state === 'revoked'
      ? ['is marked @revoked', 'Ask who revoked it; until then this host cannot be trusted.']
      : [`is ${entry.type} ${keyFingerprint(Buffer.from(entry.key, 'base64'))}`, `${forget} && ${settings.command}`];
  return {
    code: 'host.key-changed',
    summary: `${name}: its host key ${verdict.state === 'revoked' ? 'was revoked' : 'has changed'}`,
    detail: `The server shows ${shown}; the key in ${placeOf(entry)} ${what}. Either the host was installed anew, or somebody else answers in its place: find out before going on.`,
    fix,
    where: { host: name, file: entry.file, line: entry.line },
  };
}

/** As ssh-keygen -l prints it. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

// A key begins with its type: 32 bits of length, then the text (RFC 4253, 6.6).
function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

function shortType(type: string): string {
  return type.startsWith('ecdsa') ? 'ecdsa' : type.replace(/^ssh-/, '');
}

function placeOf({ file, line }: KnownKey): string {
  return `${file}:${String(line)}`;
}
