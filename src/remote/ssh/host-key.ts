import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { Problem } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import {
  judgeHostKey,
  knownEntry,
  knownKeysOf,
  knownNames,
  knownTypes,
  parseKnownHosts,
  type KnownKey,
} from './known-hosts.ts';
import { askKnownHostsCommand } from './known-hosts-command.ts';
import { readRevokedKeys } from './revoked-keys.ts';
import type { SshSettings } from './settings.ts';

/** One host key, as known_hosts and the lists of revoked keys judge it. */
export interface ExaminedKey {
  readonly type: string;
  /** The key in base64. */
  readonly key: string;
  readonly fingerprint: string;
  readonly state: 'known' | 'new' | 'changed' | 'revoked';
  /** The line that knows the key, knows another one in its place, or revokes it. A list of `RevokedHostKeys` has no lines. */
  readonly where: { readonly file: string; readonly line?: number } | undefined;
  /** Undefined for a known key. */
  readonly problem: Problem | undefined;
}

/** Judges the host key of a server, and chooses the key types to request. */
export interface HostKeys {
  /** Types in known_hosts come first: a server with several keys then shows one that can be compared. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** The entries of known_hosts for exactly this name and port. */
  readonly entries: readonly KnownKey[];
  examine(key: Buffer, signal: AbortSignal): Promise<ExaminedKey>;
  /** `undefined`: the key is known, or nothing is known of the host and host keys are not checked. */
  judge(key: Buffer, signal: AbortSignal): Promise<Problem | undefined>;
}

// Best first, without SHA-1 signatures. An RSA key has the type ssh-rsa and signs with SHA-2 (RFC 8332).
const ALGORITHMS: readonly (readonly [ServerHostKeyAlgorithm, string])[] = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'ssh-rsa'],
  ['rsa-sha2-256', 'ssh-rsa'],
];

/** Reads the known_hosts files once. A missing file has no keys. */
export async function readHostKeys(settings: SshSettings, signal: AbortSignal): Promise<HostKeys> {
  const files = await Promise.all(
    settings.knownHostsFiles.map(async (file) => parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file)),
  );
  const entries = [...files.flat(), ...(await askKnownHostsCommand(settings, undefined, signal))];
  const names = knownNames(settings.hostName, settings.port, settings.hostKeyAlias);
  const known = new Set(knownTypes(entries, names));
  const algorithms = [
    ...ALGORITHMS.filter(([, type]) => known.has(type)),
    ...ALGORITHMS.filter(([, type]) => !known.has(type)),
  ].map(([algorithm]) => algorithm);
  const revoked = await Promise.all(
    settings.revokedKeysFiles.map(async (file) => ({ file, isRevoked: await readRevokedKeys(file) })),
  );
  const examine: HostKeys['examine'] = async (key, until) => {
    const shown = { type: typeOf(key), key: key.toString('base64'), fingerprint: keyFingerprint(key) };
    for (const { file, isRevoked } of revoked)
      if (isRevoked?.(key) !== false) {
        const problem = revokedByList(settings, file, inWords(shown), isRevoked === undefined);
        return { ...shown, state: 'revoked', where: { file }, problem };
      }
    const all = [...entries, ...(await askKnownHostsCommand(settings, shown, until))];
    return { ...shown, ...compare(settings, all, names, key) };
  };
  const own = knownKeysOf(entries, names.slice(0, 1));
  return {
    algorithms,
    entries: own,
    examine,
    judge: async (key, until) => {
      const { state, problem } = await examine(key, until);
      // Without the check a host of which nothing is known passes. A known host was asked for its known type first: another type is
      // a changed key. ssh would pass it; hxllm does not, since enforce would send the master key there.
      return state === 'new' && !settings.checkHostKey && own.length === 0 ? undefined : problem;
    },
  };
}

/** The signature algorithms by which ssh2 asks for a key of this type. */
export function algorithmsOf(type: string): ServerHostKeyAlgorithm[] {
  return ALGORITHMS.filter(([, each]) => each === type).map(([algorithm]) => algorithm);
}

/** The key types behind the algorithms that a server offers, without those that ssh2 cannot ask for. */
export function typesOfAlgorithms(offered: readonly string[]): readonly string[] {
  return [...new Set(ALGORITHMS.filter(([algorithm]) => offered.includes(algorithm)).map(([, type]) => type))];
}

/** The Problem of a host that has known keys and shows none of them. `undefined` if it has none, or of types that cannot be asked for. */
export function missingKnownKey(settings: SshSettings, { entries }: HostKeys): Problem | undefined {
  const entry = entries.find(({ type }) => ALGORITHMS.some(([, each]) => each === type));
  if (entry === undefined) return undefined;
  const [knownAs = ''] = knownNames(settings.hostName, settings.port, settings.hostKeyAlias);
  return {
    code: 'host.key-changed',
    summary: `${settings.name}: the host does not show its known key`,
    detail: `Expected the ${entry.type} key ${keyFingerprint(Buffer.from(entry.key, 'base64'))} of ${placeOf(entry)}, found keys of other types only. Either the host was reinstalled, or another machine answers in its place: find out before you continue.`,
    fix: `${forgetting(entry.file, knownAs)} && ${settings.trust}`,
    where: { host: settings.name, file: entry.file, line: entry.line },
  };
}

