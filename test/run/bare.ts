import { chmod, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { COMPILE_CACHE } from './compile-cache.ts';
import { TEMPORARY } from './memory-folder.ts';
import { runFiles, type Pace } from './suite.ts';
import type { Tally } from './tally.ts';

/** Folders that the copy shares with the checkout, or has no use for; a file of the lab may be building `dist`. */
const PACKAGES = ['node_modules', 'test/conformance/node_modules'];
const LEFT_OUT = ['.git', 'evidence', 'dist'];

/**
 * A terminal that can do nothing, another language and no home: cron jobs, CI systems and `env -i` look like this. Without SHLVL, each bash whose
 * input is a socket, as Node's pipes are, believes that rshd started it and runs the .bashrc of the person who runs the tests, which may take long.
 */
const BARE = { TERM: 'dumb', LANG: 'C', COLUMNS: '40', NO_COLOR: '1', SHLVL: '1' };

/** The bare environment, for the runner's output. */
export const BARE_IN_WORDS = `${Object.entries(BARE)
  .map(([name, value]) => `${name}=${value}`)
  .join(' ')}, no HOME and a path with a space`;

/** Variables of this process that the tests keep: where programs are, the server that tests borrow, and where Node keeps compiled code and temporary files lie. */
const KEPT = new Set([
  'PATH',
  'HXLLM_SSHD_BIN',
  'HXLLM_PROMTOOL_BIN',
  'HXLLM_KRB5_BIN',
  'HXLLM_TEST_JOB',
  COMPILE_CACHE,
  TEMPORARY,
]);

/**
 * Runs test files of a copy of the checkout whose path has a space, in an environment of nothing but KEPT and BARE.
 * Each of them alone has broken a program that was only tried in a developer's terminal.
 */
export async function runBare(files: readonly string[], pace: Pace, root: string): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm bare '));
  const copy = join(folder, basename(root));
  // Some tests run a program as another user.
  await chmod(folder, 0o755);
  try {
    await cp(root, copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => ![...PACKAGES, ...LEFT_OUT].includes(relative(root, path)),
    });
    await mkdir(join(copy, 'evidence'), { recursive: true });
    for (const packages of PACKAGES) await symlink(join(root, packages), join(copy, packages));
    return await runFiles(files, { ...pace, environment: bareEnvironment(process.env) }, copy);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The variables of a bare environment. */
export function bareEnvironment(of: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const kept = Object.entries(of).filter(
    (entry): entry is [string, string] => KEPT.has(entry[0]) && entry[1] !== undefined,
  );
  return { ...Object.fromEntries(kept), ...BARE };
}
