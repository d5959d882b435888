import { mkdir, readdir, readFile, rename, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { errorCode } from '../../core/error.ts';
import { sha256 } from '../../core/hash.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { changedMeanwhile, notMoved, QUARANTINE, RECORD, type QuarantinedFile } from './quarantine.ts';

/** A file that is back at its former place; `already` if it was there before. */
export interface Restored {
  readonly path: string;
  readonly already: boolean;
  readonly sha256: string;
}

/**
 * Puts a file of the quarantine back, named by its path in the quarantine or by its former one. Nothing is overwritten; a
 * second time it reports that the file is back already.
 */
export async function restoreFromQuarantine(
  inventoryFolders: readonly string[],
  named: string,
  cwd: string,
): Promise<Result<Restored>> {
  const path = resolve(cwd, named);
  // A path in a quarantine names its inventory's folder itself.
  const [own] = path.split(`/${QUARANTINE}/`);
  const candidates = path.includes(`/${QUARANTINE}/`) && own !== undefined ? [own] : inventoryFolders;
  const all = (await Promise.all(candidates.map(recordsIn))).flat();
  // Of several moves of one path, the last one counts unless the path in the quarantine names another.
  const found = all.find(({ home, folder, file }) => [join(folder, file.from), join(home, file.from)].includes(path));
  if (found === undefined)
    return fail(
      unknownFile(
        named,
        all.map(({ folder, file }) => relative(cwd, join(folder, file.from))),
      ),
    );
  const { home, folder, file } = found;
  const [place, target] = [join(folder, file.from), join(home, file.from)];
  const [kept, there] = await Promise.all([hashOf(place), hashOf(target)]);
  if (there !== undefined && there !== file.sha256) return fail(occupied(named, relative(cwd, target)));
  if (kept === undefined)
    return there === undefined ? fail(lost(relative(cwd, place))) : ok({ path: target, already: true, sha256: there });
  if (there !== undefined) return ok({ path: target, already: true, sha256: there });
  if (kept !== file.sha256) return fail(changedMeanwhile(place));
  try {
    await mkdir(dirname(target), { recursive: true });
    await rename(place, target);
  } catch (error) {
    return fail(notMoved(place, error));
  }
  await removeEmpty(dirname(place), join(home, QUARANTINE));
  return ok({ path: target, already: false, sha256: kept });
}

interface RecordedFile {
  /** The inventory's folder. */
  readonly home: string;
  /** The folder of the run in the quarantine. */
  readonly folder: string;
  readonly file: QuarantinedFile;
}

/** The files that the records of a quarantine name, those of the last run first. */
async function recordsIn(home: string): Promise<readonly RecordedFile[]> {
  const root = join(home, QUARANTINE);
  const names = (await readdir(root).catch(() => []))
    .filter((name) => /^\d{8}T\d{6}Z/.test(name))
    .toSorted()
    .toReversed();
  const records = await Promise.all(
    names.map(async (name) => {
      const folder = join(root, name);
      const text = await readFile(join(folder, RECORD), 'utf8').catch(() => '{"files":[]}');
      // Written by `moveToQuarantine`.
      const { files } = JSON.parse(text) as { readonly files: readonly QuarantinedFile[] };
      return files.map((file) => ({ home, folder, file }));
    }),
  );
  return records.flat();
}

async function hashOf(path: string): Promise<string | undefined> {
  return readFile(path).then(
    (bytes) => sha256(bytes),
    (error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return undefined;
      throw error;
    },
  );
}

/** Removes folders without files up to the quarantine; the record stays. */
async function removeEmpty(folder: string, root: string): Promise<void> {
  if (!folder.startsWith(root + sep)) return;
  const names = await readdir(folder);
  if (names.length > 0) return;
  await rmdir(folder);
  await removeEmpty(dirname(folder), root);
}

function unknownFile(named: string, known: readonly string[]): Problem {
  return {
    code: 'usage.quarantine',
    summary: 'there is no such file in the quarantine',
    detail: `Expected a file of the quarantine, found ${named}. ${known.length === 0 ? 'The quarantine of this inventory is empty' : `It has ${known.join(', ')}`}.`,
    fix: `hxllm inventory --restore ${known[0] ?? 'FILE'}`,
  };
}

function occupied(named: string, target: string): Problem {
  return {
    code: 'inventory.occupied',
    summary: 'another file has the place',
    detail: `Expected nothing at ${target}, found a file with other content. Nothing was moved.`,
    fix: `mv ${target} ${target}.other && hxllm inventory --restore ${named}`,
    where: { file: target },
  };
}

function lost(place: string): Problem {
  return {
    code: 'inventory.not-found',
    summary: 'the file is gone',
    detail: `Expected ${place}, which the record names, found neither it nor the file at its former place.`,
    fix: `ls -la ${dirname(place)}  # ${basename(place)} was moved or deleted by hand`,
    where: { file: place },
  };
}