function forgetting(file: string, name: string): string {
  return shellLine(['ssh-keygen', '-f', file, '-R', name]);
}

/** The Problem of a key that a list of `RevokedHostKeys` revokes, or that cannot be checked since the list is `unreadable`. */
export function revokedByList({ name }: SshSettings, file: string, shown: string, unreadable: boolean): Problem {
  return {
    code: 'host.key-changed',
    summary: `${name}: the host key ${unreadable ? 'cannot be checked' : 'was revoked'}`,
    detail: unreadable
      ? `Expected a list of revoked keys in ${file} (RevokedHostKeys), found none that can be read: OpenSSH, too, then refuses every key.`
      : `The server shows ${shown}, which ${file} (RevokedHostKeys) revokes.`,
    fix: unreadable ? `ls -l ${shellLine([file])}` : REVOKED_FIX,
    where: { host: name, file },
  };
}

const REVOKED_FIX = 'Ask who revoked the key. Do not trust this host until then.';

function compare(
  settings: SshSettings,
  entries: readonly KnownKey[],
  names: readonly string[],
  key: Buffer,
): Pick<ExaminedKey, 'state' | 'where' | 'problem'> {
  const type = typeOf(key);
  const shown = { type, fingerprint: keyFingerprint(key) };
  const verdict = judgeHostKey(entries, names, type, key.toString('base64'));
  if (verdict.state === 'known')
    return { state: 'known', where: knownEntry(entries, names, key.toString('base64')), problem: undefined };
  if (verdict.state === 'unknown')
    return {
      state: 'new',
      where: undefined,
      problem: unknownKey(settings, shown, verdict.otherTypes, verdict.authority),
    };
  const { state, entry } = verdict;
  return { state, where: entry, problem: changedKey(settings, shown, entry, state === 'revoked') };
}

/** A key of a server by its type and fingerprint. */
export type KeyInWords = Pick<ExaminedKey, 'type' | 'fingerprint'>;

function inWords({ type, fingerprint }: KeyInWords): string {
  return `${type} key ${fingerprint}`;
}

/** The Problem of a host whose key nothing knows. */
export function unknownKey(
  settings: SshSettings,
  shown: KeyInWords,
  otherTypes: readonly string[],
  authority: KnownKey | undefined,
): Problem {
  const { name, trust } = settings;
  const [knownAs = ''] = knownNames(settings.hostName, settings.port, settings.hostKeyAlias);
  const others =
    otherTypes.length === 0
      ? ''
      : ` It has a known key of another type (${otherTypes.join(', ')}), which the server did not show.`;
  const trusted =
    authority === undefined
      ? ''
      : ` ${placeOf(authority)} trusts a certificate authority for it. hxllm does not read host certificates, so the key itself must be known.`;
  return {
    code: 'host.key-unknown',
    summary: `${name}: unknown host key`,
    detail: `Expected a key of ${knownAs} in ${settings.knownHostsFiles[0] ?? 'known_hosts'}, found none. The server shows ${inWords(shown)}.${others}${trusted} On the host, ssh-keygen -lf /etc/ssh/ssh_host_${shortType(shown.type)}_key.pub prints the fingerprint to compare.`,
    fix: trust,
    where: { host: name },
  };
}

/** The Problem of a host that shows another key than the known one, or one that is `revoked`. */
export function changedKey(settings: SshSettings, shown: KeyInWords, entry: KnownKey, revoked: boolean): Problem {
  const { name, trust } = settings;
  const [knownAs = ''] = knownNames(settings.hostName, settings.port, settings.hostKeyAlias);
  const [what, fix] = revoked
    ? ['is marked @revoked', REVOKED_FIX]
    : [
        `is ${entry.type} ${keyFingerprint(Buffer.from(entry.key, 'base64'))}`,
        `${forgetting(entry.file, knownAs)} && ${trust}`,
      ];
  return {
    code: 'host.key-changed',
    summary: `${name}: the host key ${revoked ? 'was revoked' : 'has changed'}`,
    detail: `The server shows ${inWords(shown)}; the key in ${placeOf(entry)} ${what}. Either the host was reinstalled, or another machine answers in its place: find out before you continue.`,
    fix,
    where: { host: name, file: entry.file, line: entry.line },
  };
}

/** The fingerprint as `ssh-keygen -l` prints it. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

// A key begins with its type: a length of 32 bits, then the text (RFC 4253, 6.6).
function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

function shortType(type: string): string {
  return type.startsWith('ecdsa') ? 'ecdsa' : type.replace(/^ssh-/, '');
}

function placeOf({ file, line }: KnownKey): string {
  return `${file}:${String(line)}`;
}
