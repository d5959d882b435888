import { pathsOf, type HostConfig } from '../../config/config.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { accountObjections } from '../../facts/account-objections.ts';
import { folderObjections } from '../../facts/footprint/folder-objections.ts';
import { allNotes } from '../../facts/footprint/footprint.ts';
import { copiedPaths } from '../../facts/foreign.ts';
import { noted } from '../../facts/installation/notes.ts';
import type { Objection } from '../../facts/objection.ts';
import { uninspected, type HostState } from './host/inspect.ts';

/** The Problems of an account or a folder that is somebody else's, as preflight judges them; otherwise the warnings as lines. */
export function unfitProblems(
  { target, settings }: HostConfig,
  { account, footprint, foreign }: HostState,
): Result<readonly string[]> {
  const folders = folderObjections(pathsOf(settings), footprint, copiedPaths(foreign));
  if (settings.serviceManager === 'systemd' && !account.known) return fail(uninspected(target.name, account));
  const made = noted(allNotes(footprint).made, 'group');
  const accounts =
    settings.serviceManager === 'systemd' && account.known ? accountObjections(settings, account.value, made) : [];
  const all = [...folders, ...accounts];
  const [first, ...more] = all.filter(({ refused }) => refused).map((one) => problemOf(one, target.name));
  if (first !== undefined) return fail(first, ...more);
  return ok(all.map(({ summary, seen, fix }) => `warning: ${summary}: ${seen}\n${fix}`));
}

function problemOf({ code, summary, wanted, seen, fix }: Objection, host: string): Problem {
  return { code, summary, detail: `Expected ${wanted}, found: ${seen}.`, fix, where: { host } };
}
