import { isObject, type Json } from '../../core/json.ts';
import { allOf, isInNetwork, isPortOf, negated, type Match, type Packet } from './packet.ts';

/** The table that a rule stands in. */
export interface Table {
  readonly family: string;
  readonly table: string;
}

/** Elements of named sets, by {@link setKey}. */
export type NamedSets = ReadonlyMap<string, readonly unknown[]>;

/** The verdict of a statement; empty if it has none. */
export function verbOf(statement: Json): string {
  return ['accept', 'drop', 'reject', 'return', 'jump', 'goto'].find((verb) => verb in statement) ?? '';
}

/** Whether a match statement holds for the packet. */
export function matchOf(match: Json, packet: Packet, sets: NamedSets, table: Table): Match {
  const { left, right, op } = match;
  if (isObject(left) && isObject(right) && op === '==' && left['concat'] !== undefined && right['set'] !== undefined)
    return anyOf(list(right['set']).map((element) => allOf(pairsOf(left, element, packet, sets, table))));
  // The way from another machine is never the loopback, even where the link is not known.
  const isLoopback = right === 'lo' && isObject(left) && isObject(left['meta']) && packet.link !== 'lo';
  const value = isLoopback ? '' : valueOf(left, packet);
  if (value === undefined) return 'maybe';
  const found = isOneOf(value, right, sets, table);
  // `!`: none of these flags is set.
  return op === '!=' || op === '!' ? negated(found) : op === '==' || op === 'in' ? found : 'maybe';
}

// `ip saddr . tcp dport { 10.0.0.1 . 4000 }`: each part of an element is for the part of the key in the same place.
function pairsOf(key: Json, element: unknown, packet: Packet, sets: NamedSets, table: Table): readonly Match[] {
  const parts = isObject(element) ? list(element['concat']) : [];
  return list(key['concat']).map((left, at) => matchOf({ op: '==', left, right: parts[at] }, packet, sets, table));
}

/**
 * Whether a statement that counts or measures holds for the first packet: a rate or a number of connections, as a statement or for each element of
 * a set. `over` (`inv`) does not hold until the limit is reached. Other statements ask for nothing.
 */
export function limitOf(statement: Json): Match {
  const { set, limit, quota } = statement;
  const nested = isObject(set) ? list(set['stmt']).filter(isObject) : [];
  const isOver = [limit, quota, statement['ct count']].some((one) => isObject(one) && one['inv'] === true);
  return isOver || nested.some((one) => limitOf(one) === 'no') ? 'no' : 'yes';
}

/** The field of the packet that an expression reads; `''` for one of another protocol, `undefined` if it is not known. */
export function valueOf(left: unknown, { source, destination, link, port }: Packet): string | undefined {
  if (!isObject(left)) return undefined;
  const isV6 = destination.includes(':');
  const { payload, meta, ct, fib } = left;
  // `tcp flags & (fin | syn | rst | ack)`: a first packet has SYN alone.
  const [masked, mask] = list(left['&']);
  if (isObject(masked) && isObject(masked['payload']) && word(masked['payload'], 'field') === 'flags')
    return list(mask).includes('syn') ? 'syn' : '0';
  if (isObject(fib) && fib['result'] === 'type' && list(fib['flags']).includes('daddr')) return 'local';
  if (isObject(payload)) {
    const key = `${word(payload, 'protocol')} ${word(payload, 'field')}`;
    if (key === 'tcp flags') return 'syn';
    if (key === 'tcp dport' || key === 'th dport') return String(port);
    if (/^(?:udp|icmp|icmpv6|sctp|dccp|udplite) /.test(key)) return '';
    if (key.startsWith(isV6 ? 'ip ' : 'ip6 ')) return '';
    if (key === 'ip saddr' || key === 'ip6 saddr') return source === '' ? undefined : source;
    if (key === 'ip daddr' || key === 'ip6 daddr') return destination === '' ? undefined : destination;
    if (key === 'ip protocol' || key === 'ip6 nexthdr') return 'tcp';
    return undefined;
  }
  if (isObject(ct) && ct['key'] === 'state') return 'new';
  if (isObject(ct) && ct['key'] === 'status') return '';
  if (!isObject(meta)) return undefined;
  const known: Readonly<Record<string, string>> = {
    l4proto: 'tcp',
    nfproto: isV6 ? 'ipv6' : 'ipv4',
    protocol: isV6 ? 'ip6' : 'ip',
    pkttype: 'host',
    iifname: link,
    iif: link,
  };
  const value = known[word(meta, 'key')];
  return value === '' || value === undefined ? undefined : value;
}

