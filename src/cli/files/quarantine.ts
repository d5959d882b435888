import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { errorCode, errorMessage } from '../../core/error.ts';
import { sha256 } from '../../core/hash.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';

/** The quarantine's name in the inventory's folder. */
export const QUARANTINE = '.quarantine';
/** The record of one run in the quarantine. */
export const RECORD = '.record.json';

/** A file to move into the quarantine of its inventory's folder, and the reason in words. */
export interface QuarantineRequest {
  /** Absolute; below the inventory's folder. */
  readonly path: string;
  /** Of its content as it was judged. */
  readonly sha256: string;
  readonly reason: string;
}

/** A file in the quarantine: its former place, relative to the inventory's folder; it has the same path in the quarantine. */
export interface QuarantinedFile {
  readonly from: string;
  readonly sha256: string;
  readonly mode: string;
  readonly reason: string;
}

/** The result of a move: the folder of this run, and its files. */
export interface Quarantined {
  readonly folder: string;
  readonly files: readonly QuarantinedFile[];
}

/**
 * Moves files as a whole into `.quarantine/<UTC>/` (0700) below the inventory's folder, all or none. The record of their
 * former places is on disk before the first one moves. Git ignores the quarantine.
 */
export async function moveToQuarantine(
  inventoryFolder: string,
  timestamp: string,
  requests: readonly QuarantineRequest[],
): Promise<Result<Quarantined>> {
  const root = join(inventoryFolder, QUARANTINE);
  const moved: QuarantinedFile[] = [];
  let folder = join(root, timestamp);
  let made = false;
  let current = folder;
  try {
    const files: QuarantinedFile[] = [];
    for (const request of requests) {
      current = request.path;
      const entry = await lstat(request.path);
      if (sha256(await readFile(request.path)) !== request.sha256) return fail(changedMeanwhile(request.path));
      const mode = (entry.mode & 0o7777).toString(8).padStart(4, '0');
      files.push({
        from: relative(inventoryFolder, request.path),
        sha256: request.sha256,
        mode,
        reason: request.reason,
      });
    }
    current = root;
    await mkdir(root, { recursive: true, mode: 0o700 });
    await writeNew(join(root, '.gitignore'), '*\n');
    folder = await newFolder(folder);
    made = true;
    await writeNew(
      join(folder, RECORD),
      `${JSON.stringify({ schemaVersion: 1, movedAt: timestamp, files }, undefined, 2)}\n`,
    );
    for (const file of files) {
      current = join(inventoryFolder, file.from);
      const place = join(folder, file.from);
      await mkdir(dirname(place), { recursive: true, mode: 0o700 });
      await rename(current, place);
      moved.push(file);
    }
    return ok({ folder, files });
  } catch (error) {
    const stuck = await putBack(moved, folder, inventoryFolder);
    if (made && stuck.length === 0) await removeFolders(folder);
    return fail(stuck.length === 0 ? notMoved(current, error) : halfMoved(current, error, stuck));
  }
}

/** Moves files back; returns the paths of those that stay in the quarantine. */
async function putBack(
  moved: readonly QuarantinedFile[],
  folder: string,
  inventoryFolder: string,
): Promise<readonly string[]> {
  const stuck: string[] = [];
  for (const { from } of moved.toReversed())
    await rename(join(folder, from), join(inventoryFolder, from)).catch(() => stuck.push(join(folder, from)));
  return stuck;
}

/** Removes the record and the empty folders of a run. A file in one of them stays, and so does its folder. */
async function removeFolders(folder: string): Promise<void> {
  await rm(join(folder, RECORD), { force: true });
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of [...folders.toSorted((a, b) => b.length - a.length), folder]) await rmdir(path).catch(() => {});
}

/** A folder of this name, or with a number behind it if a run of the same second made it. */
async function newFolder(path: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const folder = number === 1 ? path : `${path}-${String(number)}`;
    const made = await mkdir(folder, { mode: 0o700 }).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) === 'EEXIST') return false;
        throw error;
      },
    );
    if (made) return folder;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The Problem of a file that has other content than it was judged or moved with. */
export function changedMeanwhile(path: string): Problem {
  return {
    code: 'inventory.changed-meanwhile',
    summary: 'another program changed a file in the meantime',
    detail: `Expected ${path} as it was read, found other content. Nothing was moved.`,
    fix: 'run the same command again',
    where: { file: path },
  };
}

/** The Problem of a move that the system refuses. */
export function notMoved(path: string, error: unknown): Problem {
  const denied = ['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error));
  return {
    code: denied ? 'permission.file' : 'file.not-moved',
    summary: 'a file cannot be moved',
    detail: `Expected to move ${path}, found: ${errorMessage(error)}. All files are at their former places.`,
    fix: `ls -ld ${dirname(path)} ${path}`,
    where: { file: path },
  };
}

function halfMoved(path: string, error: unknown, stuck: readonly string[]): Problem {
  return {
    ...notMoved(path, error),
    detail: `Expected to move ${path}, found: ${errorMessage(error)}. Files that are in the quarantine and could not be moved back: ${stuck.join(', ')}.`,
    fix: `hxllm inventory --restore ${stuck[0] ?? 'FILE'}`,
  };
}
