import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { comparePython } from '../python/compare.ts';
import { pythonRegex } from '../python/regex.ts';

/** The names in a folder of inventories that are no inventories: `ignore_extensions` and `ignore_patterns`. */
export interface IgnoredNames {
  /** Ends of names. `undefined`: Ansible's own. */
  readonly extensions: readonly string[] | undefined;
  /** Regular expressions of Python. */
  readonly patterns: readonly string[];
}

/** ansible-core 2.21's. 2.14 also ignores `.ini`. */
const IGNORED_EXTENSIONS = [
  '.pyc',
  '.pyo',
  '.swp',
  '.bak',
  '~',
  '.rpm',
  '.md',
  '.txt',
  '.rst',
  '.orig',
  '.cfg',
  '.retry',
];
const IGNORED_ALWAYS = /^\.|^host_vars$|^group_vars$|^vars_plugins$/;

/** Returns whether a name in a folder is ignored. */
export function ignoring({ extensions, patterns }: IgnoredNames): Result<(name: string) => boolean> {
  const expressions: RegExp[] = [];
  for (const pattern of patterns) {
    const read = pythonRegex(pattern);
    if (!read.ok) return fail(badPattern(pattern, read.reason));
    // Ansible searches the pattern in the name. Sticky, it would stand at the beginning.
    expressions.push(new RegExp(read.expression.source, read.expression.flags.replace('y', '')));
  }
  const ends = extensions ?? IGNORED_EXTENSIONS;
  return ok(
    (name) =>
      IGNORED_ALWAYS.test(name) ||
      ends.some((end) => name.endsWith(end)) ||
      expressions.some((expression) => expression.test(name)),
  );
}

function badPattern(pattern: string, reason: string): Problem {
  return {
    code: 'config.ignore-pattern',
    summary: 'cannot read ignore_patterns',
    detail: `Expected regular expressions of Python in ignore_patterns, found ${JSON.stringify(pattern)}: ${reason}.`,
    fix: 'correct ignore_patterns in ansible.cfg, or ANSIBLE_INVENTORY_IGNORE_REGEX',
  };
}

/** The files of a folder of inventories and of the folders in it, in Ansible's order: sorted by name. */
export async function filesIn(folder: string, isIgnored: (name: string) => boolean): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of (await readdir(folder)).toSorted(comparePython)) {
    if (isIgnored(name)) continue;
    const path = join(folder, name);
    const isFolder = await stat(path).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (isFolder) found.push(...(await filesIn(path, isIgnored)));
    else found.push(path);
  }
  return found;
}