/** Whether a value is the right side of a match, or one of its elements. */
export function isOneOf(value: string, right: unknown, sets: NamedSets, table: Table): Match {
  if (value === '') return 'no';
  if (typeof right === 'string' && right.startsWith('@')) {
    const elements = sets.get(setKey(table, right));
    return elements === undefined ? 'maybe' : anyOf(elements.map((one) => isOneOf(value, one, sets, table)));
  }
  if (typeof right === 'string' || typeof right === 'number') {
    const text = String(right);
    if (value.includes(':') || /^\d+\.\d+\./.test(value)) return isInNetwork(value, text);
    return value === text || (text.endsWith('*') && value.startsWith(text.slice(0, -1))) ? 'yes' : 'no';
  }
  if (Array.isArray(right)) return anyOf(right.map((one) => isOneOf(value, one, sets, table)));
  if (!isObject(right)) return 'maybe';
  const { set, range, prefix, elem } = right;
  if (set !== undefined) return anyOf(list(set).map((one) => isOneOf(value, one, sets, table)));
  // An element with a comment or a time-out.
  if (isObject(elem)) return isOneOf(value, elem['val'], sets, table);
  if (isObject(prefix)) return isInNetwork(value, `${word(prefix, 'addr')}/${word(prefix, 'len')}`);
  const [from, to] = list(range);
  if (typeof from === 'number' && typeof to === 'number')
    return isPortOf(Number(value), `${String(from)}-${String(to)}`) ? 'yes' : 'no';
  return 'maybe';
}

function anyOf(matches: readonly Match[]): Match {
  if (matches.includes('yes')) return 'yes';
  return matches.includes('maybe') ? 'maybe' : 'no';
}

/** A rule as people write it, as far as its parts are known here. */
export function inWords(rule: readonly unknown[]): string {
  const parts = rule.filter(isObject).flatMap((one) => {
    const { match, vmap } = one;
    if (isObject(match))
      return [`${fieldOf(match['left'])}${match['op'] === '!=' ? ' !=' : ''} ${textOf(match['right'])}`];
    if (isObject(vmap)) return [`${fieldOf(vmap['key'])} vmap`];
    const verb = verbOf(one);
    const jump = one['jump'] ?? one['goto'];
    return verb === '' ? [] : [isObject(jump) ? `${verb} ${word(jump, 'target')}` : verb];
  });
  return parts.join(' ');
}

function fieldOf(left: unknown): string {
  if (!isObject(left)) return '…';
  const { payload, meta, ct } = left;
  if (isObject(payload)) return `${word(payload, 'protocol')} ${word(payload, 'field')}`;
  if (isObject(ct)) return `ct ${word(ct, 'key')}`;
  return isObject(meta) ? word(meta, 'key') : '…';
}

function textOf(right: unknown): string {
  return typeof right === 'string' || typeof right === 'number' ? String(right) : JSON.stringify(right);
}

/** The key of a named set. */
export function setKey({ family, table }: Table, name: string): string {
  return `${family} ${table} ${name.replace(/^@/, '')}`;
}

/** A text or number of an object; empty if it is missing. */
export function word(object: Json, key: string): string {
  const value = object[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A value as a list. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}
