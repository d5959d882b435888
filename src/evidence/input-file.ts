import { readFileSync } from 'node:fs';
import { sha256 } from '../core/hash.ts';
import type { InputFile } from './run-record.ts';

/** The hash of each file that a run reads, as it is now; one that has gone meanwhile is left out. */
export function hashInputs(paths: readonly string[]): readonly InputFile[] {
  return paths.flatMap((path) => {
    try {
      return [{ path, sha256: sha256(readFileSync(path)) }];
    } catch {
      return [];
    }
  });
}
