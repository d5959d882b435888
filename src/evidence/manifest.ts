import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../core/hash.ts';
import { isObject, parseJson } from '../core/json.ts';
import { linkOf, type ChainLink } from './chain/link.ts';
import { SCHEMA_VERSION } from './run-record.ts';

/** The name of the file in a run's folder. */
export const MANIFEST = 'manifest.json';

/** The manifest while it is written: it gets its name when it is whole. */
export const UNFINISHED_MANIFEST = '.manifest.json.part';

/** The signature of the manifest, by `ssh-keygen -Y sign`. */
export const SIGNATURE = 'manifest.json.sig';

/** Files of a run that its manifest does not hash. */
export const UNHASHED: ReadonlySet<string> = new Set([MANIFEST, UNFINISHED_MANIFEST, SIGNATURE]);

/** manifest.json: the hashes of all other files of the run and of the manifest of the run that closed before it. */
export interface Manifest {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly phase: string;
  readonly run: string;
  readonly closedAt: string;
  /** Path below the run's folder → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * The run of any phase that closed before; `null`: the first run in this folder. Without `phase`, in manifests of earlier versions of
   * hxllm: the run of the same phase that closed before.
   */
  readonly previous: (Omit<ChainLink, 'phase'> & { readonly phase?: string }) | null;
  /** Ends of chains that earlier versions of hxllm kept for each phase, and that this run joins to the one chain. */
  readonly joined?: readonly ChainLink[];
  /** The run was to be signed, in {@link SIGNATURE}. */
  readonly signed?: true;
}

/** The SHA-256 of each file in a run's folder but {@link UNHASHED}, by its path. Links are no files. */
export function hashesIn(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) => !UNHASHED.has(path) && lstatSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true,
    )
    .toSorted();
  return Object.fromEntries(paths.map((path) => [path, sha256(readFileSync(join(folder, path)))]));
}

/** The text of manifest.json. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** Reads a manifest; `undefined` unless its text is exactly as {@link manifestText} writes it. */
export function parseManifest(text: string): Manifest | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  const { schemaVersion, phase, run, closedAt, files, previous, joined, signed, ...more } = value;
  const isWhole =
    schemaVersion === SCHEMA_VERSION &&
    [phase, run, closedAt].every((each) => typeof each === 'string') &&
    isObject(files) &&
    Object.values(files).every((hash) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)) &&
    (previous === null || isLink(previous, phase)) &&
    (joined === undefined || (Array.isArray(joined) && joined.every((each) => isLink(each, undefined)))) &&
    (signed === undefined || signed === true) &&
    Object.keys(more).length === 0;
  if (!isWhole) return undefined;
  // Every member was looked at.
  const manifest = value as unknown as Manifest;
  return manifestText(manifest) === text ? manifest : undefined;
}

function isLink(value: unknown, phase: unknown): boolean {
  return isObject(value) && linkOf({ ...(typeof phase === 'string' ? { phase } : {}), ...value }) !== undefined;
}
