import { constants } from 'node:fs';
import { chmod, chown, open, readdir, readFile, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage } from '../../core/error.ts';
import { randomId } from '../../core/id.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { makeFolders } from '../../evidence/make-folders.ts';

/** A file as it was read and as it should be. */
export interface Change {
  readonly path: string;
  /** `undefined`: the file is new. */
  readonly before: string | undefined;
  readonly after: string;
  /** The mode of a new file. An existing file keeps its mode. */
  readonly mode: number;
  /** hxllm's own file: no backup of it is kept. */
  readonly generated?: boolean;
}

interface Prepared {
  readonly change: Change;
  /** The real path: a symlink stays a symlink. */
  readonly place: string;
  readonly temporary: string;
  /** The copy of the former content beside the file. */
  readonly backup: string | undefined;
}

/**
 * Writes all changes or none: every new content is on disk beside its file before the first file is replaced, and replaced
 * files are restored if a later one fails. A file that is replaced leaves a copy beside it, `NAME.<timestamp>.bak`, 0600;
 * Ansible reads no such name. Without a timestamp there are no copies: a copy of a plain text would keep what an encryption hides. Problems: `inventory.changed-meanwhile` (the file was changed since it was read),
 * `permission.file`, `file.not-written`.
 */
export async function writeChanges(changes: readonly Change[], timestamp: string | undefined): Promise<Result<void>> {
  const folders: string[] = [];
  const prepared: Prepared[] = [];
  const replaced: Prepared[] = [];
  let current = changes[0]?.path ?? '';
  try {
    for (const change of changes) {
      current = change.path;
      if ((await textOf(change.path)) !== change.before) throw new ChangedMeanwhile(change.path);
      const place = await realpath(change.path).catch(() => change.path);
      const made = makeFolders(dirname(place));
      if (made !== undefined) folders.push(made);
      const temporary = join(dirname(place), `.hxllm-${randomId()}`);
      const { before } = change;
      const backup =
        before === undefined || change.generated === true || timestamp === undefined
          ? undefined
          : `${place}.${timestamp}.bak`;
      prepared.push({ change, place, temporary, backup });
      await writeBeside(place, temporary, change);
      if (backup !== undefined) await writeFile(backup, before ?? '', { mode: 0o600 });
    }
    for (const one of prepared) {
      current = one.change.path;
      await rename(one.temporary, one.place);
      replaced.push(one);
      await syncFolder(dirname(one.place));
    }
    return ok(undefined);
  } catch (error) {
    for (const { change, place, temporary } of replaced.toReversed()) await putBack(change, place, temporary);
    for (const { temporary, backup } of prepared)
      for (const path of [temporary, backup]) if (path !== undefined) await rm(path, { force: true });
    for (const folder of folders.toReversed()) await removeEmpty(folder);
    return fail(notWritten(current, error));
  }
}

class ChangedMeanwhile extends Error {}

async function writeBeside(
  place: string,
  temporary: string,
  { after, mode }: Pick<Change, 'after' | 'mode'>,
): Promise<void> {
  const existing = await stat(place).catch(() => undefined);
  const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(after);
    await file.sync();
  } finally {
    await file.close();
  }
  // chown before chmod, since chown clears the set-id bits.
  if (existing !== undefined) await chown(temporary, existing.uid, existing.gid).catch(() => {});
  await chmod(temporary, (existing?.mode ?? mode) & 0o7777);
}

async function putBack(change: Change, place: string, temporary: string): Promise<void> {
  if (change.before === undefined) return rm(place, { force: true });
  await writeBeside(place, temporary, { after: change.before, mode: change.mode });
  await rename(temporary, place);
}

async function removeEmpty(folder: string): Promise<void> {
  const inner = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of inner) if (entry.isDirectory()) await removeEmpty(join(folder, entry.name));
  await rmdir(folder).catch(() => {});
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}

function notWritten(file: string, error: unknown): Problem {
  const where = { file };
  if (error instanceof ChangedMeanwhile) {
    return {
      code: 'inventory.changed-meanwhile',
      summary: 'another program changed a file in the meantime',
      detail: `Expected ${file} as it was read, found other content. Nothing was written.`,
      fix: 'run the same command again',
      where,
    };
  }
  const code = errorCode(error);
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return {
    code: denied ? 'permission.file' : 'file.not-written',
    summary: 'a file cannot be written',
    detail: `Expected to write ${file}, found: ${errorMessage(error)}. All files are unchanged.`,
    fix: `ls -ld ${dirname(file)} ${file}`,
    where,
  };
}
