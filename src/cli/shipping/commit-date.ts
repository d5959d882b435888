import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from './package-root.ts';

/** The file of a package, in `dist`, with the date of its commit. */
export const COMMIT_DATE_FILE = 'commit-date';

/** The date of this hxllm's commit (ISO 8601, UTC): of the package, or of the repository. `undefined` if neither says. */
export async function commitDate(): Promise<string | undefined> {
  const told = existsSync(join(PACKAGE_ROOT, '.git')) ? await lastCommit() : await packed();
  const date = new Date(told);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

async function packed(): Promise<string> {
  try {
    return (await readFile(join(PACKAGE_ROOT, 'dist', COMMIT_DATE_FILE), 'utf8')).trim();
  } catch {
    return '';
  }
}

// Without git, or in a repository without a commit, the date is not known.
async function lastCommit(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['log', '-1', '--format=%cI'], { cwd: PACKAGE_ROOT });
    return stdout.trim();
  } catch {
    return '';
  }
}
