import { isIPv6 } from 'node:net';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { nearestName } from '../../core/spelling.ts';
import type { Findings } from '../findings.ts';
import type { Inventory } from './inventory.ts';
import { hostsOf } from './membership.ts';

/**
 * Selects the hosts of an Ansible pattern (inventory/manager.py), in the inventory's order. `readLines` reads an
 * `@file`.
 */
export async function selectHosts(
  pattern: string,
  inventory: Inventory,
  findings: Findings,
  readLines: (file: string) => Promise<readonly string[] | undefined>,
): Promise<Result<readonly string[]>> {
  const parts: string[] = [];
  for (const part of splitPattern(pattern)) {
    if (!part.startsWith('@')) {
      parts.push(part);
      continue;
    }
    const lines = await readLines(part.slice(1));
    if (lines === undefined) return fail(problem(pattern, inventory, `there is no file ${part.slice(1)}`));
    parts.push(...lines.map((line) => line.trim()).filter((line) => line !== ''));
  }
  const regular = parts.filter((part) => !/^[!&]/.test(part));
  const chosen = new Set<string>();
  const missing: string[] = [];
  for (const part of regular.length === 0 ? ['all'] : regular) {
    const found = matchOne(part, inventory);
    if (typeof found === 'string') return fail(problem(pattern, inventory, found));
    if (found.length === 0) missing.push(part);
    for (const host of found) chosen.add(host);
  }
  for (const part of parts
    .filter((other) => /^[!&]/.test(other))
    .toSorted((a, b) => Number(a.startsWith('!')) - Number(b.startsWith('!')))) {
    const found = matchOne(part.slice(1), inventory);
    if (typeof found === 'string') return fail(problem(pattern, inventory, found));
    for (const host of chosen) if (found.includes(host) === part.startsWith('!')) chosen.delete(host);
  }
  const nowhere = missing
    .map((part) => `${part} is neither a host nor a group${suggestionFor(part, inventory)}`)
    .join(' and ');
  if (chosen.size === 0)
    return fail(problem(pattern, inventory, nowhere === '' ? 'the exclusions leave no host' : nowhere));
  // Ansible, too, continues with the other hosts.
  if (nowhere !== '') findings.warning(problem(pattern, inventory, nowhere));
  return ok([...inventory.hosts.keys()].filter((name) => chosen.has(name)));
}

function suggestionFor(part: string, inventory: Inventory): string {
  const meant = nearestName(part, [...inventory.hosts.keys(), ...inventory.groups.keys()]);
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}

/** Python's fnmatch: `*`, `?`, `[abc]`, `[!abc]`. */
function globOf(pattern: string): RegExp {
  const body = pattern.replaceAll(/\[!?\]?[^\]]*\]|[^]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 2 && part.startsWith('[')) return part.replace(/^\[!/, '[^').replaceAll('\\', String.raw`\\`);
    return part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  });
  return new RegExp(`^${body}$`, 's');
}

/** Splits at commas, or at colons outside addresses and ranges. */
function splitPattern(pattern: string): readonly string[] {
  const parts =
    pattern.includes(',') || isIPv6(pattern) ? pattern.split(',') : (pattern.match(/(?:\[[^\]]*\]|[^:[])+/g) ?? []);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

const SUBSCRIPT = /^(.+)\[(?:(-?\d+)|(\d+):(\d*))\]$/;

/** The hosts of one pattern without its `!` or `&`; a text is the reason why the pattern is invalid. */
function matchOne(pattern: string, inventory: Inventory): readonly string[] | string {
  if (inventory.hosts.has(pattern)) return [pattern];
  const subscript = pattern.startsWith('~') ? null : SUBSCRIPT.exec(pattern);
  const found = enumerate(subscript?.[1] ?? pattern, inventory);
  if (subscript === null || typeof found === 'string') return found;
  const [, , index, from, to] = subscript;
  if (index === undefined) return found.slice(Number(from), to === '' || to === undefined ? undefined : Number(to) + 1);
  const host = found.at(Number(index));
  return host === undefined ? `${pattern} is beyond the last host` : [host];
}

function enumerate(pattern: string, inventory: Inventory): readonly string[] | string {
  const matches = matcherOf(pattern);
  if (matches === undefined) return `${pattern} is not a valid regular expression`;
  const groups = [...inventory.groups.keys()].filter(matches);
  const hosts = groups.length === 0 || /^~|[.?*[]/.test(pattern) ? [...inventory.hosts.keys()].filter(matches) : [];
  const all = new Set([...groups.flatMap((group) => hostsOf(inventory, group)), ...hosts]);
  return [...inventory.hosts.keys()].filter((name) => all.has(name));
}

function matcherOf(pattern: string): ((name: string) => boolean) | undefined {
  if (!pattern.startsWith('~')) return (name) => globOf(pattern).test(name);
  try {
    const expression = new RegExp(`^(?:${pattern.slice(1)})`, 'u');
    return (name) => expression.test(name);
  } catch {
    return undefined;
  }
}

function problem(pattern: string, inventory: Inventory, reason: string): Problem {
  const names = [...inventory.hosts.keys()];
  return {
    code: 'inventory.no-match',
    summary: 'no host matches',
    detail: `Expected hosts that match ${pattern}, but ${reason}. The inventory has ${names.length === 0 ? 'no hosts' : names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}.`,
    fix: `--limit ${names[0] ?? 'HOST'}`,
  };
}
