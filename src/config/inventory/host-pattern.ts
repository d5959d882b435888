import { isAddress } from './split-pattern.ts';

/** The host names and the port of one inventory entry, or the reason why it is invalid. */
export type HostPattern =
  | { readonly ok: true; readonly names: readonly string[]; readonly port: number | undefined }
  | { readonly ok: false; readonly reason: string };

/** Parses `name`, `name:port`, `[v6]:port` and ranges such as `web[01:10]`, as Ansible's inventory plugins do. */
export function readHostPattern(pattern: string): HostPattern {
  if (pattern === '---') return { ok: false, reason: 'is the first line of a YAML file, not a host' };
  // Ansible takes a text that is no address as a name, its colon included.
  const { name, port } = isAddress(pattern) ? splitPort(pattern) : { name: pattern, port: undefined };
  if (pattern.endsWith(':') && !pattern.endsWith('::'))
    return { ok: false, reason: 'ends in ":", which is reserved for a port' };
  if (port !== undefined && (port < 1 || port > 65_535))
    return { ok: false, reason: `has the port ${String(port)}, which does not exist` };
  const expanded = expandRanges(name);
  return expanded.ok ? { ok: true, names: expanded.names, port } : expanded;
}

function splitPort(pattern: string): { readonly name: string; readonly port: number | undefined } {
  const match = /^\[(.+)\]:(\d+)$/.exec(pattern) ?? /^((?:[^:[\]]|\[[^\]]*\])+):(\d+)$/.exec(pattern);
  return match === null ? { name: pattern, port: undefined } : { name: match[1] ?? pattern, port: Number(match[2]) };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const MOST = 65_536;

function expandRanges(
  pattern: string,
): { readonly ok: true; readonly names: readonly string[] } | { readonly ok: false; readonly reason: string } {
  const match = /^([^[]*)\[([^\]]*)\](.*)$/.exec(pattern);
  if (match === null)
    return pattern.includes('[') ? { ok: false, reason: 'has a "[" without its "]"' } : { ok: true, names: [pattern] };
  const [, head = '', inside = '', tail = ''] = match;
  const steps = rangeOf(inside);
  if (typeof steps === 'string') return { ok: false, reason: steps };
  const rest = expandRanges(tail);
  if (!rest.ok) return rest;
  if (steps.length * rest.names.length > MOST)
    return { ok: false, reason: `stands for more than ${String(MOST)} hosts` };
  return { ok: true, names: steps.flatMap((step) => rest.names.map((name) => head + step + name)) };
}

/**
 * The members of `begin:end` or `begin:end:step`, both ends included; a text is the reason why the range is invalid.
 */
function rangeOf(inside: string): readonly string[] | string {
  const bounds = inside.split(':');
  if (bounds.length !== 2 && bounds.length !== 3) return 'has a range that is not begin:end or begin:end:step';
  const [first = '', end = '', stepText = '1'] = bounds;
  const begin = first === '' ? '0' : first;
  if (end === '') return 'has a range without an end';
  const step = /^\d+$/.test(stepText) ? Number(stepText) : 0;
  if (step < 1) return 'has a range whose step is not a number above 0';
  const padded = begin.startsWith('0') && begin.length > 1;
  if (padded && begin.length !== end.length)
    return 'has a range whose ends differ in length although the first has a leading zero';
  const [from, to] = [LETTERS.indexOf(begin), LETTERS.indexOf(end)];
  if (begin.length === 1 && end.length === 1 && from >= 0 && to >= 0) {
    return from > to ? 'has a range that runs backwards' : membersOf(from, to, step, (index) => LETTERS.charAt(index));
  }
  if (!/^\d+$/.test(begin) || !/^\d+$/.test(end)) return 'has a range of neither numbers nor single letters';
  if (Number(end) - Number(begin) > MOST * step) return `stands for more than ${String(MOST)} hosts`;
  return membersOf(Number(begin), Number(end), step, (index) =>
    padded ? String(index).padStart(begin.length, '0') : String(index),
  );
}

function membersOf(from: number, to: number, step: number, write: (index: number) => string): readonly string[] {
  const count = Math.max(0, Math.floor((to - from) / step) + 1);
  return Array.from({ length: count }, (_, index) => write(from + index * step));
}
