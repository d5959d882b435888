import type { Question } from '../question.ts';

/** A network interface. */
export interface Link {
  readonly name: string;
  /** Largest packet in bytes. */
  readonly mtu: number;
  readonly isUp: boolean;
}

/** A default route. `gateway` is empty for a point-to-point link. */
export interface DefaultRoute {
  readonly family: 4 | 6;
  readonly link: string;
  readonly gateway: string;
}

/** The interfaces of a host, without the loopback, and its default routes. */
export interface Links {
  readonly links: readonly Link[];
  readonly routes: readonly DefaultRoute[];
}

// The kernel's tables of routes need neither a tool nor a privilege. /sys may show the links of another network namespace, so ip comes
// first. flags of an interface: 0x1 is IFF_UP.
const SCRIPT = `ip -o link show 2>/dev/null || for path in /sys/class/net/*/; do
  name=\${path%/}; printf 'link %s %s %s\\n' "\${name##*/}" "$(cat "$path/mtu")" "$(cat "$path/flags")"
done
sed 's/^/v4 /' /proc/net/route; sed 's/^/v6 /' /proc/net/ipv6_route 2>/dev/null; exit 0`;

/** The interfaces and the default routes. */
export const linksQuestion: Question<Links> = {
  script: SCRIPT,
  as: 'user',
  parse: ({ stdout }) => parseLinks(stdout),
};

const [UP, REJECT] = [0x1, 0x200];

/** Parses ip(8) or /sys/class/net, and /proc/net/route and /proc/net/ipv6_route (proc_pid_net(5)). */
export function parseLinks(text: string): Links {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  if (!lines.some(([kind]) => kind === 'v4')) throw new Error('/proc/net/route could not be read');
  return {
    links: [...linksOfIp(text), ...linksOfSys(lines)].filter(({ name }) => name !== 'lo'),
    routes: [...defaultsV4(lines), ...defaultsV6(lines)],
  };
}

type Row = readonly string[];

// `2: host0@if3: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc …`
function linksOfIp(text: string): readonly Link[] {
  return [...text.matchAll(/^\d+: ([^:@\s]+)\S* <([^>]*)> mtu (\d+) /gm)].map(
    ([, name = '', flags = '', mtu = '']) => ({
      name,
      mtu: Number(mtu),
      isUp: flags.split(',').includes('UP'),
    }),
  );
}

function linksOfSys(lines: readonly Row[]): readonly Link[] {
  return lines
    .filter(([kind]) => kind === 'link')
    .map(([, name = '', mtu = '', flags = '']) => ({ name, mtu: Number(mtu), isUp: (Number(flags) & UP) !== 0 }));
}

/** A VPN may replace the default route by its two halves, 0.0.0.0/1 and 128.0.0.0/1. */
function defaultsV4(lines: readonly Row[]): readonly DefaultRoute[] {
  const routes = lines
    .filter(([kind, , , , flags = '']) => kind === 'v4' && (Number.parseInt(flags, 16) & (UP | REJECT)) === UP)
    .map(([, link = '', destination = '', gateway = '', , , , , mask = '']) => ({ link, destination, gateway, mask }));
  const halves = routes.filter(({ mask }) => mask === '00000080');
  const upper = halves.find(({ destination }) => destination === '00000080');
  const found = routes.filter(
    ({ destination, mask }) =>
      destination === '00000000' && (mask === '00000000' || (mask === '00000080' && upper !== undefined)),
  );
  return found.map(({ link, gateway }) => ({
    family: 4,
    link,
    gateway: gateway === '00000000' ? '' : dotted(gateway),
  }));
}

function defaultsV6(lines: readonly Row[]): readonly DefaultRoute[] {
  return lines
    .filter(
      ([kind, destination, length, , , , , , , flags = '', link]) =>
        kind === 'v6' &&
        destination === '0'.repeat(32) &&
        length === '00' &&
        link !== 'lo' &&
        (Number.parseInt(flags, 16) & REJECT) === 0,
    )
    .map(([, , , , , gateway = '', , , , , link = '']) => ({
      family: 6,
      link,
      gateway: gateway === '0'.repeat(32) ? '' : groups(gateway),
    }));
}

// A 32-bit word in the host's byte order, which is little-endian on every supported architecture.
function dotted(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return bytes
    .toReversed()
    .map((byte) => String(Number.parseInt(byte, 16)))
    .join('.');
}

function groups(hex: string): string {
  const text = (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':');
  return text.replace(/(?:^|:)0(?::0)+(?:$|:)/, '::');
}
