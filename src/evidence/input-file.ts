import { readFileSync } from 'node:fs';
import { sha256 } from '../core/hash.ts';
import type { InputFile } from './run-record.ts';

/** Hashes each file that a run reads, with its current content. Files that no longer exist are left out. */
export function hashInputs(paths: readonly string[]): readonly InputFile[] {
  return paths.flatMap((path) => {
    try {
      return [{ path, sha256: sha256(readFileSync(path)) }];
    } catch {
      return [];
    }
  });
}
