import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import type { Case } from './generate.ts';
import { listInventory, parseExact } from './listed.ts';

export const VAULT_PASSWORD = join(import.meta.dirname, '../../fixtures/vault/password');

/** The names that ansible-core 2.14 ignores in a folder. It is 2.21's list and `.ini`. */
const IGNORED_BY_2_14 = '.pyc,.pyo,.swp,.bak,~,.rpm,.md,.txt,.rst,.orig,.ini,.cfg,.retry';

/** The output of one Ansible for one case. `listing` is null where it exits with an error. */
export interface AnsibleAnswer {
  readonly seed: number;
  readonly listing: unknown;
  readonly warnings: string;
}

/** Writes the files of a case into a folder that is removed at the end of its scope. */
export class CaseFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'hxllm-agreement-'));

  constructor({ files }: Case) {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.path, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** hxllm's listing of a case; `refused` with the details of its Problems. */
export async function oursOf(one: Case, version: string): Promise<unknown> {
  using folder = new CaseFolder(one);
  const listed = await listInventory({
    cwd: folder.path,
    inventories: one.inventories,
    environment: { ...(version === '2.14' ? { ANSIBLE_INVENTORY_IGNORE: IGNORED_BY_2_14 } : {}), ...one.environment },
    vaultPasswordFile: VAULT_PASSWORD,
  });
  return listed.ok
    ? listed.listing
    : { refused: listed.problems.map(({ detail, where }) => `${where?.file ?? ''}: ${detail}`) };
}

/** Whether both have the same hosts, groups and raw values, in the same order. */
export function agree(ours: unknown, theirs: unknown): boolean {
  return isDeepStrictEqual(ours, theirs);
}

/** The paths where two documents differ, each with both values. */
export function differencesIn(ours: unknown, theirs: unknown, path = ''): readonly string[] {
  if (isDeepStrictEqual(ours, theirs)) return [];
  if (isMapping(ours) && isMapping(theirs))
    return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((key) =>
      differencesIn(ours[key], theirs[key], `${path}/${key}`),
    );
  return [`${path}: ours ${short(ours)}, Ansible's ${short(theirs)}`];
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}

/** The program that an `ansible-inventory` runs with, and its version such as `2.14`. */
export function ansibleAt(program: string): { readonly python: string; readonly version: string } {
  const path = program.includes('/') ? program : execFileSync('which', [program], { encoding: 'utf8' }).trim();
  const [, python = '/usr/bin/python3'] = /^#!\s*(\S+)/.exec(readFileSync(path, 'utf8')) ?? [];
  const [, version = ''] = /core (\d+\.\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' })) ?? [];
  return { python, version };
}

/** Asks one Ansible for the listing of every case. */
export async function askAnsible(
  python: string,
  cases: readonly Case[],
  onAnswer: (answer: AnsibleAnswer) => void,
): Promise<void> {
  using scope = new DisposableStack();
  const folders = cases.map((one) => ({ one, path: scope.use(new CaseFolder(one)).path }));
  const out = scope.use(new CaseFolder({ seed: 0, files: {}, inventories: [], environment: {} })).path;
  const child = spawn(python, [join(import.meta.dirname, 'ansible-lists.py'), join(out, 'list')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for (const { one, path } of folders)
    child.stdin.write(
      `${JSON.stringify({ seed: one.seed, cwd: path, inventories: one.inventories, environment: one.environment, vaultPasswordFile: VAULT_PASSWORD })}\n`,
    );
  child.stdin.end();
  for await (const line of createInterface({ input: child.stdout })) onAnswer(parseExact(line) as AnsibleAnswer); // the form of ansible-lists.py
}
