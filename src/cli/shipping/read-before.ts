import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '../../core/json.ts';
import { MADE_AGAIN } from './package-root.ts';

/** The contents of a file with a Node.js. */
export interface Reading {
  readonly version: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Readings by their file's {@link identityOf}. */
type Readings = Readonly<Record<string, Reading>>;

const FILE = join(MADE_AGAIN, 'runtimes.json');
/** More than the runtimes of one package, so that a file that was replaced is forgotten some day. */
const KEPT = 8;

/**
 * A file's path, place, size and times in ns. Each write changes the last of them, the time of the inode's change, which no program can set: git
 * trusts it in the same way.
 */
export async function identityOf(file: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return [file, dev, ino, size, mtimeNs, ctimeNs].join(':');
}

/** The reading that an earlier command has kept. To read a runtime again takes most of a second of CPU time. */
export async function readBefore(identity: string): Promise<Reading | undefined> {
  return (await readings())[identity];
}

/** Keeps a reading for {@link readBefore}; where the folder cannot be written, the next command reads again. */
export async function keepReading(identity: string, reading: Reading): Promise<void> {
  const others = Object.entries(await readings()).filter(([other]) => other !== identity);
  const kept: Readings = Object.fromEntries([...others.slice(1 - KEPT), [identity, reading]]);
  try {
    const fresh = `${FILE}.${String(process.pid)}`;
    await mkdir(MADE_AGAIN, { recursive: true });
    await writeFile(fresh, JSON.stringify(kept));
    await rename(fresh, FILE);
  } catch {
    return;
  }
}

async function readings(): Promise<Readings> {
  try {
    // Only this module writes the file, and by one rename.
    return (parseJson(await readFile(FILE, 'utf8')) ?? {}) as Readings;
  } catch {
    return {};
  }
}
