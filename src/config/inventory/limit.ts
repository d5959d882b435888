import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { nearestName } from '../../core/spelling.ts';
import type { Findings } from '../findings.ts';
import { shellPattern } from '../python/fnmatch.ts';
import { pythonRegex } from '../python/regex.ts';
import type { Inventory } from './inventory.ts';
import { hostsOf } from './membership.ts';
import { splitPattern } from './split-pattern.ts';

/**
 * Selects the hosts of an Ansible pattern, in the pattern's order: each group with its children, then what the later parts
 * add (inventory/manager.py). `readLines` reads an `@file`.
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
  const chosen = new Set<string>();
  const missing: string[] = [];
  for (const part of inOrder(parts)) {
    const sign = /^[!&]/.exec(part)?.[0];
    const found = matchOne(sign === undefined ? part : part.slice(1), sign === undefined, inventory);
    if (typeof found === 'string') return fail(problem(pattern, inventory, found));
    if (found.length === 0) missing.push(part.slice(sign?.length ?? 0));
    if (sign === undefined) {
      for (const host of found) chosen.add(host);
    } else {
      const named = new Set(found);
      for (const host of chosen) if (named.has(host) === (sign === '!')) chosen.delete(host);
    }
  }
  const nowhere = missing.map((part) => nothingAt(part, inventory)).join(' and ');
  if (chosen.size === 0)
    return fail(problem(pattern, inventory, nowhere === '' ? 'the exclusions leave no host' : nowhere));
  // Ansible, too, continues with the other hosts.
  if (nowhere !== '') findings.warning(problem(pattern, inventory, nowhere));
  return ok([...chosen]);
}

/** Parts that add hosts come first, then `&`, then `!`, wherever they stand. */
function inOrder(parts: readonly string[]): readonly string[] {
  const regular = parts.filter((part) => !/^[!&]/.test(part));
  return [
    ...(regular.length === 0 ? ['all'] : regular),
    ...parts.filter((part) => part.startsWith('&')),
    ...parts.filter((part) => part.startsWith('!')),
  ];
}

function nothingAt(part: string, inventory: Inventory): string {
  if (inventory.groups.has(part)) return `the group ${part} has no hosts`;
  if (/[?*[~]/.test(part)) return `${part} matches no host`;
  const meant = nearestName(part, [...inventory.hosts.keys(), ...inventory.groups.keys()]);
  return `${part} is neither a host nor a group${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
}

/** `NAME[n]`, `NAME[-n]`, `NAME[from:to]` with both ends; Ansible still takes `-` in the place of the colon. */
const SUBSCRIPT = /^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/s;

/**
 * The hosts of one pattern without its `!` or `&`; a text is the reason why the pattern is invalid. A host's name wins over a
 * group's only in a part that adds hosts: `!NAME` and `&NAME` stand for the group.
 */
function matchOne(pattern: string, adds: boolean, inventory: Inventory): readonly string[] | string {
  if (pattern === '') return 'a "!" or "&" has no name behind it';
  if (adds && inventory.hosts.has(pattern)) return [pattern];
  const subscript = pattern.startsWith('~') ? null : SUBSCRIPT.exec(pattern);
  const found = enumerate(subscript?.[1] ?? pattern, inventory);
  if (subscript === null || typeof found === 'string' || found.length === 0) return found;
  const [, , index, from = '', to = ''] = subscript;
  // Ansible reads [n:0] as [n].
  if (index === undefined && Number(to === '' ? found.length : to) !== 0)
    return found.slice(Number(from), to === '' ? undefined : Number(to) + 1);
  const host = found.at(Number(index ?? from));
  return host === undefined ? `${pattern} is beyond the last host` : [host];
}

/** Matching groups with their hosts, then matching hosts. A host of two groups comes twice, and Ansible's subscripts count both. */
function enumerate(pattern: string, inventory: Inventory): readonly string[] | string {
  const matches = matcherOf(pattern);
  if (typeof matches === 'string') return matches;
  const groups = [...inventory.groups.keys()].filter(matches);
  const hosts = groups.length === 0 || /^~|[.?*[]/.test(pattern) ? [...inventory.hosts.keys()].filter(matches) : [];
  return [...groups.flatMap((group) => hostsOf(inventory, group)), ...hosts];
}

function matcherOf(pattern: string): ((name: string) => boolean) | string {
  if (!pattern.startsWith('~')) {
    const glob = shellPattern(pattern);
    return (name) => glob.test(name);
  }
  const read = pythonRegex(pattern.slice(1));
  if (!read.ok) return read.reason;
  const { expression } = read;
  return (name) => {
    expression.lastIndex = 0;
    return expression.test(name);
  };
}

function problem(pattern: string, inventory: Inventory, reason: string): Problem {
  const names = [...inventory.hosts.keys()];
  return {
    code: 'inventory.no-match',
    summary: 'no host matches',
    detail: `Expected hosts that match ${pattern}, but ${reason}. The inventory has ${names.length === 0 ? 'no hosts' : names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}.`,
    fix: 'hxllm inventory  # shows the hosts',
  };
}
