import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const compress = promisify(gzip);

const PIECE_BYTES = 8 << 20;
/** Node.js compresses in four threads. */
const PIECES_AT_ONCE = 4;
/** Far longer than a copy takes; each piece of it is written at once. */
const AT_WORK_MS = 600_000;

const underWay = new Map<string, Promise<string | undefined>>();

/**
 * A file with `file` in gzip's format at `place`, which an earlier upload has left there or which is made now: several hosts get the same 126 MB,
 * and to compress them takes three seconds of CPU time. Undefined where `place` cannot be written. The host judges what arrives by its hash, so a
 * damaged copy harms nothing; see {@link dropPackedCopy}.
 */
export async function packedCopy(file: string, place: string): Promise<string | undefined> {
  const before = underWay.get(place);
  if (before !== undefined) return before;
  const made = isFile(place).then(async (there) => (there ? place : pack(file, place)));
  underWay.set(place, made);
  try {
    return await made;
  } finally {
    underWay.delete(place);
  }
}

/** Removes a copy after an upload that failed, so that the next one makes it again. */
export async function dropPackedCopy(place: string): Promise<void> {
  await rm(place, { force: true });
}

async function pack(file: string, place: string): Promise<string | undefined> {
  const fresh = `${place}.${randomUUID()}`;
  try {
    await mkdir(dirname(place), { recursive: true });
    await removeCutOff(place);
    const copy = await open(fresh, 'w', 0o644);
    try {
      for await (const piece of compressedPieces(file)) await copy.writeFile(piece);
    } finally {
      await copy.close();
    }
    await rename(fresh, place);
    return place;
  } catch {
    await rm(fresh, { force: true }).catch(() => undefined);
    return undefined;
  }
}

// A process that was killed leaves 50 MB. Others may be at work.
async function removeCutOff(place: string): Promise<void> {
  const folder = dirname(place);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(place)}.`)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > AT_WORK_MS) await rm(path, { force: true });
  }
}

/** Members of one gzip file, in order; RFC 1952 §2.2 has them joined. */
async function* compressedPieces(file: string): AsyncGenerator<Buffer, void, undefined> {
  const pieces: Promise<Buffer>[] = [];
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
    // A stream without an encoding yields bytes.
    pieces.push(compress(piece as Buffer, { level: constants.Z_BEST_SPEED }));
    if (pieces.length >= PIECES_AT_ONCE) yield await (pieces.shift() as Promise<Buffer>);
  }
  for (const piece of pieces) yield await piece;
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true;
}
