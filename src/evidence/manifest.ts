import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../core/hash.ts';
import { SCHEMA_VERSION } from './run-record.ts';
import { compareRuns, isRun } from './run-name.ts';

/** The name of the file in a run's folder. */
export const MANIFEST = 'manifest.json';

/** manifest.json: the hashes of all other files of the run and of the manifest of the run that closed before it. */
export interface Manifest {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly phase: string;
  readonly run: string;
  readonly closedAt: string;
  /** Path below the run's folder → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
  /** `null`: the first run of its phase in this folder. */
  readonly previous: { readonly run: string; readonly sha256: string } | null;
}

/** Hashes all files in a run's folder and links it to the run of the phase that closed last. */
export function manifestOf(
  { run: folder, phases }: { readonly run: string; readonly phases: string },
  phase: string,
  run: string,
  closedAt: string,
): Manifest {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path !== MANIFEST && statSync(join(folder, path)).isFile())
    .toSorted();
  const files = Object.fromEntries(paths.map((path) => [path, sha256(readFileSync(join(folder, path)))]));
  return { schemaVersion: SCHEMA_VERSION, phase, run, closedAt, files, previous: lastClosed(phases, run) };
}

/** The run of a phase that closed last. The chain follows the order of closing: of two concurrent runs, the one that ends later names the other. */
export function lastClosed(phaseFolder: string, run: string): Manifest['previous'] {
  const closed = readdirSync(phaseFolder)
    .filter((name) => isRun(name) && name !== run)
    .flatMap((name) => closedRun(phaseFolder, name))
    .toSorted((a, b) => (a.closedAt === b.closedAt ? compareRuns(a.run, b.run) : a.closedAt < b.closedAt ? -1 : 1));
  const last = closed.at(-1);
  return last === undefined ? null : { run: last.run, sha256: last.sha256 };
}

function closedRun(
  phaseFolder: string,
  run: string,
): readonly { readonly run: string; readonly sha256: string; readonly closedAt: string }[] {
  try {
    const text = readFileSync(join(phaseFolder, run, MANIFEST), 'utf8');
    // hxllm wrote it. A manifest that was changed to other JSON is still a link that can be checked.
    const { closedAt } = JSON.parse(text) as Partial<Manifest>;
    return [{ run, sha256: sha256(text), closedAt: String(closedAt) }];
  } catch {
    // The run is still open or was cut off: it has no manifest and is no link of the chain.
    return [];
  }
}
