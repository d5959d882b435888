import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../core/hash.ts';
import { parseJson } from '../../core/json.ts';
import { MADE_AGAIN, PACKAGE_ROOT } from './package-root.ts';

/** A bundle, and its files: paths below the repository with the SHA-256 of their contents. */
interface Packed {
  readonly content: string;
  readonly inputs: Readonly<Record<string, string>>;
}

const FILE = join(MADE_AGAIN, 'gateway.json');

/** The bundle that an earlier run in this repository packed, if none of its files has changed. To pack it takes a second of CPU time. */
export async function packedBefore(): Promise<string | undefined> {
  try {
    // Only this module writes the file, and by one rename.
    const { content, inputs } = parseJson(await readFile(FILE, 'utf8')) as Packed;
    const now = await hashesOf(Object.keys(inputs));
    return JSON.stringify(now) === JSON.stringify(inputs) ? content : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps a bundle that was begun at `begunMs` (since 1970) for {@link packedBefore}; where the folder cannot be written, the next run packs
 * again.
 */
export async function keepPacked(content: string, inputs: readonly string[], begunMs: number): Promise<void> {
  try {
    // A file that was saved meanwhile may be in the bundle as it was before, and its hash would be that of the new one.
    const saved = await Promise.all(inputs.map(async (path) => (await stat(join(PACKAGE_ROOT, path))).mtimeMs));
    if (saved.some((savedMs) => savedMs >= begunMs)) return;
    const packed: Packed = { content, inputs: await hashesOf(inputs) };
    const fresh = `${FILE}.${String(process.pid)}`;
    await mkdir(dirname(FILE), { recursive: true });
    await writeFile(fresh, JSON.stringify(packed));
    await rename(fresh, FILE);
  } catch {
    return;
  }
}

async function hashesOf(inputs: readonly string[]): Promise<Packed['inputs']> {
  const hashed = inputs.map(async (path) => [path, sha256(await readFile(join(PACKAGE_ROOT, path)))] as const);
  return Object.fromEntries(await Promise.all(hashed));
}
