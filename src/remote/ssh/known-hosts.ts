import { createHmac, randomBytes } from 'node:crypto';

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownKey {
  readonly file: string;
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** Names, wildcards and `!` exclusions separated by commas, or one hashed name. */
  readonly hosts: string;
  readonly type: string;
  /** The key in base64. */
  readonly key: string;
}

/** The verdict of known_hosts on a server's key. */
export type KeyVerdict =
  | { readonly state: 'known' }
  | { readonly state: 'revoked'; readonly entry: KnownKey }
  /** A different key of the same type is known. */
  | { readonly state: 'changed'; readonly entry: KnownKey }
  | { readonly state: 'unknown'; readonly otherTypes: readonly string[]; readonly authority: KnownKey | undefined };

/** Parses a known_hosts file. Invalid lines are ignored, as in OpenSSH. */
export function parseKnownHosts(text: string, file: string): readonly KnownKey[] {
  return text.split('\n').flatMap((line, index) => {
    const [, marker, hosts, type, key] =
      /^\s*(?:@(revoked|cert-authority)\s+)?([^\s#@]\S*)\s+([a-z][\w@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line) ??
      [];
    if (hosts === undefined || type === undefined || key === undefined) return [];
    // OpenSSH ignores a key of another type than its line says. Revoked is revoked all the same.
    if (marker !== 'revoked' && typeIn(key) !== type) return [];
    return [
      {
        file,
        line: index + 1,
        marker: marker === 'revoked' || marker === 'cert-authority' ? marker : undefined,
        hosts,
        type,
        key,
      },
    ];
  });
}

// A key begins with the length of its type's name and the name.
function typeIn(key: string): string {
  const bytes = Buffer.from(key, 'base64');
  return bytes.length < 4 ? '' : bytes.toString('latin1', 4, 4 + bytes.readUInt32BE(0));
}

/** The names under which a host is known: `[host]:port` unless the port is 22; an alias replaces both. */
export function knownNames(hostName: string, port: number, alias: string | undefined): readonly string[] {
  if (alias !== undefined) return [alias.toLowerCase()];
  const host = hostName.toLowerCase();
  // As in OpenSSH: if no entry has this port, entries without a port count.
  return port === 22 ? [host] : [`[${host}]:${String(port)}`, host];
}

/** Judges a key (type and base64) by the entries of these names. The first name with an entry decides. */
export function judgeHostKey(
  entries: readonly KnownKey[],
  names: readonly string[],
  type: string,
  key: string,
): KeyVerdict {
  const about = entries.filter(({ hosts }) => names.some((name) => covers(hosts, name)));
  const revoked = about.find((entry) => entry.marker === 'revoked' && entry.key === key);
  if (revoked !== undefined) return { state: 'revoked', entry: revoked };
  const authority = about.find(({ marker }) => marker === 'cert-authority');
  const [own = '', ...wider] = names;
  const plain = about.filter(({ marker }) => marker === undefined);
  const exact = plain.filter(({ hosts }) => covers(hosts, own));
  if (exact.some((entry) => entry.key === key)) return { state: 'known' };
  const changed = exact.find((entry) => entry.type === type);
  if (changed !== undefined) return { state: 'changed', entry: changed };
  // Without an entry for this port only a matching key counts: another service on the host may have another key.
  if (exact.length === 0 && plain.some((entry) => entry.key === key && wider.some((name) => covers(entry.hosts, name))))
    return { state: 'known' };
  return { state: 'unknown', otherTypes: [...new Set(exact.map((entry) => entry.type))], authority };
}

/** The entry by which a key is known under one of these names, the first name first. */
export function knownEntry(entries: readonly KnownKey[], names: readonly string[], key: string): KnownKey | undefined {
  const same = entries.filter((entry) => entry.marker === undefined && entry.key === key);
  return names.flatMap((name) => same.filter(({ hosts }) => covers(hosts, name)))[0];
}

/** The known keys of these names: those of the first name that has any. */
export function knownKeysOf(entries: readonly KnownKey[], names: readonly string[]): readonly KnownKey[] {
  const own = names
    .map((name) => entries.filter(({ hosts, marker }) => marker === undefined && covers(hosts, name)))
    .find((found) => found.length > 0);
  return own ?? [];
}

/** The name as `HashKnownHosts` writes it: a new salt, and the HMAC-SHA1 of the name. */
export function hashedName(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

/** The known key types of these names, to request one of them first. */
export function knownTypes(entries: readonly KnownKey[], names: readonly string[]): readonly string[] {
  return [...new Set(knownKeysOf(entries, names).map(({ type }) => type))];
}

function covers(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return isHashOf(hosts, name);
  const patterns = hosts.toLowerCase().split(',');
  const matches = (pattern: string): boolean => wildcard(pattern).test(name);
  return (
    !patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1))) &&
    patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern))
  );
}

// `|1|salt|hash`: HMAC-SHA1 of the name, keyed with the salt (hostfile.c).
function isHashOf(hashed: string, name: string): boolean {
  const [, version, salt = '', hash] = hashed.split('|');
  return version === '1' && createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
