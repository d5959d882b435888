import { longAddress } from '../addresses.ts';

/** The first packet of a connection to the gateway, as the rules of a firewall see it. An empty field is not known. */
export interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly link: string;
  readonly port: number;
}

/** Whether a rule or one of its conditions holds for a packet. `maybe`: it asks for something that is not known here. */
export type Match = 'yes' | 'no' | 'maybe';

/**
 * The end of a packet in the rules. `unclear`: a rule that may let it in stands before the one that does not. `kind` tells how a closed
 * port answers: `reject` looks like a port without a listener, `prohibit` like a router that refuses, `drop` like silence.
 */
export interface RuleVerdict {
  readonly state: 'open' | 'closed' | 'unclear';
  /** The rule that decides, or the policy, for people. */
  readonly rule: string;
  readonly kind?: 'drop' | 'reject' | 'prohibit';
}

/** All conditions at once. */
export function allOf(matches: readonly Match[]): Match {
  if (matches.includes('no')) return 'no';
  return matches.includes('maybe') ? 'maybe' : 'yes';
}

/** The opposite; `maybe` stays. */
export function negated(match: Match): Match {
  return match === 'maybe' ? match : match === 'yes' ? 'no' : 'yes';
}

/** Whether an address lies in a network, `10.0.0.0/8`, `fd00::/8`, `10.0.0.0/255.0.0.0` or a single address. */
export function isInNetwork(address: string, network: string): Match {
  if (address === '') return 'maybe';
  const [start = '', length] = network.split('/');
  if (start.includes(':') !== address.includes(':')) return 'no';
  const bits = start.includes(':') ? 128 : 32;
  const prefix =
    length === undefined ? bits : length.includes('.') ? binary(length).replace(/0+$/, '').length : Number(length);
  return binary(address).slice(0, prefix) === binary(start).slice(0, prefix) ? 'yes' : 'no';
}

function binary(address: string): string {
  return address.includes(':')
    ? longAddress(address)
        .split(':')
        .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
        .join('')
    : address
        .split('.')
        .map((byte) => Number(byte).toString(2).padStart(8, '0'))
        .join('');
}

/** Whether a port is one of `22`, `8000:9000` (iptables) or `8000-9000`. */
export function isPortOf(port: number, text: string): boolean {
  const [from = '', to = from] = text.split(/[:-]/);
  return port >= Number(from === '' ? '0' : from) && port <= Number(to === '' ? '65535' : to);
}

/** The rule to name of those that may let the packet in: one about ports, if there is one. */
export function clearest(doubts: readonly string[]): string | undefined {
  return doubts.find((rule) => rule.includes('port')) ?? doubts[0];
}
