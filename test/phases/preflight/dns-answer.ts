import { reverseName } from '../../../src/facts/dns/lookup.ts';
import { answerOf, type Zone } from '../../facts/dns/name-server.ts';

/** A host’s name servers and files, for the answer to the question `dns`. */
export interface Names {
  /** By address: its records, or why it gives none. `ADDRESS LINK` is a server behind the stub of systemd-resolved. */
  readonly servers: Readonly<Record<string, Zone | 'silent' | 'refused' | 'REFUSED'>>;
  readonly search?: string;
  readonly own?: string;
  readonly full?: string;
  readonly address?: string;
  /** Lines of /etc/hosts by name, with their number. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Addresses by NSS, by name. */
  readonly nss: Readonly<Record<string, string>>;
  readonly config?: string;
}

/** The lines that the script of the question prints on this host. */
export function dnsAnswer(names: Names): string {
  const { servers, search = '', nss, hosts = {}, own = 'hx-api-server', full = '', address = '10.77.0.11' } = names;
  const all = [...(full === '' ? [] : [full]), ...Object.keys(nss)];
  const asked = [
    ...new Set(all.flatMap((name) => (name.includes('.') ? [name] : search === '' ? [] : [`${name}.${search}`]))),
  ];
  const kinds = [
    ...(asked.length === 0 ? [own] : asked).flatMap((name) => [`A ${name}`, `AAAA ${name}`]),
    ...[address, ...Object.values(nss)].filter((one) => one !== '').map((one) => `PTR ${reverseName(one)}`),
    ...(search === '' ? [] : [`SRV _ldap._tcp.dc._msdcs.${search}`, `SRV _kerberos._tcp.${search}`]),
  ];
  const lines = [
    ['config', '/etc/resolv.conf', names.config ?? '/etc/resolv.conf', ''],
    ...Object.keys(servers).map((server) => ['resolver', ...placed(server), '']),
    ['search', search],
    ['sources', 'files dns'],
    ['own', own, full],
    ...Object.entries(hosts).map(([name, line]) => ['hosts', name, line]),
    ...Object.entries(nss).map(([name, one]) => ['nss', name, one]),
    ['address', address],
    ...(search === '' ? [] : [['domain', search]]),
    ...Object.entries(servers).flatMap(([server, zone]) =>
      kinds.map((kind) => {
        const [type = '', name = ''] = kind.split(' ');
        const [at = ''] = placed(server);
        if (zone === 'REFUSED')
          return ['answer', at, type, name, 'answered', answerOf(type, name, {}, { code: 5 }).toString('base64')];
        if (typeof zone === 'string') return ['answer', at, type, name, zone, ''];
        return ['answer', at, type, name, 'answered', answerOf(type, name, zone).toString('base64')];
      }),
    ),
  ];
  return lines.map((fields) => `${fields.join('\t')}\n`).join('');
}

function placed(server: string): readonly string[] {
  const [address = '', place = 'resolv.conf'] = server.split(' ');
  return [address, place];
}

const DOMAIN = 'hana-x.ai';

/** A zone in which everything is right: the host, two backends and the domain. */
export const GOOD_ZONE: Zone = {
  [`A hx-api-server.${DOMAIN}`]: ['10.77.0.11'],
  [`A hx-llm01-server.${DOMAIN}`]: ['10.77.0.12'],
  [`A hx-llm02-server.${DOMAIN}`]: ['10.77.0.13'],
  'PTR 11.0.77.10.in-addr.arpa': [`hx-api-server.${DOMAIN}`],
  'PTR 12.0.77.10.in-addr.arpa': [`hx-llm01-server.${DOMAIN}`],
  'PTR 13.0.77.10.in-addr.arpa': [`hx-llm02-server.${DOMAIN}`],
  [`SRV _ldap._tcp.dc._msdcs.${DOMAIN}`]: [`dc1.${DOMAIN}:389`],
  [`SRV _kerberos._tcp.${DOMAIN}`]: [`dc1.${DOMAIN}:88`],
};

/** A host on which everything about names is right. */
export const GOOD_NAMES: Names = {
  servers: { '10.77.0.53': GOOD_ZONE },
  search: DOMAIN,
  full: `hx-api-server.${DOMAIN}`,
  nss: {
    [`hx-api-server.${DOMAIN}`]: '10.77.0.11',
    'hx-llm01-server': '10.77.0.12',
    'hx-llm02-server': '10.77.0.13',
  },
};
