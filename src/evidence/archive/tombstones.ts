import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../core/hash.ts';
import type { ChainLink } from '../chain/link.ts';
import { MANIFEST, parseManifest, type Manifest } from '../manifest.ts';

/** The phase of runs that removed others. */
export const PRUNE = 'prune';

/** The manifest of a run that was removed, as the run of `prune` kept it. */
export interface Tombstone {
  readonly link: ChainLink;
  readonly manifest: Manifest | undefined;
}

/** The manifests that runs of `prune` kept below an evidence folder. */
export function tombstones(root: string): readonly Tombstone[] {
  return namesIn(join(root, PRUNE)).flatMap((prune) => {
    const removed = join(root, PRUNE, prune, 'removed');
    return namesIn(removed).flatMap((phase) =>
      namesIn(join(removed, phase)).flatMap((run): readonly Tombstone[] => {
        const path = join(removed, phase, run, MANIFEST);
        if (!existsSync(path)) return [];
        const text = readFileSync(path, 'utf8');
        return [{ link: { phase, run, sha256: sha256(text) }, manifest: parseManifest(text) }];
      }),
    );
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
