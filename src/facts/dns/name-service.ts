import type { Question } from '../question.ts';
import { parseMessage, plainName } from './message.ts';
import { DNS_SCRIPT } from './script.ts';

/** A server that the host asks for names, and where it is named: `resolv.conf`, or the link of systemd-resolved that it belongs to. */
export interface Resolver {
  readonly address: string;
  readonly place: string;
  /** systemd-resolved asks it by DNS over TLS, so it was not asked by itself. */
  readonly overTls: boolean;
}

/** Types of records that the host asked for. */
export type RecordKind = 'A' | 'AAAA' | 'PTR' | 'SRV';

/** One question to one resolver and its end. `refused`: its port is closed; `silent`: no answer, twice within 2 s. */
export interface DnsReply {
  readonly resolver: string;
  readonly kind: RecordKind;
  readonly name: string;
  readonly state: 'answered' | 'silent' | 'refused' | 'malformed';
  /** DNS’s own word, `NOERROR` or `NXDOMAIN`; empty without an answer. */
  readonly code: string;
  readonly values: readonly string[];
  readonly aliases: readonly string[];
}

/** The host’s way from names to addresses and back. */
export interface NameService {
  readonly resolvers: readonly Resolver[];
  /** Servers in resolv.conf behind the third, which glibc ignores. */
  readonly ignored: readonly string[];
  readonly search: readonly string[];
  /** The line `hosts` of nsswitch.conf. */
  readonly sources: readonly string[];
  /** /etc/resolv.conf: the file behind it (`missing` if it cannot be read), and the program that writes it, else the target of the link. */
  readonly config: { readonly target: string; readonly writer: string };
  readonly ownName: string;
  /** The full name; empty if the host has none. */
  readonly fullName: string;
  /** The address by which the host was reached, else its global addresses. */
  readonly ownAddresses: readonly string[];
  /** Addresses by NSS, by name. */
  readonly nss: Readonly<Record<string, readonly string[]>>;
  /** Lines of /etc/hosts with a name, `NUMBER:LINE`, by name. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  /** Domains that the host may belong to: realmd’s, the search domains and its own. */
  readonly domains: readonly string[];
  readonly replies: readonly DnsReply[];
}

const PORT = '53';

/** Asks every resolver about the host’s own name and `names`, and the domains for their controllers if `domainRequired`. */
export function nameServiceQuestion(names: readonly string[], domainRequired: boolean): Question<NameService> {
  return {
    script: DNS_SCRIPT,
    arguments: [PORT, '', domainRequired ? 'yes' : 'no', ...names],
    as: 'user',
    timeoutS: 25,
    parse: ({ stdout }) => parseNameService(stdout),
  };
}

/** Parses the lines of the script. */
export function parseNameService(text: string): NameService {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const of = (key: string): readonly (readonly string[])[] =>
    lines.filter(([first]) => first === key).map(([, ...rest]) => rest);
  const words = (key: string): readonly string[] => (of(key)[0]?.[0] ?? '').split(/\s+/).filter((word) => word !== '');
  const [own] = of('own');
  if (own === undefined) throw new Error('the answer about name servers is incomplete');
  const [config] = of('config');
  return {
    resolvers: of('resolver').map(([address = '', place = '', tls = '']) => ({
      address,
      place,
      overTls: tls === 'tls',
    })),
    ignored: of('ignored').map(([address = '']) => address),
    search: words('search'),
    sources: words('sources'),
    config: { target: config?.[1] ?? '', writer: config?.[2] ?? '' },
    ownName: own[0] ?? '',
    fullName: plainName(own[1] ?? ''),
    ownAddresses: of('address').map(([address = '']) => address),
    nss: Object.fromEntries(
      of('nss').map(([name = '', ...addresses]) => [name, addresses.filter((address) => address !== '')]),
    ),
    hosts: Object.fromEntries(
      [...Map.groupBy(of('hosts'), ([name = '']) => name)].map(([name, found]) => [
        name,
        found.map(([, line = '']) => line),
      ]),
    ),
    domains: of('domain').map(([name = '']) => plainName(name)),
    replies: of('answer').map(parseReply),
  };
}

function parseReply([resolver = '', kind = '', name = '', state = '', message = '']: readonly string[]): DnsReply {
  const head = {
    resolver,
    kind: kind as RecordKind, // the script asks for no other
    name: plainName(name),
  };
  if (state === 'silent' || state === 'refused') return { ...head, state, code: '', values: [], aliases: [] };
  const parsed = state === 'answered' ? parseMessage(Buffer.from(message, 'base64')) : undefined;
  return parsed === undefined
    ? { ...head, state: 'malformed', code: '', values: [], aliases: [] }
    : { ...head, state: 'answered', ...parsed };
}
