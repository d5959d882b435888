import { decodeBase64, SAY } from '../base64.ts';
import type { Question } from '../question.ts';
import { KEYTAB } from './keytab.ts';

/** The program that a host says it has joined a domain by. `keytab`: only the machine credential says so, as after `adcli join`. */
export type JoinedBy = 'realmd' | 'sssd' | 'winbind' | 'keytab';

/** A host's own statement that it has joined a domain. Nothing of it proves that the domain still knows the host. */
export interface JoinClaim {
  readonly by: JoinedBy;
  /** The domain in lower case. */
  readonly domain: string;
}

/** The domain membership of a host, as its own files state it. */
export interface DomainJoin {
  readonly claims: readonly JoinClaim[];
  readonly keytab: {
    readonly path: string;
    readonly exists: boolean;
    /** Principals without their keys, each once: `HX-API$@EXAMPLE.NET`, `host/hx-api.example.net@EXAMPLE.NET`. */
    readonly principals: readonly string[];
  };
  /** The file with the machine's secret of winbind; `undefined` if there is none. */
  readonly secretsFile: string | undefined;
  /** The sentences about each source that was read, for a host that has joined none. */
  readonly evidence: readonly string[];
  /** The programs of the field that are installed: `realm`, `adcli`, `net`, `sssctl`. */
  readonly tools: readonly string[];
}

// Only the named keys of a configuration leave the host: others may hold passwords (`ldap_default_authtok`).
const SCRIPT = `[ "$1" = yes ] || exit 0
${SAY}
${KEYTAB}
for name in realm adcli net sssctl; do command -v "$name" >/dev/null && say tool "$name"; done
if command -v realm >/dev/null; then
  realms=$(timeout -k 1 8 realm list </dev/null) && say realm "$(grep -Ei '^[^[:space:]]|^[[:space:]]+(configured|domain-name):' <<< "$realms")"
fi
files=()
for file in /etc/sssd/sssd.conf /etc/sssd/conf.d/*.conf; do [ -f "$file" ] && files+=("$file"); done
[ "\${#files[@]}" = 0 ] || say sssd "$(cat -- "\${files[@]}" | grep -E '^[[:space:]]*(\\[|(domains|enabled|id_provider|ad_domain|ipa_domain)[[:space:]]*=)')"
[ -f /etc/samba/smb.conf ] && say samba "$(grep -Ei '^[[:space:]]*(security|realm)[[:space:]]*=' /etc/samba/smb.conf)"
for file in /var/lib/samba/private/secrets.tdb /var/lib/samba/secrets.tdb; do [ -s "$file" ] && say secrets "$file"; done
say keytab "$keytab" "$([ -f "$keytab" ] && echo yes)" "$([ -f "$keytab" ] && principals "$keytab" | sort -u)"
exit 0`;

/** The domains that the host has joined, and its machine credential. Only root reads them. `required`: otherwise nothing is looked at. */
export function joinQuestion(required: boolean): Question<DomainJoin> {
  return {
    script: SCRIPT,
    arguments: [required ? 'yes' : 'no'],
    as: 'root',
    timeoutS: 15,
    parse: ({ stdout }) => parseJoin(stdout),
  };
}

/** Parses the lines of the script: `tool NAME`, `realm TEXT`, `sssd TEXT`, `samba TEXT`, `secrets FILE`, `keytab PATH EXISTS PRINCIPALS`. */
export function parseJoin(stdout: string): DomainJoin {
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '));
  const valuesOf = (word: string): readonly string[] | undefined =>
    lines
      .find(([kind]) => kind === word)
      ?.slice(1)
      .map(decodeBase64);
  const textOf = (word: string): string | undefined => valuesOf(word)?.[0];
  const [path = '/etc/krb5.keytab', exists = '', names = ''] = valuesOf('keytab') ?? [];
  const keytab = { path, exists: exists === 'yes', principals: names.split('\n').filter((name) => name !== '') };
  const secretsFile = textOf('secrets');
  const [realm, sssd, samba] = [textOf('realm'), textOf('sssd'), textOf('samba')];
  const stated: readonly JoinClaim[] = [
    ...realmDomains(realm ?? '').map((domain) => ({ by: 'realmd' as const, domain })),
    ...sssdDomains(sssd ?? '').map((domain) => ({ by: 'sssd' as const, domain })),
    ...sambaDomains(samba ?? '').map((domain) => ({ by: 'winbind' as const, domain })),
  ];
  // A bare `adcli join` leaves nothing but the keytab.
  const bare = keytab.principals.flatMap((name) => /\$@(.+)$/.exec(name)?.[1]?.toLowerCase() ?? []);
  return {
    claims: stated.length > 0 ? stated : [...new Set(bare)].map((domain) => ({ by: 'keytab', domain })),
    keytab,
    secretsFile,
    evidence: [
      realm === undefined ? 'realmd is not installed' : 'realm list is empty',
      sssd === undefined ? 'there is no sssd.conf' : 'sssd.conf names no domain of a directory',
      samba === undefined ? 'there is no smb.conf' : 'smb.conf joins no domain (security = ads)',
      keytab.exists ? `${path} has no machine principal` : `there is no ${path}`,
    ],
    tools: lines.flatMap(([kind, name = '']) => (kind === 'tool' ? [decodeBase64(name)] : [])),
  };
}

// `realm list` prints a block for each domain that is configured; its first line is the only one without blanks before it.
function realmDomains(text: string): readonly string[] {
  const blocks = text.split(/\n(?=\S)/).filter((block) => /^\s+configured:\s*(?!no\b)\S/m.test(block));
  return unique(blocks.map((block) => (/^\s+domain-name:\s*(\S+)/m.exec(block)?.[1] ?? block).split('\n')[0] ?? ''));
}

// sssd.conf(5): a domain counts if `domains` lists it or `enabled` is set; a local one (`files`, `proxy`) is no directory.
function sssdDomains(text: string): readonly string[] {
  const sections = text.split(/^[ \t]*(?=\[)/m).map((section) => {
    const [head = ''] = section.split('\n', 1);
    const value = (key: string): string | undefined =>
      new RegExp(String.raw`^[ \t]*${key}[ \t]*=[ \t]*(.*?)[ \t]*$`, 'm').exec(section)?.[1];
    return { name: /^\[domain\/([^\]]+)\]/.exec(head)?.[1], value };
  });
  const listed = new Set(
    sections.flatMap(({ name, value }) =>
      name === undefined ? (value('domains') ?? '').split(',').map((word) => word.trim().toLowerCase()) : [],
    ),
  );
  return unique(
    sections.flatMap(({ name, value }) => {
      if (name === undefined || !['ad', 'ipa', 'ldap'].includes(value('id_provider') ?? '')) return [];
      const isEnabled = listed.has(name.toLowerCase()) || /^true$/i.test(value('enabled') ?? '');
      return isEnabled ? [value('ad_domain') ?? value('ipa_domain') ?? name] : [];
    }),
  );
}

function sambaDomains(text: string): readonly string[] {
  const value = (key: string): string | undefined =>
    new RegExp(String.raw`^\s*${key}\s*=\s*(.*?)\s*$`, 'im').exec(text)?.[1];
  return value('security')?.toLowerCase() === 'ads' ? unique([value('realm') ?? '']) : [];
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))];
}
